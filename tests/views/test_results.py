"""The result on the screens: the desk puts it up and returns it, and only whose dossier it is downloads it."""

import hashlib
import io

import pytest
from signing import pdf, signed_pdf
from stage import make_account, make_staff

from database import utc_now
from gateways import signatures
from models import AccountEvent, Dossier, Representative, ResultFile, ResultReturn, State
from rules import businesses, workflow


@pytest.fixture
def done(dossier, officer, library):
    for name in ("accept", "finish"):
        workflow.make_move(dossier, name, officer, utc_now(), library.calendar)
    return dossier


@pytest.fixture
def desk(visit_as, officer):
    return visit_as(officer)


def address(dossier, page: str) -> str:
    return f"/mot-cua/ho-so/{dossier.code}/{page}"


def put_up(visitor, dossier, data, filename="ket-qua.pdf", key="a" * 32):
    return visitor.post(address(dossier, "dua-ket-qua"), {"form_key": key, "file": (io.BytesIO(data), filename)})


def give(visitor, dossier, key="b" * 32, **said):
    return visitor.post(
        address(dossier, "tra-ket-qua"), {"form_key": key, "way": "desk", "receiver": dossier.owner_name, "paper_seen": ""} | said
    )


# --- the file --------------------------------------------------------------------------------------------------------


def test_the_desk_puts_a_signed_result_up_and_sees_who_signed(desk, done):
    page = put_up(desk, done, signed_pdf())

    assert page.location == f"/mot-cua/ho-so/{done.code}?da=dua-ket-qua"
    page = desk.get(page.location)
    assert "Có chữ ký số, chưa kiểm tra giá trị: UBND xã Ia Băng" in page.words and "Đã đưa kết quả lên." in page.words
    assert "ket-qua.pdf" in page.links


def test_a_result_without_a_signature_says_so(desk, done):
    put_up(desk, done, pdf())

    assert "Không có chữ ký số" in desk.get(f"/mot-cua/ho-so/{done.code}").words


def test_the_way_there_is_on_the_dossiers_screen(desk, done):
    links = desk.get(f"/mot-cua/ho-so/{done.code}").links

    assert links["Đưa kết quả lên"] == address(done, "dua-ket-qua")
    assert links["Đã trả kết quả"] == address(done, "tra-ket-qua")


@pytest.mark.parametrize(
    ("file", "told"),
    [
        (None, "Bấm Chọn tệp"),
        ((b"", "a.pdf"), "rỗng"),
        ((b"MZ" * 50, "a.pdf"), "không phải PDF"),
        ((b"%PDF-1.7 cut", "a.pdf"), "bị hỏng"),
    ],
)
def test_a_wrong_file_is_refused_beside_its_field(desk, done, file, told):
    data = {"form_key": "a" * 32} | ({"file": (io.BytesIO(file[0]), file[1])} if file else {})
    page = desk.post(address(done, "dua-ket-qua"), data)

    assert page.status == 422 and told in page.errors and page.title.startswith("Cần sửa")
    assert ResultFile.select().count() == 0


def test_a_file_that_is_too_large_is_refused_with_what_to_do(desk, done, monkeypatch):
    monkeypatch.setattr(signatures, "MOST_BYTES", 100_000)
    page = put_up(desk, done, b"%PDF-1.7" + bytes(200_000))

    assert page.status == 422 and "Tệp nặng 0,2 MB, nhiều nhất 0,1 MB" in page.errors


def test_the_same_form_sent_twice_is_one_result(desk, done):
    data = pdf()
    first, second = put_up(desk, done, data), put_up(desk, done, data)

    assert first.location == second.location and ResultFile.select().count() == 1


def test_a_wrong_one_is_replaced_and_stays_to_be_read(desk, done):
    wrong, right = pdf(1), pdf(2)
    put_up(desk, done, wrong)
    assert desk.get(address(done, "dua-ket-qua")).heading == "Thay kết quả"
    put_up(desk, done, right, "dung.pdf", "c" * 32)

    page = desk.get(f"/mot-cua/ho-so/{done.code}")
    assert "Bản đã thay (1)" in page.words
    assert (desk.get(page.links["dung.pdf"]).data, desk.get(page.links["ket-qua.pdf"]).data) == (right, wrong)


