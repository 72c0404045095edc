"""The desk looks at papers: small beside the dossier, large beside the answers; what is found goes into the request."""

import io
from datetime import timedelta

import pytest
import time_machine
from PIL import Image
from stage import make_staff, photo
from werkzeug.datastructures import MultiDict

from database import utc_now
from gateways.papers import CleanPaper, clean_paper
from models import AccountEvent, Dossier, Paper, PaperCheck, State, SupplementItem
from rules import corrections, paper_checks, submission
from rules.papers import keep_paper

BIRTH_PAPER = "giay_chung_sinh"
SAVE = "Lưu và sang giấy sau"


@pytest.fixture
def desk(visit_as, officer):
    return visit_as(officer)


def page_of(dossier) -> str:
    return f"/mot-cua/ho-so/{dossier.code}"


def check_of(dossier, key=BIRTH_PAPER) -> str:
    return f"{page_of(dossier)}/kiem-tra/{key}"


def check(visitor, dossier, verdict="good", reason="", key=BIRTH_PAPER):
    fields = visitor.get(check_of(dossier, key)).fields(SAVE)
    return visitor.post(check_of(dossier, key), fields | {"verdict": verdict, "reason": reason})


def pictures(page) -> list[str]:
    return [image.get("src") for image in page.tree.iter("img")]


def openings() -> list[tuple[str, str]]:
    return [(row.name, row.purpose) for row in AccountEvent.select().order_by(AccountEvent.id) if "opened" in row.name]


@pytest.fixture
def dossier_of(app, make_draft, library, account):
    """A dossier with more papers: (key, cleaned paper)."""

    def make(*papers):
        draft = make_draft(account)
        for key, paper in papers:
            keep_paper(draft, key, paper, app.extensions["files"], utc_now())
        definition = library.definitions[draft.procedure_slug]
        return submission.submit(draft, submission.content_hash(draft), definition, "H21.129", library.calendar, utc_now(), str)

    return make


def red_photo() -> CleanPaper:
    return CleanPaper(photo("red"), "image/jpeg", "do.jpg")


def two_pages() -> CleanPaper:
    import pikepdf

    pdf, file = pikepdf.new(), io.BytesIO()
    for _ in range(2):
        pdf.add_blank_page(page_size=(200, 300))
    pdf.save(file)
    return clean_paper(file.getvalue(), "hai-trang.pdf")


# --- small pictures --------------------------------------------------------------------------------------------------


def test_papers_stand_beside_the_dossier_as_small_pictures(desk, dossier):
    (address,) = pictures(desk.get(page_of(dossier)))
    picture = desk.get(address)

    assert (picture.status, picture.headers["Content-Type"]) == (200, "image/jpeg")
    assert len(picture.data) <= 6000 and max(Image.open(io.BytesIO(picture.data)).size) <= 160
    assert picture.headers["Cache-Control"] == "no-store" and picture.headers["Content-Security-Policy"].startswith("sandbox")


def test_the_page_may_show_pictures_of_this_site_alone(desk, dossier):
    assert "img-src 'self' data:;" in desk.get(page_of(dossier)).headers["Content-Security-Policy"]


def test_small_pictures_are_part_of_the_opening_of_their_page(desk, dossier):
    (address,) = pictures(desk.get(page_of(dossier)))
    before = openings()
    desk.get(address)

    assert before == openings() == [("dossier opened", "giải quyết hồ sơ")]


@pytest.mark.parametrize("mark", ["", "?dau=", "?dau=1-x", "?dau=%00", "?dau=99999999999999999999-a", "another login", "old"])
def test_a_picture_that_belongs_to_no_opening_is_one_of_its_own(desk, visit_as, dossier, mark):
    address, age = f"{page_of(dossier)}/giay/{dossier.papers.get().id}/nho{mark}", timedelta(0)
    if mark == "another login":
        (address,) = pictures(visit_as(make_staff("leader")).get(page_of(dossier)))
    elif mark == "old":
        (address,), age = pictures(desk.get(page_of(dossier))), timedelta(minutes=29)
        with time_machine.travel(utc_now() + age, tick=False):
            desk.get(page_of(dossier))  # so that the login is not idle
        age = timedelta(minutes=31)
    with time_machine.travel(utc_now() + age, tick=False):
        assert desk.get(address).status == 200

    assert openings()[-1] == ("paper opened", "giải quyết hồ sơ")


