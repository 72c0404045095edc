"""One draft on two phones: the second is told, nothing typed is lost, nothing is overwritten unseen."""

import pytest
from stage import BIRTH

from models import Draft

PAGE = f"/nop-ho-so/{BIRTH}/nhan-ket-qua"


@pytest.fixture
def phones(visit_as, account, make_draft):
    make_draft(account)
    return visit_as(account), visit_as(account)


def typed(address: str) -> dict[str, str]:
    return {"delivery": "desk", "delivery_address": address}


def kept() -> str:
    return Draft.get().answers["delivery_address"]


def form_of(phone) -> dict[str, str]:
    return phone.get(PAGE).fields("Lưu và đi tiếp")


def test_the_second_phone_is_told_and_keeps_what_was_typed(phones):
    one, two = phones
    shown = form_of(two)
    one.post(PAGE, form_of(one) | typed("Thôn 1"))
    page = two.post(PAGE, shown | typed("Thôn 2"))

    assert page.status == 409 and "Máy khác vừa sửa trang này" in page.errors
    assert page.typed_in("delivery_address") == "Thôn 2" and "Máy kia ghi: Thôn 1" in page.words
    assert kept() == "Thôn 1"


def test_pressed_again_ones_own_words_stand(phones):
    one, two = phones
    shown = form_of(two)
    one.post(PAGE, form_of(one) | typed("Thôn 1"))
    told = two.post(PAGE, shown | typed("Thôn 2"))
    page = two.post(PAGE, told.fields("Lưu và đi tiếp") | typed("Thôn 2"))

    assert page.status == 303 and kept() == "Thôn 2"


def test_the_words_of_the_other_phone_are_taken_with_a_tap(phones):
    one, two = phones
    shown = form_of(two)
    one.post(PAGE, form_of(one) | typed("Thôn 1"))
    told = two.post(PAGE, shown | typed("Thôn 2"))

    assert two.get(told.links["Lấy chữ của máy kia"]).typed_in("delivery_address") == "Thôn 1"
    assert kept() == "Thôn 1"


def test_the_same_words_on_both_are_no_matter(phones):
    one, two = phones
    shown = form_of(two)
    one.post(PAGE, form_of(one) | typed("Thôn 1"))

    assert two.post(PAGE, shown | typed("Thôn 1")).status == 303


def test_a_double_tap_on_one_phone_is_no_alarm(phones):
    one, _ = phones
    shown = form_of(one) | typed("Thôn 1")

    assert [one.post(PAGE, shown).status for _ in range(2)] == [303, 303]


def test_back_and_sent_again_on_one_phone_is_no_alarm(phones):
    one, _ = phones
    shown = form_of(one)
    one.post(PAGE, shown | typed("Thôn 1"))

    assert one.post(PAGE, shown | typed("Thôn 3")).status == 303
    assert kept() == "Thôn 3"


def test_another_page_on_the_other_phone_is_no_alarm(phones):
    one, two = phones
    shown = form_of(two)
    owner = f"/nop-ho-so/{BIRTH}/chu-ho-so"
    one.post(owner, one.get(owner).fields("Lưu và đi tiếp") | {"owner": "self"})

    assert two.post(PAGE, shown | typed("Thôn 2")).status == 303
