"""The two codes of a dossier: the official one, a counter, and the receipt code, random and typo-proof."""

import re
import secrets
import unicodedata
from dataclasses import dataclass

from rules import WrongInput

SYMBOLS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"  # Crockford's: no I, L, O (look-alikes), no U
VALUES = {symbol: value for value, symbol in enumerate(SYMBOLS)}
LENGTH, CHECKS, GROUP = 12, 2, 4
ALL_GROUPS = (1, 2, 3)

OFFICIAL_PATTERNS = (
    re.compile(r"H\d{2}(\.\d{1,4}){0,3}-\d{6}-\d{4,6}"),  # Quyết định 20/2020/QĐ-TTg: H21.129-261123-0001
    re.compile(r"\d{3}\.\d{2}\.\d{2}\.[HG]\d{2}-\d{6}-\d{4,6}"),  # before it: 000.17.22.H56-210531-0001
)
LOOKS_OFFICIAL = re.compile(r"H\d\d[.-]|\d{3}\.\d\d\.")
LOOK_ALIKES = str.maketrans("OIL", "011")
DASHES = str.maketrans(dict.fromkeys("‐‑‒–—―−﹣", "-"))
LONGEST_TYPED = 200
NOT_ON_A_SLIP = "Đây là mã hồ sơ. Nhập mã 12 chữ và số trên phiếu."


class CodeFault(WrongInput):
    """A code as typed cannot be right; `groups` are the numbers (1 to 3) of the groups of four to look at again."""

    def __init__(self, message, groups=()):
        super().__init__(message)
        self.groups = tuple(groups)


@dataclass(frozen=True)
class Code:
    """A code read: kind "receipt", its value 12 symbols, or kind "dossier", its value as printed."""

    kind: str
    value: str


# --- making and showing ----------------------------------------------------------------------------------------------


def new_receipt_code():
    """Twelve symbols nobody can guess."""
    return add_checks("".join(secrets.choice(SYMBOLS) for _ in range(LENGTH - CHECKS)))


def add_checks(ten):
    """The receipt code that begins with these ten symbols."""
    sum0, sum1 = _sums([VALUES[symbol] for symbol in ten])
    last = _divide(sum1 ^ _times(sum0, POWERS[10]), POWERS[10] ^ POWERS[11])
    return ten + SYMBOLS[sum0 ^ last] + SYMBOLS[last]


def show_receipt_code(code):
    """7K3M Q9TD RW2F"""
    return " ".join(_group(code, number) for number in ALL_GROUPS)


def new_dossier_code(prefix, day, counter):
    """H21.129-261123-0001; raises ValueError for a prefix or a counter that no lookup would read back."""
    code = f"{prefix}-{day:%y%m%d}-{counter:04d}"
    if not any(pattern.fullmatch(code) for pattern in OFFICIAL_PATTERNS):
        raise ValueError(f"not a dossier code: {code}")
    return code


def _group(code, number):
    return code[(number - 1) * GROUP : number * GROUP]


# --- reading ---------------------------------------------------------------------------------------------------------


def read_code(text):
    """The Code in what was typed; forgives case, spaces, dots, any dash, full-width, O for 0, I and L for 1.

    Raises CodeFault, naming the groups to compare with the paper. A wrong symbol is never put right for the person:
    the code that results could be a neighbour's.
    """
    typed = _plain(text)
    if not re.search(r"[^\s.-]", typed):
        raise CodeFault("Nhập mã biên nhận hoặc mã hồ sơ")
    official = _official(typed)
    if official:
        return Code("dossier", official)
    parts = [part for part in re.split(r"[\s.-]+", typed) if part]
    symbols = "".join(parts)
    if len(symbols) != LENGTH:
        if LOOKS_OFFICIAL.match(re.sub(r"\s", "", typed)):
            raise CodeFault("Gõ đủ mã hồ sơ, cả dấu chấm và gạch nối, ví dụ H21.129-261123-0001")
        raise _wrong_length(len(symbols), parts)
    _refuse_strange_symbols(symbols)
    _refuse_wrong_checks(symbols)
    return Code("receipt", symbols)


# What older portals wrote behind a code: the place where it was handed in, a copy's number. It names no other dossier.
SUFFIX = re.compile(r"^(.+-\d{6}-\d{4,6})[./_ -]+[A-Z0-9.]{1,12}$")


def read_any_code(text):
    """As `read_code`, also for a dossier code with what another program wrote behind it; for the desk's search.

    Raises CodeFault as `read_code` does.
    """
    suffixed = SUFFIX.match(_plain(text).strip())
    official = _official(suffixed[1]) if suffixed else None
    return Code("dossier", official) if official else read_code(text)


