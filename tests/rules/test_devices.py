"""A browser in plain words: its owner knows it again, and nothing it sends stands on the page."""

import pytest

from rules.devices import BROWSERS, KAIOS, MACHINES, NOKIA, UNKNOWN, device_words

MOZILLA = "Mozilla/5.0"
CHROME = "AppleWebKit/537.36 (KHTML, like Gecko) Chrome/120.0.0.0"
PHONES = {
    f"{MOZILLA} (Linux; Android 14; SM-A055F) {CHROME} Mobile Safari/537.36": "Chrome, điện thoại Android",
    f"{MOZILLA} (Linux; Android 13; SM-X200) {CHROME} Safari/537.36": "Chrome, máy tính bảng",
    f"{MOZILLA} (Windows NT 10.0; Win64; x64) {CHROME} Safari/537.36": "Chrome, máy tính",
    f"{MOZILLA} (Windows NT 10.0; Win64; x64) {CHROME} Safari/537.36 Edg/120.0.0.0": "Edge, máy tính",
    f"{MOZILLA} (Windows NT 10.0) AppleWebKit/537.36 (KHTML, like Gecko) coc_coc_browser/98.0 Chrome/92.0 Safari/537.36": (
        "Cốc Cốc, máy tính"
    ),
    f"{MOZILLA} (X11; Linux x86_64; rv:109.0) Gecko/20100101 Firefox/115.0": "Firefox, máy tính",
    f"{MOZILLA} (Android 10; Mobile; rv:121.0) Gecko/121.0 Firefox/121.0": "Firefox, điện thoại Android",
    f"{MOZILLA} (Linux; U; Android 4.4.2; vi-vn; GT-S5300) AppleWebKit/534.30 Version/4.0 Mobile Safari/534.30": (
        "Trình duyệt Android, điện thoại Android"
    ),
    f"{MOZILLA} (Linux; Android 12; SM-A125F) AppleWebKit/537.36 SamsungBrowser/23.0 Chrome/115.0 Mobile Safari/537.36": (
        "Samsung Internet, điện thoại Android"
    ),
    f"{MOZILLA} (Linux; Android 11; CPH2239; wv) AppleWebKit/537 Version/4.0 Chrome/119 Mobile Safari/537.36 Zalo android/1": (
        "Zalo, điện thoại Android"
    ),
    f"{MOZILLA} (iPhone; CPU iPhone OS 16_5 like Mac OS X) AppleWebKit/605.1.15 Version/16.5 Mobile/15E148 Safari/604.1": (
        "Safari, điện thoại iPhone"
    ),
    f"{MOZILLA} (iPhone; CPU iPhone OS 16_5 like Mac OS X) AppleWebKit/605.1.15 CriOS/114.0 Mobile/15E148 Safari/604.1": (
        "Chrome, điện thoại iPhone"
    ),
    f"{MOZILLA} (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 Version/17.0 Safari/605.1.15": "Safari, máy tính",
    "Opera/9.80 (Android; Opera Mini/7.5.33361/191.273; U; vi) Presto/2.12.423 Version/12.16": "Opera Mini",
    "Opera/9.80 (J2ME/MIDP; Opera Mini/4.2/28.3590; U; en) Presto/2.8.119 Version/11.10": "Opera Mini",
    f"{MOZILLA} (Linux; Android 9; RMX1941) {CHROME} Mobile Safari/537.36 OPR/72.5": "Opera, điện thoại Android",
    f"{MOZILLA} (Mobile; Nokia_8110_4G; rv:48.0) Gecko/48.0 Firefox/48.0 KAIOS/2.5": KAIOS,
    "Nokia6300/2.0 (05.00) Profile/MIDP-2.0 Configuration/CLDC-1.1": NOKIA,
    f"{MOZILLA} (Series40; Nokia311/03.81) Gecko/20100401 S40OviBrowser/2.2.0.0.31": NOKIA,
    "SAMSUNG-GT-E2252/E2252XX Dolfin/1.5 SMM-MMS/1.2.0 profile/MIDP-2.1 configuration/CLDC-1.1": "Điện thoại",
    "UCWEB/2.0 (MIDP-2.0; U; Adr 4.4.2; vi; SM-G313HZ) U2/1.0.0 UCBrowser/10.7 U2/1.0.0 Mobile": "UC Browser, điện thoại",
    f"{MOZILLA} (compatible; MSIE 9.0; Windows NT 6.1; Trident/5.0)": "Internet Explorer, máy tính",
    "Lynx/2.9.0dev.12 libwww-FM/2.14 SSL-MM/1.4.1": "Lynx",
    "w3m/0.5.3+git20230121": "w3m",
}


@pytest.mark.parametrize("user_agent", PHONES)
def test_a_browser_is_named_as_its_owner_would(user_agent):
    assert device_words(user_agent[:200]) == PHONES[user_agent]


@pytest.mark.parametrize("user_agent", ["", "test", "curl/8", "<script>alert(1)</script>", "\x00", "a" * 200, "Nguyễn Văn A"])
def test_what_nobody_knows_is_said_to_be_unknown(user_agent):
    assert device_words(user_agent) == UNKNOWN


def test_no_word_of_what_was_sent_is_shown_only_those_of_the_tables():
    sent = "<b>Chrome/1</b> Android Mobile; “Bấm vào đây”"
    ours = {words for table in (BROWSERS, MACHINES) for _, words in table}

    assert set(device_words(sent).split(", ")) <= ours
