"""The payload of a VietQR against NAPAS's own examples, and a picture small enough for 2G."""

import base64
import zlib

import brotli
import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from stage import PROJECT

from rules import vietqr
from rules.content import read_content

# Of the NAPAS document's check: everything before the checksum, and the checksum (identity, payment, post: section 6).
KNOWN = [
    ("123456789", "29B1"),
    ("00020101021138570010A00000072701270006970403011300110123456780208QRIBFTTA53037045802VN6304", "9E6F"),
    (
        "00020101021238570010A00000072701270006970403011300110123456780208QRIBFTTA530370454061800005802VN"
        "62340107NPS68690819thanh toan don hang6304",
        "2E2E",
    ),
]
IA_BANG = (
    "00020101021238570010A00000072701270006970405011312345678901230208QRIBFTTA530370454051600058"
    "02VN62220818H21129 261123 001263047EBA"
)
GOOD = ("970405", "1234567890123", 16_000, "H21129 261123 0012")


def read(text: str) -> dict[str, str]:
    """The fields of a payload, read as a banking app does."""
    found = {}
    while text:
        key, length = text[:2], int(text[2:4])
        found[key], text = text[4 : 4 + length], text[4 + length :]
    return found


@pytest.mark.parametrize(("text", "checksum"), KNOWN)
def test_the_checksum_is_the_one_napas_shows(text, checksum):
    assert vietqr.checksum(text) == checksum


def test_the_communes_payload_is_the_one_worked_out_by_hand():
    assert vietqr.payload(*GOOD) == IA_BANG
    assert vietqr.payload("970415", "113366668888", 79_000, "Ung Ho Quy Vac Xin").endswith("62220818Ung Ho Quy Vac Xin63043ACF")


purposes = st.text("ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789 .-", min_size=1, max_size=25)


@given(st.from_regex(r"\A[0-9]{6}\Z"), st.from_regex(r"\A[0-9A-Za-z]{1,19}\Z"), st.integers(1, 10**13 - 1), purposes)
def test_what_is_written_is_read_again(bank, account, amount, purpose):
    text = vietqr.payload(bank, account, amount, purpose)
    fields = read(text)
    template = read(fields["38"])

    assert read(template["01"]) == {"00": bank, "01": account} and template["02"] == "QRIBFTTA"
    assert (int(fields["54"]), fields["53"], fields["58"]) == (amount, "704", "VN")
    assert read(fields["62"]) == {"08": purpose}
    assert fields["63"] == vietqr.checksum(text[:-4])


@pytest.mark.parametrize(
    "place, wrong",
    [(0, "97040"), (0, "97040५"), (1, ""), (1, "1" * 20), (1, "12 34"), (2, 0), (2, -1), (2, 10**13), (2, 10**15),
     (3, ""), (3, "A" * 26), (3, "Phí hồ sơ"), (3, "A\nB")],
)  # fmt: skip
def test_what_the_standard_does_not_hold_is_refused(place, wrong):
    said = list(GOOD)
    said[place] = wrong

    with pytest.raises(ValueError):
        vietqr.payload(*said)


@pytest.mark.parametrize(("code", "purpose"), [
    ("H21.129-261123-0012", "H21129 261123 0012"),
    ("H21.129.126-261123-0012", "H21129126 261123 0012"),
])  # fmt: skip
def test_a_transfer_names_its_dossier_in_25_plain_signs(code, purpose):
    assert vietqr.purpose_of(code) == purpose and len(purpose) <= 25


@pytest.mark.parametrize(("statement", "is_it"), [
    ("H21129 261123 0012", True), ("MBVCB.5512.h21129 2611230012 CT tu 0011", True), ("H21.129-261123-0012 nop le phi", True),
    ("H21129 261123 0013", False), ("", False),
])  # fmt: skip
def test_a_line_of_the_statement_is_known_however_the_bank_writes_it(statement, is_it):
    assert vietqr.is_for("H21.129-261123-0012", statement) is is_it


def test_an_account_that_waits_to_be_confirmed_is_nobodys_to_pay_to():
    site = read_content(PROJECT / "content").site
    account = site.bank_account
    confirmed = msgspec.structs.replace(site, bank_account=msgspec.structs.replace(account, to_confirm=False))

    assert account.to_confirm and vietqr.account_of(site) is None
    assert vietqr.account_of(confirmed).number == account.number
    assert vietqr.account_of(msgspec.structs.replace(site, bank_account=None)) is None


LONGEST = ("970405", "1234567890123456789", 9_999_999_999, "H21129126 261123 00123456")


@pytest.mark.parametrize("said", [GOOD, LONGEST])
def test_the_picture_is_under_500_bytes_also_packed_in_a_page(said):
    payload = vietqr.payload(*said)
    address = vietqr.picture(payload)

    assert len(vietqr.picture_file(payload)) < 500
    assert len(brotli.compress(address.encode(), quality=7, lgwin=16)) < 500
    assert base64.b64decode(address.partition("base64,")[2]) == vietqr.picture_file(payload)


def test_the_picture_is_the_code_in_black_on_white_with_its_quiet_edge():
    """The PNG, decoded by hand, has the three corner squares where every reader looks for them."""
    data = vietqr.picture_file(IA_BANG)
    assert data.startswith(b"\x89PNG") and b"IHDR" in data
    width, height = int.from_bytes(data[16:20]), int.from_bytes(data[20:24])
    start = data.index(b"IDAT") + 4
    rows = zlib.decompress(data[start : start + int.from_bytes(data[start - 8 : start - 4])])
    line = len(rows) // height
    dark = [[not rows[y * line + 1 + x // 8] >> 7 - x % 8 & 1 for x in range(width)] for y in range(0, height, 4)]
    modules = [row[::4] for row in dark]
    side = len(modules)

    assert side == 45 and width == height == 180
    assert not any(modules[y][x] for y in range(side) for x in range(side) if min(x, y) < 4 or max(x, y) >= side - 4)
    for left, top in ((4, 4), (side - 11, 4), (4, side - 11)):
        assert all(modules[top][left : left + 7]) and not any(modules[top + 1][left + 1 : left + 6])
