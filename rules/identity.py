"""Who a person is, as they type it: identity numbers, telephone numbers, names."""

import re
import unicodedata
from datetime import date

from rules import WrongInput
from rules.vietnamese import APOSTROPHES, ONE_APOSTROPHE, ascii_digits, clean_text

DIGITS = "0123456789"
SEPARATORS = " .-()‐‑‒–—−"

# --- identity numbers ------------------------------------------------------------------------------------------------

# The province where a birth was registered, as in the first three digits (annex of Thông tư 07/2016/TT-BCA). Numbers
# given before the provinces merged on 1/7/2025 do not change, so neither does this table.
PROVINCES = {
    "001": "Hà Nội", "002": "Hà Giang", "004": "Cao Bằng", "006": "Bắc Kạn", "008": "Tuyên Quang", "010": "Lào Cai",
    "011": "Điện Biên", "012": "Lai Châu", "014": "Sơn La", "015": "Yên Bái", "017": "Hòa Bình", "019": "Thái Nguyên",
    "020": "Lạng Sơn", "022": "Quảng Ninh", "024": "Bắc Giang", "025": "Phú Thọ", "026": "Vĩnh Phúc", "027": "Bắc Ninh",
    "030": "Hải Dương", "031": "Hải Phòng", "033": "Hưng Yên", "034": "Thái Bình", "035": "Hà Nam", "036": "Nam Định",
    "037": "Ninh Bình", "038": "Thanh Hóa", "040": "Nghệ An", "042": "Hà Tĩnh", "044": "Quảng Bình", "045": "Quảng Trị",
    "046": "Thừa Thiên Huế", "048": "Đà Nẵng", "049": "Quảng Nam", "051": "Quảng Ngãi", "052": "Bình Định",
    "054": "Phú Yên", "056": "Khánh Hòa", "058": "Ninh Thuận", "060": "Bình Thuận", "062": "Kon Tum", "064": "Gia Lai",
    "066": "Đắk Lắk", "067": "Đắk Nông", "068": "Lâm Đồng", "070": "Bình Phước", "072": "Tây Ninh", "074": "Bình Dương",
    "075": "Đồng Nai", "077": "Bà Rịa - Vũng Tàu", "079": "TP. Hồ Chí Minh", "080": "Long An", "082": "Tiền Giang",
    "083": "Bến Tre", "084": "Trà Vinh", "086": "Vĩnh Long", "087": "Đồng Tháp", "089": "An Giang", "091": "Kiên Giang",
    "092": "Cần Thơ", "093": "Hậu Giang", "094": "Sóc Trăng", "095": "Bạc Liêu", "096": "Cà Mau",
}  # fmt: skip
FIRST_COUNTRY = "100"  # from here on the three digits name a country, for births registered abroad
LAST_DAY_OF_CMND = date(2024, 12, 31)  # Luật Căn cước 26/2023/QH15, Điều 46
SEX_WORDS = {"male": "nam", "female": "nữ"}


def read_id_number(text, old_too=True, today=None):
    """The 12 digits of a citizen's number or, where `old_too`, the 9 of an old CMND; separators are forgiven.

    There is no check digit (Nghị định 137/2015, Điều 13), so only the count can be wrong and, where `today` is told, a
    birth year to come: raises WrongInput naming it.
    """
    number = _digits_only(text, "Nhập số căn cước" if old_too else "Nhập số căn cước, đủ 12 số")
    if len(number) == 12 or (len(number) == 9 and old_too):
        _refuse_unborn(number, today)
        return number
    if len(number) == 9:
        raise WrongInput("Số CMND 9 số không còn dùng được. Nhập số căn cước, đủ 12 số.")
    old = ", CMND cũ có 9 số" if old_too else ""
    raise WrongInput(f"Bạn nhập {len(number)} số. Số căn cước có 12 số{old}.")


def _refuse_unborn(number, today):
    if today and len(number) == 12 and _birth_year(number) > today.year:
        raise WrongInput(f"Số này là của người sinh năm {_birth_year(number)}. Xem lại từ số thứ 4 đến số thứ 6.")