def test_the_mark_of_small_pictures_opens_no_large_one_unseen(desk, dossier):
    (address,) = pictures(desk.get(page_of(dossier)))
    desk.get(address.replace("/nho", "/lon"))

    assert openings()[-1][0] == "paper opened"


def test_a_pdf_is_a_mark_with_the_number_of_its_pages(desk, dossier_of):
    dossier = dossier_of(("bien_ban_bo_roi", two_pages()))
    address = pictures(desk.get(page_of(dossier)))[-1]
    mark = desk.get(address)

    assert mark.headers["Content-Type"].startswith("image/svg+xml") and b"2 trang" in mark.data
    assert "Mở tệp PDF: hai-trang.pdf" in desk.get(check_of(dossier, "bien_ban_bo_roi")).words


@pytest.mark.parametrize("kind", ["nho", "lon"])
def test_pictures_of_another_office_or_dossier_are_not_there(desk, visit_as, account, submit, kind):
    one, other = submit(account), submit(account)
    stranger = visit_as(make_staff("officer", "officer-121", office="H21.121"))
    paper = one.papers.get().id

    assert stranger.get(f"{page_of(one)}/giay/{paper}/{kind}").status == 404
    assert desk.get(f"{page_of(other)}/giay/{paper}/{kind}").status == 404
    assert openings() == []


# --- one document, large ---------------------------------------------------------------------------------------------


def test_the_photo_stands_large_beside_the_answers(desk, dossier, account):
    page = desk.get(check_of(dossier))
    (address,) = pictures(page)

    assert desk.get(address).data == photo(size=(60, 80))
    for words in ("Bản chính, 1 bản. Bắt buộc.", account.full_name, account.id_number, "Siu Blĕo"):
        assert words in page.words
    assert openings() == [("paper opened", "kiểm tra giấy tờ")]


def test_several_photos_of_a_document_are_one_opening(desk, dossier_of):
    dossier = dossier_of((BIRTH_PAPER, red_photo()))
    page = desk.get(check_of(dossier))

    assert [desk.get(address).status for address in pictures(page)] == [200, 200]
    assert AccountEvent.select().order_by(AccountEvent.id.desc()).first().subject.endswith(f"(2 ảnh), {dossier.code}")
    assert len(openings()) == 1


def test_a_document_of_which_nothing_came_can_be_asked_for(desk, dossier):
    page = desk.get(check_of(dossier, "giay_to_cu_tru"))

    assert "Không có ảnh giấy này." in page.words and SAVE in page.buttons
    assert check(desk, dossier, "lacking", "Cần giấy này", "giay_to_cu_tru").status == 303


@pytest.mark.parametrize("key", ["khong-co", "to_khai", "khac", "%00", "a" * 300])
def test_a_document_that_is_none_is_not_there(desk, dossier, key):
    assert desk.get(check_of(dossier, key)).status == desk.post(check_of(dossier, key)).status == 404


def test_another_offices_document_is_not_there(visit_as, dossier):
    visitor = visit_as(make_staff("officer", "officer-121", office="H21.121"))

    assert visitor.get(check_of(dossier)).status == visitor.post(check_of(dossier), {"verdict": "good"}).status == 404
    assert not PaperCheck.select().exists()


def test_a_leader_sees_the_paper_and_no_form(visit_as, dossier):
    visitor = visit_as(make_staff("leader"))

    assert SAVE not in visitor.get(check_of(dossier)).buttons
    assert visitor.post(check_of(dossier), {"verdict": "good"}).status == 404


# --- what was found --------------------------------------------------------------------------------------------------


def test_saving_leads_to_the_next_paper_and_from_the_last_to_the_dossier(desk, officer, dossier_of):
    dossier = dossier_of(("bien_ban_bo_roi", red_photo()))
    first = check(desk, dossier)
    last = check(desk, dossier, key="bien_ban_bo_roi")

    assert first.location == f"{check_of(dossier, 'bien_ban_bo_roi')}?da=da-ghi"
    assert last.location == f"{page_of(dossier)}?da=het-giay"
    assert "Giấy tờ: đạt 2/2" in desk.get(last.location).words
    assert {(row.verdict, row.by_id) for row in PaperCheck.select()} == {("good", officer.id)}


