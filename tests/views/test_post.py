"""The post on the screens: the desk's list, the clerk's telephone, the citizen's own page."""

import re
from datetime import timedelta

import pytest
from lxml import html
from stage import make_account, make_staff

from database import utc_now
from models import Dossier, LaterPaper, Manifest, ResultReturn, Shipment, ShipmentStep, Staff, State
from rules import shipment_rows, shipments, workflow
from rules.shipment_rows import RETURN
from views import post
from views.desk_rooms import home_of

SECRET = "Lời khai kín"
DESK, ROUND = "/mot-cua/giao-buu-dien", "/mot-cua/buu-dien"


@pytest.fixture
def done(dossier, officer, library):
    """A dossier with its result, to be sent by post."""
    answers = dossier.answers | {"delivery": "post", "delivery_address": "Thôn 6, xã Ia Băng", "con_ten": SECRET}
    Dossier.update(delivery="post", answers=answers).where(Dossier.id == dossier.id).execute()
    there = Dossier.get_by_id(dossier.id)
    for name in ("accept", "finish"):
        workflow.make_move(there, name, officer, utc_now(), library.calendar)
    return there


@pytest.fixture
def desk(visit_as, officer):
    return visit_as(officer)


@pytest.fixture
def clerk(visit_as):
    return visit_as(make_staff("postal_clerk"))


@pytest.fixture
def signed(done, desk):
    """What the desk has handed over, by its screens."""
    listed = desk.send(DESK, {}, "Lập danh mục bàn giao")
    desk.send(listed.location.split("?")[0], {"postman": "Võ Bưu Tá"}, "Đã ký, bàn giao xong")
    return Shipment.get()


def fresh(row):
    return type(row).get_by_id(row.id)


def one(shipment) -> str:
    return f"/mot-cua/buu-gui/{shipment.ref}"


# --- the desk --------------------------------------------------------------------------------------------------------


def test_the_desk_makes_a_list_prints_it_and_notes_who_signed(done, desk):
    page = desk.get(DESK)
    assert "Kết quả chờ giao bưu điện (1)" in page.words and done.code in page.links
    listed = desk.get(desk.send(DESK, {}, "Lập danh mục bàn giao").location)
    assert "In hai bản, đếm và ký cùng bưu tá." in listed.words and "Chờ hai bên ký." in listed.words

    paper = desk.get(listed.links["In danh mục"]).words
    assert all(said in paper for said in (done.code, "Thôn 6, xã Ia Băng", "26.000 đồng", "BÊN GIAO", "BÊN NHẬN"))
    assert done.procedure_title not in paper, "what somebody asked for is not the post's business"
    path = f"/mot-cua/danh-muc/{Manifest.get().id}"
    after = desk.get(desk.send(path, {"postman": "Võ Bưu Tá"}, "Đã ký").location)
    assert "Bưu tá Võ Bưu Tá đã ký" in after.words and fresh(done).step == "posting"
    assert "Ở bưu điện (1)" in desk.get(DESK).words


@pytest.fixture
def three_sent(done, desk, submit, officer, library):
    """Three results that went to the post without a hand-over list, the longest there first."""
    for number in range(3):
        there, sent_at = submit(make_account(email=f"gui{number}@example.vn")), utc_now() - timedelta(hours=9 - number)
        shipment = shipment_rows.begin(there, RETURN, f"Người {number}", "Thôn 6", "", None, officer, sent_at)
        shipment_rows.write(shipment, "handed_over", officer, sent_at)
    return list(Shipment.select().where(Shipment.state == "handed_over").order_by(Shipment.id))