def _digits_only(text, ask, also=""):
    """Raises WrongInput with `ask` for nothing at all, and naming what is neither a digit nor a separator."""
    seen = [sign for sign in ascii_digits(text) if sign not in SEPARATORS and sign.isprintable()]
    strange = [sign for sign in seen if sign not in DIGITS + also]
    if not seen:
        raise WrongInput(ask)
    if strange:
        raise WrongInput(f"Ở đây chỉ nhập chữ số. Bỏ {_quoted(strange)} rồi nhập lại.")
    return "".join(sign for sign in seen if sign in DIGITS)


def _quoted(signs):
    """The first three different ones, each in quotes."""
    return ", ".join(f"“{sign}”" for sign in list(dict.fromkeys(signs))[:3])


def id_number_warnings(number, birth_day=None, sex=None, today=None):
    """What in a read number seems wrong but may be right, as sentences; a corrected birth year or sex keeps its number.

    In: 9 or 12 digits; a date or PartialDay; "male" or "female"; without `today` nothing that depends on it is said.
    Raises WrongInput when a 12-digit number says its owner is not yet born.
    """
    if len(number) == 9:
        return _cmnd_warnings(today)
    _refuse_unborn(number, today)
    year, number_sex = _birth_year(number), _sex(number)
    warnings = []
    if number[:3] not in PROVINCES and number[:3] < FIRST_COUNTRY:
        warnings.append(f"Không có tỉnh nào mang mã {number[:3]}. So lại 3 số đầu với thẻ căn cước.")
    if birth_day and birth_day.year != year:
        warnings.append(f"Số này là của người sinh năm {year}, bạn nhập năm {birth_day.year}. So lại với thẻ căn cước.")
    if sex in SEX_WORDS and sex != number_sex:
        warnings.append(f"Số này là của {SEX_WORDS[number_sex]}, bạn chọn {SEX_WORDS[sex]}. So lại với thẻ căn cước.")
    return tuple(warnings)


def _cmnd_warnings(today):
    if today and today > LAST_DAY_OF_CMND:
        return ("Chứng minh nhân dân 9 số không còn dùng được từ ngày 1/1/2025. Nếu có số căn cước 12 số, nhập số đó.",)
    return ()


def _birth_year(number):
    return 1900 + int(number[3]) // 2 * 100 + int(number[4:6])


def _sex(number):
    return ("male", "female")[int(number[3]) % 2]


# --- telephone numbers -----------------------------------------------------------------------------------------------

MOBILE = re.compile(r"0[35789]\d{8}")  # prefixes move between companies, so no finer list is kept
LANDLINE = re.compile(r"02\d{9}")
# Eleven digits became ten from 15/9/2018; people still carry the old numbers in their books.
PREFIXES_OF_2018 = {
    "0120": "070", "0121": "079", "0122": "077", "0126": "076", "0128": "078",
    "0123": "083", "0124": "084", "0125": "085", "0127": "081", "0129": "082",
    "0162": "032", "0163": "033", "0164": "034", "0165": "035", "0166": "036", "0167": "037", "0168": "038",
    "0169": "039", "0186": "056", "0188": "058", "0199": "059",
}  # fmt: skip


def read_phone(text):
    """The number as +84…, from a Vietnamese mobile or landline number with or without +84; 01x numbers become today's.

    Raises WrongInput saying how many digits there were, or how a number begins.
    """
    number = _national(_digits_only(text, "Nhập số điện thoại", also="+"), has_plus="+" in text)
    if len(number) == 11:
        number = PREFIXES_OF_2018.get(number[:4], number[:4]) + number[4:]
    if MOBILE.fullmatch(number) or LANDLINE.fullmatch(number):
        return "+84" + number[1:]
    if len(number) == 10 and not number.startswith("02"):
        raise WrongInput("Số di động bắt đầu bằng 03, 05, 07, 08 hoặc 09; số bàn bắt đầu bằng 02. Xem lại các số đầu.")
    raise WrongInput(f"Bạn nhập {len(number)} số. Số di động có 10 số, bắt đầu bằng 0; số bàn có 11 số, bắt đầu bằng 02.")