def test_a_phrase_and_what_is_typed_are_one_reason(desk, dossier, library):
    phrase = library.reasons.of_paper(BIRTH_PAPER, dossier.procedure_slug)[0]
    page = desk.get(check_of(dossier))
    assert phrase in page.words
    data = page.fields(SAVE) | {"verdict": "lacking", "csrf_token": desk.token()}
    desk.client.post(check_of(dossier), data=data | {"reason": [phrase, "Chụp ở nhà cũng được."]})

    assert PaperCheck.get().reason == f"{phrase} Chụp ở nhà cũng được."


@pytest.mark.parametrize(
    ("verdict", "reason", "message"),
    [
        ("", "Mờ", "Chọn Đạt, Cần bổ sung hoặc Mang đến sau"),
        ("x", "Mờ", "Chọn Đạt"),
        ("lacking", " ", "Chọn hoặc viết lý do"),
        ("lacking", "a" * 301, "nhiều nhất 300 ký tự"),
        ("lacking", "a\x00b", "ký tự ẩn"),
    ],
)
def test_what_is_not_right_is_said_and_nothing_is_written(desk, dossier, verdict, reason, message):
    page = check(desk, dossier, verdict, reason)

    assert page.status == 422 and message in page.errors
    assert page.tree.xpath("//textarea[@name='reason']")[0].text.strip() == reason.replace("\x00", "").strip()
    assert not PaperCheck.select().exists()


def test_the_same_form_twice_is_answered_as_the_first_time(desk, dossier):
    data = desk.get(check_of(dossier)).fields(SAVE) | {"verdict": "good", "reason": ""}
    answers = [desk.post(check_of(dossier), data) for _ in range(2)]

    assert answers[0].location == answers[1].location and PaperCheck.select().count() == 1


def test_who_comes_second_is_told_and_keeps_what_was_typed(desk, visit_as, dossier):
    other = visit_as(make_staff("officer", "officer-2"))
    data = other.get(check_of(dossier)).fields(SAVE)
    check(desk, dossier, "good")
    page = other.post(check_of(dossier), data | {"verdict": "lacking", "reason": "Ảnh mờ lắm"})

    assert page.status == 409 and "vừa ghi “Đạt”" in page.errors and "Ảnh mờ lắm" in page.text
    assert PaperCheck.select().count() == 1
    assert other.post(check_of(dossier), page.fields(SAVE) | {"verdict": "lacking", "reason": "Ảnh mờ"}).status == 303


def test_a_correction_asks_for_a_new_look(app, library, desk, dossier):
    check(desk, dossier)
    draft = corrections.begin(dossier, dossier.account, app.extensions["files"], utc_now())
    keep_paper(draft, BIRTH_PAPER, red_photo(), app.extensions["files"], utc_now())
    corrections.send(draft, submission.content_hash(draft), utc_now(), library.calendar)

    assert "Có giấy mới, xem lại" in desk.get(page_of(dossier)).words
    assert "Từ đó đã có giấy mới" in desk.get(check_of(dossier)).words


def test_an_accepted_and_finished_dossier_is_checked_no_more(desk, dossier):
    data = desk.get(check_of(dossier)).fields(SAVE)
    Dossier.update(state=State.DONE).where(Dossier.id == dossier.id).execute()

    assert SAVE not in desk.get(check_of(dossier)).buttons
    assert desk.post(check_of(dossier), data | {"verdict": "good"}).status == 409
    assert not PaperCheck.select().exists()


# --- what follows from it --------------------------------------------------------------------------------------------


def buttons_of(page) -> list[str]:
    return [" ".join(act.text_content().split()) for act in page.tree.find_class("acts")[0].xpath(".//a|.//button")]


def test_looking_comes_first_then_accepting_or_asking(desk, dossier):
    assert buttons_of(desk.get(page_of(dossier)))[:2] == ["Kiểm tra giấy tờ", "Tiếp nhận"]
    check(desk, dossier, "lacking", "Ảnh mờ")
    assert buttons_of(desk.get(page_of(dossier)))[:2] == ["Yêu cầu bổ sung", "Tiếp nhận"]
    check(desk, dossier)
    assert buttons_of(desk.get(page_of(dossier)))[0] == "Tiếp nhận"


