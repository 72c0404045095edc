"""How personal things are shown where others may look: enough to recognise one's own, too little to learn another's."""

import unicodedata

from rules.identity import show_phone

DOT = "•"
HIDDEN = DOT * 4


def mask_id_number(number):
    """0640••••1234 of twelve digits, 23••••678 of nine; nothing of any other length."""
    seen = {12: (4, 4), 9: (2, 3)}.get(len(number))
    return f"{number[: seen[0]]}{HIDDEN}{number[-seen[1] :]}" if seen else HIDDEN


def mask_name(name):
    """The initials, K. H. of Ksor H'Lan; a word of one letter shows as a dot, for its initial would be all of it."""
    return " ".join(_mask_word(word) for word in unicodedata.normalize("NFC", name).split())


def _mask_word(word):
    letters = [sign for sign in word if sign.isalpha()]
    return f"{letters[0].upper()[0]}." if len(letters) > 1 else DOT


def mask_phone(phone):
    """09•• ••• 678 of +84912345678: the first two and the last three digits; nothing of a number too short to hide."""
    shown = show_phone(phone)
    if len(shown) < 9:
        return HIDDEN
    return shown[:2] + "".join(sign if sign == " " else DOT for sign in shown[2:-3]) + shown[-3:]


def mask_email(address):
    """h•••@example.vn: of the part before @, the first letter, and not even that when it is the only one."""
    person, at, place = address.rpartition("@")
    return f"{person[:1] if len(person) > 1 else ''}{DOT * 3}{at}{place if at else ''}"