def test_a_dossier_that_nobody_accepted_takes_none(desk, dossier):
    page = put_up(desk, dossier, pdf())

    assert page.status == 409 and "chưa có kết quả" in page.errors and ResultFile.select().count() == 0


def test_who_opens_it_at_the_desk_is_written_down(desk, done, account, officer):
    put_up(desk, done, pdf())
    AccountEvent.delete().execute()
    page = desk.get(address(done, f"ket-qua/{ResultFile.get().id}"))

    assert page.headers["Content-Disposition"].startswith("attachment") and page.headers["Cache-Control"] == "no-store"
    (line,) = AccountEvent.select()
    assert (line.account, line.name, line.staff) == (account, "paper opened", officer)


def test_a_specialist_puts_it_up_and_a_leader_only_reads(visit_as, done):
    assert put_up(visit_as(make_staff("specialist")), done, pdf()).location
    leader = visit_as(make_staff("leader"))

    assert leader.get(address(done, f"ket-qua/{ResultFile.get().id}")).status == 200
    assert leader.get(address(done, "dua-ket-qua")).status == 404
    assert put_up(leader, done, pdf(2), key="c" * 32).status == 404 and ResultFile.select().count() == 1


def test_another_office_finds_nothing(visit_as, desk, done):
    put_up(desk, done, pdf())
    stranger = visit_as(make_staff("officer", "officer-121", office="H21.121"))

    assert stranger.get(address(done, f"ket-qua/{ResultFile.get().id}")).status == 404
    assert stranger.get(address(done, "tra-ket-qua")).status == 404
    assert put_up(stranger, done, pdf(2)).status == give(stranger, done).status == 404
    assert (ResultFile.select().count(), ResultReturn.select().count()) == (1, 0)


def test_a_file_of_another_dossier_is_as_good_as_none(desk, done, submit):
    put_up(desk, done, pdf())
    other = submit(make_account(), "dang-ky-khai-tu")

    assert desk.get(address(other, f"ket-qua/{ResultFile.get().id}")).status == 404


# --- returning it ----------------------------------------------------------------------------------------------------


def test_the_owner_is_named_already_and_one_press_returns_it(desk, done):
    page = desk.get(address(done, "tra-ket-qua"))
    assert page.typed_in("receiver") == done.owner_name
    answer = desk.send(address(done, "tra-ket-qua"), {}, "Đã trả kết quả")

    assert answer.location == f"/mot-cua/ho-so/{done.code}?da=da-tra"
    page = desk.get(answer.location)
    assert f"tại quầy: {done.owner_name}" in page.words and "Đã trả kết quả" in page.words


def test_another_person_needs_a_paper_and_nothing_typed_is_lost(desk, done):
    page = give(desk, done, receiver="Siu Đến Thay")

    assert page.status == 422 and "giấy ủy quyền" in page.errors and page.typed_in("receiver") == "Siu Đến Thay"
    assert Dossier.get_by_id(done.id).state is State.DONE
    give(desk, done, receiver="Siu Đến Thay", paper_seen="Giấy ủy quyền số 12")
    assert "nhận thay (Giấy ủy quyền số 12)" in desk.get(f"/mot-cua/ho-so/{done.code}").words


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ({"receiver": ""}, "Nhập họ tên người nhận"),
        ({"receiver": "123"}, "họ tên"),
        ({"way": "bo-cau"}, "Chọn một trong"),
        ({"way": ""}, "Chọn một trong"),
    ],
)
def test_what_is_wrong_is_said_and_nothing_changes(desk, done, said, told):
    page = give(desk, done, **said)

    assert page.status == 422 and told.lower() in page.errors.lower()
    assert (ResultReturn.select().count(), Dossier.get_by_id(done.id).state) == (0, State.DONE)