@pytest.mark.parametrize("path, part", [(DESK, "with_post"), (ROUND, "loose")])
def test_a_long_list_is_read_to_its_end_page_by_page(desk, clerk, three_sent, monkeypatch, path, part):
    monkeypatch.setattr(post, "MOST_SHOWN", 2)
    visitor = desk if path == DESK else clerk
    first = visitor.get(path)
    assert "(3)" in first.text and "Người 1" in first.words and "Người 2" not in first.words

    second = visitor.get(first.links["Còn 1 nữa"])
    assert "Người 2" in second.words and "Người 1" not in second.words and "Trang 2/2" in second.words
    assert "Người 0" in visitor.get(second.links["Trang trước"]).words
    assert visitor.get(f"{path}?phan=khong-co").status == visitor.get(f"{path}?phan={part}&trang=99").status == 200


def test_what_went_without_a_list_is_taken_over_one_by_one(clerk, three_sent):
    page = clerk.get(one(three_sent[0]))

    assert clerk.get(clerk.send(one(three_sent[0]), {}, "Đã nhận, đi phát").location).status == 200
    assert page.status == 200 and fresh(three_sent[0]).state == "on_the_way"


def test_a_wrong_tracking_number_is_named_and_what_was_typed_stays(done, desk):
    path = desk.send(DESK, {}, "Lập danh mục bàn giao").location.split("?")[0]
    field = f"so-{Shipment.get().ref}"
    page = desk.send(path, {"postman": "Võ Bưu Tá", field: "EP123456786VN"}, "Đã ký")

    assert page.status == 422 and "sau 12345678 phải là số 5, bạn gõ số 6" in page.errors
    assert page.typed_in(field) == "EP123456786VN" and page.typed_in("postman") == "Võ Bưu Tá"
    assert Manifest.get().signed_at is None and Shipment.get().state == "waiting"


def test_labels_are_large_and_carry_no_number_of_anybodys_papers(done, desk, account):
    path = desk.send(DESK, {}, "Lập danh mục bàn giao").location.split("?")[0]
    page = desk.get(f"{path}/nhan")

    assert account.full_name in page.words and "Thôn 6, xã Ia Băng" in page.words and "0912 345 678" in page.words
    assert account.id_number not in page.text and "<img" not in page.text
    assert "data:image/svg" in desk.get(f"{path}/nhan?qr=co").text


def test_the_hand_over_of_one_dossier_begins_on_its_screen(done, desk):
    page = desk.get(f"/mot-cua/ho-so/{done.code}")
    assert "Chờ giao bưu điện" in page.words
    there = desk.get(page.links["Giao bưu điện"])
    assert there.typed_in("address") == "Thôn 6, xã Ia Băng"

    mended = desk.send(page.links["Giao bưu điện"], {"address": "Thôn 7", "grams": "120"}, "Lưu địa chỉ")
    assert mended.location.endswith("?da=da-ghi")
    assert (Shipment.get().address, Shipment.get().fee_dong) == ("Thôn 7", 26500)
    listed = desk.send(page.links["Giao bưu điện"], {}, "chỉ hồ sơ này")
    assert Shipment.get().manifest == Manifest.get() and f"/danh-muc/{Manifest.get().id}" in listed.location


def test_bad_words_in_an_address_are_told_and_stay(done, desk):
    page = desk.send(f"/mot-cua/ho-so/{done.code}/giao-buu-dien", {"phone": "12", "grams": "nặng"}, "Lưu địa chỉ")

    assert page.status == 422 and "Nhập số gam" in page.errors and page.typed_in("grams") == "nặng"
    assert Shipment.get().phone == done.account.phone


def test_the_desk_closes_what_the_post_has_delivered(signed, done, desk, clerk):
    clerk.send(one(signed), {"receiver": signed.receiver}, "Đã phát")
    assert fresh(done).state is State.DONE
    page = desk.send(DESK, {}, "Khép hồ sơ đã đánh dấu")

    assert page.location == f"{DESK}?da=da-tra" and fresh(done).state is State.RETURNED
    assert (ResultReturn.get().way, ResultReturn.get().receiver) == ("post", signed.receiver)