def _national(digits, has_plus):
    """The number as dialled inside Vietnam, with its leading 0."""
    is_short = len(digits) < 11 and not has_plus  # then 84 may be the number's own first digits
    for prefix in ("0084", "84"):
        if digits.startswith(prefix) and not is_short:
            return "0" + digits.removeprefix(prefix).removeprefix("0")  # people write +84 0912 too
    if has_plus:
        raise WrongInput("Nhập số điện thoại Việt Nam, bắt đầu bằng 0 hoặc +84")
    return digits


def show_phone(phone):
    """0912 345 678, and a landline by its area: 0269 384 6107, 024 3825 1234; another country's number as it is."""
    if not phone.startswith("+84"):
        return phone
    number = "0" + phone[3:]
    area = 3 if number[:3] in ("024", "028") else 4
    middle = area + (3 if area == 4 else 4)
    return f"{number[:area]} {number[area:middle]} {number[middle:]}"


# --- names -----------------------------------------------------------------------------------------------------------

LONGEST_NAME = 100
NAME_SIGNS = " .-‐‑" + APOSTROPHES


def read_person_name(text):
    """The name as typed, in NFC with single spaces; one word is enough, and every Latin letter with its marks stays.

    Raises WrongInput for nothing, for more than 100 code points, and naming any sign no name has.
    """
    name = clean_text(text, LONGEST_NAME)
    strange = [sign for sign in name if not (sign in NAME_SIGNS or _is_latin(sign) or _is_mark(sign))]
    if strange:
        raise WrongInput(f"Họ tên chỉ có chữ cái, dấu nháy ’ và gạch nối -. Bỏ {_quoted_seen(strange)} rồi nhập lại.")
    if not any(map(_is_latin, name)):
        raise WrongInput("Nhập họ tên")
    return name


def _is_latin(sign):
    return sign.isalpha() and unicodedata.name(sign, "").startswith("LATIN ")


def _is_mark(sign):
    return "\u0300" <= sign <= "\u036f"  # ơ̆ has no single code point, its breve stands alone


def _quoted_seen(signs):
    return _quoted([sign for sign in signs if sign.isprintable()]) or "ký tự ẩn"


def same_name(one, other):
    """Whether two names are one, whatever their case, apostrophe and Unicode form."""
    return _comparable(one) == _comparable(other)


def _comparable(name):
    folded = unicodedata.normalize("NFC", name).casefold().translate(ONE_APOSTROPHE)
    return unicodedata.normalize("NFC", " ".join(folded.split()))


# --- tax codes -------------------------------------------------------------------------------------------------------

TAX_WEIGHTS = (31, 29, 23, 19, 17, 13, 7, 5, 3)


def read_tax_code(text):
    """The 10 digits of a business's tax code (mã số thuế), or 13 with the branch, as "0123456789" or "0123456789-001".

    The tenth digit checks the nine before it, branches count from 001 (Thông tư 105/2020/TT-BTC, Điều 5).
    Raises WrongInput saying what to mend.
    """
    digits = _digits_only(text, "Nhập mã số thuế")
    if len(digits) == 12:
        # Since 1/7/2025 the owner's own number is the household's tax code (Thông tư 86/2024/TT-BTC, Điều 5).
        raise WrongInput(
            "Mã 12 số là của hộ kinh doanh: chủ hộ nộp hồ sơ bằng tài khoản của mình. Doanh nghiệp có 10 hoặc 13 số."
        )
    if len(digits) not in (10, 13):
        raise WrongInput(f"Bạn nhập {len(digits)} số. Mã số thuế có 10 hoặc 13 số.")
    check = 10 - sum(weight * int(digit) for weight, digit in zip(TAX_WEIGHTS, digits[:9], strict=True)) % 11
    if check != int(digits[9]):
        raise WrongInput("Mã số thuế có số gõ nhầm. So lại với giấy đăng ký.")
    if digits[10:] == "000":
        raise WrongInput("Ba số cuối của mã 13 số đếm từ 001. So lại với giấy đăng ký.")
    return digits if len(digits) == 10 else f"{digits[:10]}-{digits[10:]}"
