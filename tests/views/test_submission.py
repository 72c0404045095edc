"""Submitting a dossier, page by page."""

import io

from conftest import BIRTH, good_answer, photo
from models import Dossier, Draft


def walk_birth(citizen, library):
    """Answers every page of a birth registration as a person would; returns the page it ends on."""
    citizen.send(f"/nop-ho-so/{BIRTH}/chu-ho-so", {"owner": "self"}, "Lưu và đi tiếp")
    page = citizen.get(f"/nop-ho-so/{BIRTH}/")
    while "/trang-" in page.location:
        number = int(page.location.rsplit("-", 1)[1])
        questions = library.definitions[BIRTH]["eform"]["pages"][number - 1]["questions"]
        sent = citizen.send(page.location, {q["key"]: good_answer(q) for q in questions}, "Lưu và đi tiếp")
        assert sent.status == 303, sent.errors
        page = citizen.get(f"/nop-ho-so/{BIRTH}/")
    citizen.send(f"/nop-ho-so/{BIRTH}/nhan-ket-qua", {"delivery": "desk"}, "Lưu và đi tiếp")
    return citizen.get(f"/nop-ho-so/{BIRTH}/giay-to")


def send_photo(citizen, key, data=None, name="anh.jpg"):
    return citizen.post(f"/nop-ho-so/{BIRTH}/giay-to", {"document": key, "file": (io.BytesIO(photo() if data is None else data), name)})


def test_a_birth_is_registered_from_the_first_page_to_the_code(visit_as, account, library):
    citizen = visit_as(account)
    walk_birth(citizen, library)
    assert send_photo(citizen, "giay_chung_sinh").status == 303
    assert send_photo(citizen, "giay_to_tuy_than").status == 303
    citizen.send(f"/nop-ho-so/{BIRTH}/giay-to", {}, "Lưu và đi tiếp")
    done = citizen.send(f"/nop-ho-so/{BIRTH}/xem-lai", {"declared": "1"}, "Nộp hồ sơ")

    dossier = Dossier.get()
    page = citizen.get(done.location)
    assert page.heading == "Đã nộp hồ sơ"
    assert dossier.code in page.words
    assert dossier.papers.count() == 2
    assert Draft.get().dossier == dossier