def test_nothing_ticked_makes_nothing(done, desk):
    token = desk.get(DESK).fields()
    page = desk.post(f"{DESK}/lap-danh-muc", {"form_key": token["form_key"], "direction": "return"})

    assert page.status == 409 and "Đánh dấu ít nhất một bưu gửi." in page.errors
    assert desk.post(f"{DESK}/lap-danh-muc", {"form_key": "x", "direction": "len-troi"}).status == 400
    assert Manifest.select().count() == 0


def test_a_lost_result_is_sent_anew_from_its_screen(signed, done, desk):
    desk.send(one(signed), {"words": "Xe bưu điện cháy"}, "Thất lạc")
    page = desk.get(f"/mot-cua/ho-so/{done.code}")
    assert "Bưu điện làm thất lạc" in page.words and "Xe bưu điện cháy" in page.words
    desk.send(page.links["Gửi lại bưu điện"], {}, "Chờ giao bưu điện")

    assert [row.state for row in Shipment.select().order_by(Shipment.id)] == ["lost", "waiting"]


def test_another_offices_post_is_like_none(signed, visit_as):
    stranger = visit_as(make_staff("officer", "officer-121", office="H21.121"))
    path = f"/mot-cua/danh-muc/{Manifest.get().id}"

    for address in (one(signed), path, f"{path}/in", f"{path}/nhan"):
        assert stranger.get(address).status == 404, address
    assert stranger.post(f"{one(signed)}/da-phat", {"form_key": "x", "receiver": "Siu"}).status == 404
    assert fresh(signed).state == "handed_over" and "(0)" in stranger.get(DESK).words


# --- the clerk's telephone -------------------------------------------------------------------------------------------


def test_the_clerk_takes_over_goes_and_delivers(signed, done, clerk):
    page = clerk.get(ROUND)
    assert "Chờ tôi nhận (1)" in page.words
    bag = clerk.send(
        next(href for label, href in page.links.items() if label.startswith("Nhận danh mục")), {}, "Đã nhận, đi phát"
    )
    assert bag.location.startswith(ROUND) and fresh(signed).state == "on_the_way"

    there = clerk.get(one(signed))
    assert there.heading == signed.receiver and there.links["Gọi 0912 345 678"] == "tel:+84912345678"
    refused = clerk.send(one(signed), {"receiver": "Siu Người Nhà"}, "Đã phát")
    assert refused.status == 422 and "giấy ủy quyền" in refused.errors and refused.typed_in("receiver") == "Siu Người Nhà"
    clerk.send(one(signed), {"receiver": "Siu Người Nhà", "paper_seen": "giấy ủy quyền số 2"}, "Đã phát")
    assert shipments.receiver_of(fresh(signed)) == ("Siu Người Nhà", "giấy ủy quyền số 2")


def test_two_closed_doors_are_noted_and_it_goes_back(signed, done, clerk):
    assert clerk.send(one(signed), {}, "Không phát được").status == 422
    for _ in range(2):
        clerk.send(one(signed), {"reason": "Không có người ở nhà", "words": "Chó dữ"}, "Không phát được")

    assert fresh(signed).state == "returned" and fresh(done).shipment == "came_back"
    assert ShipmentStep.select().where(ShipmentStep.note == "Không có người ở nhà. Chó dữ").count() == 2


def test_the_same_form_sent_twice_is_one_try(signed, clerk):
    fields = clerk.get(one(signed)).fields("Không phát được") | {"reason": "Sai địa chỉ"}
    for _ in range(2):
        clerk.post(f"{one(signed)}/khong-gap", fields)

    assert fresh(signed).tries == 1


def test_the_clerk_sees_whom_to_find_and_nothing_of_what_is_in_it(signed, done, clerk, account):
    pages = [clerk.get(ROUND), clerk.get(one(signed)), clerk.get(f"{ROUND}/danh-muc/{Manifest.get().id}")]

    assert done.code in pages[1].text and signed.address in pages[1].text
    for page in pages:
        for hidden in (SECRET, account.id_number, done.procedure_title, done.receipt_code, str(account.birth_date)):
            assert hidden not in page.text
    for address in (f"/mot-cua/ho-so/{done.code}", DESK, f"/mot-cua/danh-muc/{Manifest.get().id}", "/mot-cua/"):
        assert clerk.get(address).status == 404, address


