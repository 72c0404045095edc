"""A browser in plain words, from what it says of itself (User-Agent): enough for its owner to know it again."""

import re

# The first that is found in it counts: many call themselves by an older one's name too (“like Gecko”, “Safari”).
BROWSERS = (
    (r"Opera Mini", "Opera Mini"),
    (r"UCBrowser|UCWEB|UC Browser", "UC Browser"),
    (r"\bZalo\b", "Zalo"),
    (r"FBAN|FBAV|FB_IAB", "Facebook"),
    (r"coc_coc_browser", "Cốc Cốc"),
    (r"SamsungBrowser", "Samsung Internet"),
    (r"MiuiBrowser", "Trình duyệt Xiaomi"),
    (r"OppoBrowser|HeyTapBrowser", "Trình duyệt Oppo"),
    (r"VivoBrowser", "Trình duyệt Vivo"),
    (r"Edg(e|A|iOS)?/", "Edge"),
    (r"OPR/|OPT/|Opera", "Opera"),
    (r"Firefox|FxiOS", "Firefox"),
    (r"Chrome|Chromium|CriOS", "Chrome"),
    (r"MSIE|Trident/", "Internet Explorer"),
    (r"Android", "Trình duyệt Android"),  # of Android 4, before it had Chrome
    (r"Safari/", "Safari"),
    (r"Lynx", "Lynx"),
    (r"w3m", "w3m"),
)
MACHINES = (
    (r"iPad|Android(?!.*Mobile)", "máy tính bảng"),
    (r"iPhone|iPod", "điện thoại iPhone"),
    (r"Android", "điện thoại Android"),
    (r"Windows Phone|IEMobile", "điện thoại Windows"),
    (r"MIDP|CLDC|J2ME|Mobile|Phone", "điện thoại"),
    (r"Windows|Macintosh|X11|Linux|CrOS", "máy tính"),
)
# Whole machines, known by more than their browser.
KAIOS, NOKIA = "Máy KaiOS", "Máy Nokia"
UNKNOWN = "Máy không rõ loại"


def device_words(user_agent: str) -> str:
    """“Chrome, điện thoại Android”, “Opera Mini”, “Máy KaiOS”; never a word of what the browser sent."""
    if re.search(r"KAIOS", user_agent, re.IGNORECASE):
        return KAIOS
    browser = _first(BROWSERS, user_agent)
    if browser == "Opera Mini":  # it hides the phone behind it, or says anything
        return browser
    if re.search(r"Nokia|Series\s?[346]0|SymbianOS", user_agent) and "Android" not in user_agent:
        return NOKIA
    machine = _first(MACHINES, user_agent)
    if browser and machine:
        return f"{browser}, {machine}"
    return browser or f"{machine[:1].upper()}{machine[1:]}" or UNKNOWN


def _first(table: tuple, user_agent: str) -> str:
    return next((words for pattern, words in table if re.search(pattern, user_agent)), "")
