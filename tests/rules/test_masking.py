"""What others may see of a person's number, name, telephone and address."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rules.masking import mask_email, mask_id_number, mask_name, mask_phone

quick = settings(derandomize=True, max_examples=60, deadline=None)


@pytest.mark.parametrize(
    ("number", "masked"),
    [("064090001234", "0640••••1234"), ("230123678", "23••••678"), ("1234", "••••"), ("", "••••")],
)
def test_an_identity_number_hides_its_middle(number, masked):
    assert mask_id_number(number) == masked


@pytest.mark.parametrize(
    ("name", "masked"),
    [
        ("Ksor H'Lan", "K. H."),
        ("Byưk", "B."),
        ("nguyễn thị ánh", "N. T. Á."),
        ("Nguyễn Văn A", "N. V. •"),
        ("Ơ\u0306", "•"),
        ("'Lan", "L."),
        ("-", "•"),
        ("", ""),
    ],
)
def test_a_name_shows_its_initials(name, masked):
    assert mask_name(name) == masked


@quick
@given(st.lists(st.text("aăbdđêhkơưyHLÁ'’-", min_size=1, max_size=8), min_size=1, max_size=4))
def test_no_whole_word_of_a_name_shows(words):
    shown = mask_name(" ".join(words)).split()
    assert all(part.rstrip(".").casefold() != word.casefold() for part, word in zip(shown, words, strict=True))


@pytest.mark.parametrize(
    ("phone", "masked"),
    [("+84912345678", "09•• ••• 678"), ("+842693846107", "02•• ••• •107"), ("113", "••••"), ("", "••••")],
)
def test_a_telephone_number_shows_its_ends(phone, masked):
    assert mask_phone(phone) == masked


@pytest.mark.parametrize(
    ("address", "masked"),
    [
        ("h.lan@example.vn", "h•••@example.vn"),
        ("h@example.vn", "•••@example.vn"),
        ("@example.vn", "•••@example.vn"),
        ("h.lan", "•••"),
        ("", "•••"),
    ],
)
def test_an_email_address_shows_its_first_letter_and_its_place(address, masked):
    assert mask_email(address) == masked