def test_looking_changes_nothing(signed, clerk):
    rows = lambda: [list(table.select().order_by(table.id).dicts()) for table in (Shipment, ShipmentStep, Manifest, Dossier)]  # noqa: E731
    before = rows()
    for address in (ROUND, one(signed), f"{ROUND}/danh-muc/{Manifest.get().id}"):
        assert clerk.get(address).status == 200

    assert rows() == before


def test_the_day_of_a_clerk_begins_with_the_round(app, clerk, desk):
    with app.test_request_context():
        assert home_of(Staff.get(Staff.role == "postal_clerk")) == ROUND

    assert clerk.get(ROUND).links["Việc của bưu tá"] == ROUND and "Bưu điện" not in clerk.get(ROUND).links
    assert desk.get(DESK).links["Bưu điện"] == DESK and "Việc của bưu tá" not in desk.get(DESK).links
    assert "Không có việc nào chờ bạn." in clerk.get(ROUND).words


def test_another_button_of_a_page_gone_back_to_is_judged_for_itself(signed, clerk):
    before = clerk.get(one(signed)).fields("Thất lạc")
    clerk.post(f"{one(signed)}/da-phat", before | {"receiver": signed.receiver})
    page = clerk.post(f"{one(signed)}/that-lac", before | {"words": "Rơi mất"})

    assert page.status == 409 and "Bưu điện đã phát" in page.errors and fresh(signed).state == "delivered"


def test_a_number_is_noted_from_the_slip(signed, clerk):
    assert clerk.send(one(signed), {"tracking": "EP123456786VN"}, "Lưu số").status == 422
    clerk.send(one(signed), {"tracking": "ep 123456785 vn"}, "Lưu số")

    assert "EP 123 456 785 VN" in clerk.get(one(signed)).words


@pytest.mark.parametrize("role", ["specialist", "leader", "culture", "village_head", "administrator"])
def test_nobody_else_has_to_do_with_the_post(signed, visit_as, role):
    somebody = visit_as(make_staff(role, village="Thôn 9" if role == "village_head" else ""))

    for address in (DESK, ROUND, one(signed), f"/mot-cua/danh-muc/{Manifest.get().id}/nhan"):
        assert somebody.get(address).status == 404, address
    assert somebody.post(f"{one(signed)}/that-lac", {"form_key": "x", "words": "x"}).status == 404
    assert fresh(signed).state == "handed_over"


# --- the citizen -----------------------------------------------------------------------------------------------------


def test_the_citizen_sees_where_the_result_is_with_its_number(signed, done, visit_as, account, library, monkeypatch):
    shipments.note_tracking(signed, "EP123456785VN", utc_now())
    mine = visit_as(account).get(f"/ca-nhan/ho-so/{done.code}")
    assert "Đã giao bưu điện, số EP 123 456 785 VN." in mine.words

    page = visit_as(account).get(f"/ca-nhan/ho-so/{done.code}/buu-dien")
    assert "Cước do bưu điện thu, khoảng 26.000 đồng." in page.words and "Xem ở trang bưu điện" not in page.links
    monkeypatch.setattr("views.post.follow_address", lambda one: f"https://post.example/{one.tracking}")
    page = visit_as(account).get(f"/ca-nhan/ho-so/{done.code}/buu-dien")
    assert page.links["Xem ở trang bưu điện"] == "https://post.example/EP123456785VN"


@pytest.fixture
def awaiting(dossier):
    draft = dossier.papers.get().draft
    LaterPaper.create(draft=draft, dossier=dossier, document_key="giay_chung_sinh", due_on=utc_now().date())
    return Dossier.get_by_id(dossier.id)