def test_online_is_offered_once_there_is_a_file(desk, done):
    assert "Trực tuyến" not in [label.text_content() for label in desk.get(address(done, "tra-ket-qua")).tree.iter("label")]
    assert give(desk, done, way="online").status == 409
    put_up(desk, done, pdf())

    assert "Trực tuyến" in [label.text_content() for label in desk.get(address(done, "tra-ket-qua")).tree.iter("label")]
    assert give(desk, done, key="d" * 32, way="online").location
    assert ResultReturn.get().way == "online"


def test_the_form_sent_twice_is_answered_the_same(desk, done):
    first, second = give(desk, done), give(desk, done)

    assert first.location == second.location and ResultReturn.select().count() == 1


def test_who_comes_second_is_told_what_happened(desk, visit_as, done, officer):
    give(desk, done)
    page = give(visit_as(make_staff("officer", "khac")), done, key="e" * 32)

    assert page.status == 409 and officer.full_name in page.errors and ResultReturn.select().count() == 1


def test_before_there_is_a_result_the_page_says_so(desk, dossier):
    page = desk.get(address(dossier, "tra-ket-qua"))

    assert page.status == 409 and "Chưa có kết quả" in page.errors


def test_an_undone_return_is_shown_no_more(desk, done, officer):
    give(desk, done)
    event = done.events.order_by(workflow.Event.id.desc()).first()
    workflow.undo(done, event.id, officer, utc_now())

    assert f"tại quầy: {done.owner_name}" not in desk.get(f"/mot-cua/ho-so/{done.code}").words


# --- whose dossier it is ---------------------------------------------------------------------------------------------


@pytest.fixture
def returned(desk, done):
    data = signed_pdf()
    put_up(desk, done, data)
    give(desk, done, way="online")
    return data


def test_the_owner_downloads_it_as_it_was_signed(visit_as, account, done, returned):
    owner = visit_as(account)
    page = owner.get(f"/ca-nhan/ho-so/{done.code}")
    file = owner.get(page.links["Tải kết quả"])

    assert hashlib.sha256(file.data).digest() == hashlib.sha256(returned).digest()
    assert file.headers["Content-Type"] == "application/pdf" and file.headers["Cache-Control"] == "no-store"
    assert file.headers["Content-Disposition"] == f"attachment; filename=ket-qua-{done.code}.pdf"
    assert file.headers["Content-Security-Policy"].startswith("sandbox")


def test_the_owner_is_asked_how_it_was(visit_as, account, done, returned):
    assert "Rất hài lòng" in visit_as(account).get(f"/ca-nhan/ho-so/{done.code}").buttons


def test_nobody_else_finds_it(visit_as, new_visitor, officer, done, returned):
    path = f"/ca-nhan/ho-so/{done.code}/ket-qua"
    missing = "/ca-nhan/ho-so/H21.129-200101-9999/ket-qua"
    stranger = visit_as(make_account(email="khac@example.vn"))

    assert new_visitor().get(path).location.startswith("/tai-khoan/dang-nhap")
    assert (stranger.get(path).status, visit_as(officer).get(path).status) == (404, 404)
    assert stranger.get(path).text.replace(path, "") == stranger.get(missing).text.replace(missing, "")


def test_before_it_is_returned_the_owner_finds_none(visit_as, account, desk, done):
    put_up(desk, done, pdf())
    owner = visit_as(account)

    assert "Tải kết quả" not in owner.get(f"/ca-nhan/ho-so/{done.code}").links
    assert owner.get(f"/ca-nhan/ho-so/{done.code}/ket-qua").status == 404


def test_who_acts_for_the_business_opens_it_and_no_longer_when_that_ends(visit_as, account, done, returned):
    partner = make_account(email="cung@example.vn")
    business = businesses.add(partner, "Cà phê Ia Băng", "5900189357", utc_now())
    Dossier.update(business=business).where(Dossier.id == done.id).execute()
    path = f"/ca-nhan/ho-so/{done.code}/ket-qua"

    assert visit_as(partner).get(path).data == returned
    Representative.update(ended_at=utc_now()).where(Representative.account == partner.id).execute()
    assert visit_as(partner).get(path).status == 404