def test_accepting_unchecked_is_warned_of_and_done(desk, dossier):
    assert "Giấy bắt buộc chưa kiểm tra: Giấy chứng sinh" in desk.get(page_of(dossier)).words
    desk.send(page_of(dossier), {}, "Tiếp nhận")

    assert Dossier.get_by_id(dossier.id).state is State.ACCEPTED


def test_what_was_found_lacking_stands_in_the_request(desk, dossier):
    check(desk, dossier, "lacking", "Ảnh mờ")
    check(desk, dossier, "lacking", "Cần giấy này", "giay_to_cu_tru")
    form = desk.get(f"{page_of(dossier)}/bo-sung").tree.find_class("ask")[0]
    sent = MultiDict((name, value) for name, value in form.form_values() if name)
    assert desk.client.post(f"{page_of(dossier)}/bo-sung", data=sent).status_code == 303

    asked = [(item.document_key, item.reason) for item in SupplementItem.select().order_by(SupplementItem.id)]
    assert asked == [(BIRTH_PAPER, "Ảnh mờ"), ("giay_to_cu_tru", "Cần giấy này")]


def test_what_the_officer_unticks_is_not_ticked_again(desk, dossier):
    check(desk, dossier, "lacking", "Ảnh mờ")
    page = desk.post(f"{page_of(dossier)}/bo-sung", {"form_key": "k", "due_on": "1/12/2099"})

    assert page.status == 422 and not page.tree.xpath("//input[@name='ask'][@checked]")
    assert not SupplementItem.select().exists()


def test_a_second_request_shows_what_was_asked_before(desk, dossier):
    asked = {"other": "Giấy xác nhận", "other_reason": "Thiếu dấu", "due_on": "1/12/2099"}
    desk.send(f"{page_of(dossier)}/bo-sung", asked, "Gửi yêu cầu")
    desk.send(page_of(dossier), {}, "Đã nhận giấy")
    page = desk.get(f"{page_of(dossier)}/bo-sung")

    assert page.heading == "Yêu cầu bổ sung lần 2" and "Giấy xác nhận : Thiếu dấu" in page.words.replace("nhận:", "nhận :")


def test_a_refusal_takes_a_phrase_alone(desk, dossier, library):
    phrase = library.reasons.moves["refuse"][1]
    page = desk.get(f"{page_of(dossier)}/tu-choi")
    assert phrase in page.words
    desk.client.post(f"{page_of(dossier)}/tu-choi", data=page.fields("Từ chối") | {"reason": [phrase, ""]})

    assert dossier.events.order_by(-dossier.events.model.id).first().note == phrase


@pytest.mark.parametrize(("step", "offered"), [("signing", ["Đã ký", "Trả lại, chưa ký"]), ("", [])])
def test_a_leader_signs_or_returns_what_waits_for_it(visit_as, dossier, step, offered):
    Dossier.update(state=State.IN_PROGRESS, step=step).where(Dossier.id == dossier.id).execute()
    page = visit_as(make_staff("leader")).get(page_of(dossier))

    assert buttons_of(page) == [*offered, "Dừng giải quyết"]
    assert ("chờ lãnh đạo ký" in page.words) == bool(step)


def test_a_leader_signs(visit_as, dossier):
    Dossier.update(state=State.IN_PROGRESS, step="signing").where(Dossier.id == dossier.id).execute()
    visit_as(make_staff("leader")).send(page_of(dossier), {}, "Đã ký")

    assert Dossier.get_by_id(dossier.id).step == "signed"


def test_a_dossier_without_any_paper_says_so(desk, dossier):
    Paper.update(replaced_at=utc_now()).where(Paper.dossier == dossier).execute()
    procedure = dossier.procedure | {"documents": []}
    Dossier.update(procedure=procedure).where(Dossier.id == dossier.id).execute()

    assert "Không kèm giấy nào." in desk.get(page_of(dossier)).words
    assert paper_checks.sheet(Dossier.get_by_id(dossier.id)) == []