def test_the_citizen_has_the_postman_fetch_papers_and_changes_her_mind(awaiting, visit_as, account, clerk):
    me = visit_as(account)
    path = me.get(f"/ca-nhan/ho-so/{awaiting.code}").links["Nhờ bưu tá đến lấy giấy"]
    page = me.get(path)
    assert page.typed_in("address").startswith("Thôn 6") and "khoảng 26.000 đồng" in page.words
    asked = me.get(me.send(path, {"address": "Thôn 7", "phone": "0912 345 678"}, "Nhờ bưu tá đến lấy").location)
    assert "Đã nhờ. Bưu tá sẽ gọi bạn trước khi đến." in asked.words and "Chờ bưu tá đến lấy" in asked.words
    assert "Đến nhà lấy giấy (1)" in clerk.get(ROUND).words

    me.send(path, {}, "tôi tự mang giấy đến")
    assert Shipment.get().state == "dropped"


def test_what_is_typed_wrongly_stays_and_nobody_is_sent(awaiting, visit_as, account):
    page = visit_as(account).send(f"/ca-nhan/ho-so/{awaiting.code}/buu-dien", {"address": "", "phone": "12"}, "Nhờ bưu tá")

    assert page.status == 422 and "Nhập địa chỉ" in page.errors and page.typed_in("phone") == "12"
    assert Shipment.select().count() == 0


def test_fetched_papers_come_to_the_desk_on_a_list(awaiting, visit_as, account, clerk, desk):
    me = visit_as(account)
    me.send(f"/ca-nhan/ho-so/{awaiting.code}/buu-dien", {"address": "Thôn 7"}, "Nhờ bưu tá đến lấy")
    assert clerk.send(one(Shipment.get()), {}, "Đã lấy giấy").status == 303
    field = desk.get(DESK).tree.xpath("//input[@name='ref']")[0]
    listed = desk.send(DESK, {"ref": field.get("value")}, "Lập danh mục nhận giấy")
    desk.send(listed.location.split("?")[0], {"postman": "Võ Bưu Tá"}, "Đã ký")

    assert (
        Shipment.get().state == "delivered"
        and "Giấy của bạn đã đến xã" in me.get(f"/ca-nhan/ho-so/{awaiting.code}/buu-dien").words
    )
    assert fresh(awaiting).state is State.SUBMITTED


def test_where_the_post_may_not_it_is_not_offered_and_the_reason_said(awaiting, visit_as, account):
    kept = awaiting.procedure | {"postal": {"pickup": False, "return": False}}
    Dossier.update(procedure=kept).where(Dossier.id == awaiting.id).execute()
    me = visit_as(account)
    assert "Nhờ bưu tá đến lấy giấy" not in me.get(f"/ca-nhan/ho-so/{awaiting.code}").links
    path = f"/ca-nhan/ho-so/{awaiting.code}/buu-dien"

    assert "bưu điện không lấy thay" in me.get(path).words
    assert me.post(path, {"form_key": "a", "address": "Thôn 7", "phone": "0912345678"}).status == 409
    assert Shipment.select().count() == 0


def test_another_citizen_finds_no_such_page(signed, done, visit_as):
    other = visit_as(make_account(full_name="Rah Lan Khác", email="khac@example.vn"))
    path = f"/ca-nhan/ho-so/{done.code}/buu-dien"

    assert other.get(path).status == other.post(path, {"address": "Thôn 1", "phone": "0912345678"}).status == 404
    assert other.post(f"{path}/thoi").status == 404


def test_no_name_and_no_number_stands_in_an_address(signed, clerk, desk, account):
    pages = [clerk.get(ROUND), desk.get(DESK), desk.get(f"/mot-cua/danh-muc/{Manifest.get().id}")]
    hrefs = [a.get("href") for page in pages for a in html.fromstring(page.text).iter("a") if "/mot-cua" in a.get("href", "")]

    assert hrefs and not any(re.search(r"09\d{8}|%C|\+84", href) for href in hrefs)