def read_slip_code(text):
    """The twelve symbols of a code on a slip or from an officer, as `read_code` reads a receipt code; raises CodeFault."""
    typed = _plain(text)
    if not re.search(r"[^\s.-]", typed):
        raise CodeFault("Nhập mã trên phiếu")
    try:
        code = read_code(text)
    except CodeFault as fault:
        if LOOKS_OFFICIAL.match(re.sub(r"\s", "", typed)):
            raise CodeFault(NOT_ON_A_SLIP) from None
        raise CodeFault(str(fault).replace("Mã biên nhận", "Mã").replace("giấy biên nhận", "phiếu"), fault.groups) from None
    if code.kind != "receipt":
        raise CodeFault(NOT_ON_A_SLIP)
    return code.value


def _plain(text):
    """Upper case, ASCII where there is an ASCII form, look-alikes told apart, nothing invisible."""
    wide = unicodedata.normalize("NFKC", text[:LONGEST_TYPED]).upper().translate(DASHES).translate(LOOK_ALIKES)
    return "".join(sign for sign in wide if sign.isprintable() or sign.isspace())


def _official(typed):
    """The dossier code typed, if it is one; spaces stand inside its parts, or in the place of its hyphens."""
    for spaces, instead in ((r"\s", ""), (r"[\s-]+", "-")):
        code = re.sub(spaces, instead, typed.strip())
        if any(pattern.fullmatch(code) for pattern in OFFICIAL_PATTERNS):
            return code
    return None


def _wrong_length(seen, parts):
    message = f"Mã biên nhận có {LENGTH} chữ và số, bạn gõ {seen}."
    odd = tuple(n for n, part in enumerate(parts, 1) if len(part) != GROUP) if len(parts) == len(ALL_GROUPS) else ()
    if odd:
        return CodeFault(f"{message} Xem lại {_named(odd, parts)}.", odd)
    return CodeFault(f"{message} So lại với giấy biên nhận.")


def _refuse_strange_symbols(symbols):
    strange = {number: [sign for sign in _group(symbols, number) if sign not in VALUES] for number in ALL_GROUPS}
    groups = tuple(number for number in ALL_GROUPS if strange[number])
    if groups:
        signs = ", ".join(f"“{sign}”" for number in groups for sign in strange[number])
        raise CodeFault(f"{_where(groups, symbols)} có {signs}, mã không dùng ký tự này. So lại với giấy biên nhận.", groups)


def _refuse_wrong_checks(symbols):
    groups = _suspects([VALUES[symbol] for symbol in symbols])
    if groups == ALL_GROUPS:
        raise CodeFault("Mã có chữ sai hoặc đổi chỗ. So lại cả mã với giấy biên nhận.", groups)
    if groups:
        raise CodeFault(f"{_where(groups, symbols)} có chữ sai. So lại với giấy biên nhận.", groups)


def _where(groups, symbols):
    """Nhóm thứ 1 (7K3M) và nhóm thứ 2 (Q9TD)"""
    words = _named(groups, [_group(symbols, number) for number in ALL_GROUPS])
    return words[0].upper() + words[1:]


def _named(groups, parts):
    return " và ".join(f"nhóm thứ {number} ({parts[number - 1]})" for number in groups)


# --- the two sums ----------------------------------------------------------------------------------------------------

# A Reed-Solomon code over GF(32): in a right code S0 = Σ c_i and S1 = Σ c_i·α^i are zero. One wrong symbol at place i
# leaves S1/S0 = α^i, which tells the place; two neighbours swapped leave S0 = 0 and S1 other than 0.


def _powers_of_alpha():
    """α^0 … α^30, α a root of x^5 + x^2 + 1, which reaches every element of GF(32) but 0."""
    powers = [1]
    while len(powers) < 31:
        doubled = powers[-1] << 1
        powers.append(doubled ^ 0b100101 if doubled & 32 else doubled)
    return powers


POWERS = _powers_of_alpha()
LOGS = {power: exponent for exponent, power in enumerate(POWERS)}


def _times(one, other):
    return POWERS[(LOGS[one] + LOGS[other]) % 31] if one and other else 0


def _divide(one, other):
    return POWERS[(LOGS[one] - LOGS[other]) % 31] if one else 0


def _sums(values):
    sum0 = sum1 = 0
    for place, value in enumerate(values):
        sum0 ^= value
        sum1 ^= _times(value, POWERS[place])
    return sum0, sum1


def _suspects(values):
    """The groups that hold the mistake, supposing there is one; none of a right code, all when nothing simple fits."""
    sum0, sum1 = _sums(values)
    if sum0 == 0:
        return _swap_suspects(values, sum1) if sum1 else ()
    place = LOGS[_divide(sum1, sum0)] if sum1 else LENGTH
    return (place // GROUP + 1,) if place < LENGTH else ALL_GROUPS


def _swap_suspects(values, sum1):
    """The groups of each pair of neighbours that would be right the other way round."""
    places = [i for i in range(LENGTH - 1) if _times(values[i] ^ values[i + 1], POWERS[i] ^ POWERS[i + 1]) == sum1]
    return tuple(sorted({place // GROUP + 1 for i in places for place in (i, i + 1)})) or ALL_GROUPS
