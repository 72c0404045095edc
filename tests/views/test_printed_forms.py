"""The desk on paper: who makes out which form, what it looks like, how often it was printed, as HTML and as PDF."""

from datetime import timedelta

import msgspec
import pytest
from printing import needs_pdf, read
from stage import make_account, make_staff

from database import utc_now
from gateways import pdf
from models import AccountEvent, Apology, FormCounter, PrintedForm
from rules import form_values, printed_forms, supplements, workflow

LONG_NAME = "Nguyễn Rơ Châm H'Blơm Krông Ana Thị Bạch Tuyết"
POINTS = {"a4": (595, 842), "a5": (420, 595)}


@pytest.fixture
def desk(visit_as, officer):
    return visit_as(officer)


@pytest.fixture
def move(officer, library):
    def make(dossier, name, by=None, note=""):
        return workflow.make_move(dossier, name, by or officer, utc_now(), library.calendar, note)

    return make


@pytest.fixture
def accepted(dossier, move):
    move(dossier, "accept")
    return dossier


def last_event(dossier) -> int:
    return max(event.id for event in dossier.events)


def address(dossier, word="giay-hen") -> str:
    return f"/mot-cua/ho-so/{dossier.code}/lap/{word}/{last_event(dossier)}"


def printed() -> PrintedForm:
    return PrintedForm.get()


def page_of(form) -> str:
    return f"/mot-cua/ho-so/{form.dossier.code}/giay-in/{form.id}"


def nothing_was_made() -> bool:
    return not PrintedForm.select().exists() and not FormCounter.select().exists()


# --- making one out --------------------------------------------------------------------------------------------------


def test_an_officer_prints_the_appointment_slip(desk, accepted):
    page = desk.send(f"/mot-cua/ho-so/{accepted.code}", {}, "In giấy hẹn")

    assert page.location == page_of(printed())
    slip = desk.get(page.location)
    assert slip.heading == "Giấy tiếp nhận hồ sơ và hẹn trả kết quả"
    for words in ("CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM", "Độc lập - Tự do - Hạnh phúc", "Số: 01/TNHS", accepted.code,
                  "Ia Băng, ngày", "NGƯỜI NỘP HỒ SƠ", "NGƯỜI TIẾP NHẬN HỒ SƠ", "Mẫu số 01", "Rơ Châm H'Lan"):  # fmt: skip
        assert words in slip.words
    assert slip.headers["Cache-Control"] == "no-store"
    assert "Bản in lần" not in slip.words


def test_the_code_to_photograph_leads_to_this_dossier(desk, accepted):
    slip = desk.get(desk.post(address(accepted)).location)

    assert slip.tree.xpath("//img[contains(@alt, 'tra cứu')]/@src")[0].startswith("data:image/svg+xml")
    assert printed().values["link"] == f"http://localhost/tra-cuu?ma={accepted.receipt_code}"


def test_the_same_press_again_shows_the_same_form(desk, accepted):
    first, again = desk.post(address(accepted)), desk.post(address(accepted))

    assert first.location == again.location and PrintedForm.select().count() == 1


def test_looking_at_the_address_of_the_button_makes_nothing(desk, accepted):
    page = desk.get(address(accepted))

    assert page.location == f"/mot-cua/ho-so/{accepted.code}"
    assert nothing_was_made()


def test_a_moment_too_early_says_what_state_the_dossier_is_in(desk, dossier):
    page = desk.post(address(dossier))

    assert (page.status, "Mới đăng ký" in page.errors) == (409, True)
    assert nothing_was_made()


def test_a_refusal_is_asked_for_its_ground_and_the_way_on(desk, dossier, move):
    move(dossier, "refuse", note="Không thuộc thẩm quyền của xã")
    asked = desk.get(address(dossier, "tu-choi"))
    assert "Luật Hộ tịch" in asked.typed_in("ground") and asked.typed_in("advice") == ""

    empty = desk.post(address(dossier, "tu-choi"), {"ground": "Luật Hộ tịch, Điều 13", "advice": " "})
    assert (empty.status, "Nhập việc người dân cần làm tiếp" in empty.errors) == (422, True)
    assert empty.typed_in("ground") == "Luật Hộ tịch, Điều 13"
    assert nothing_was_made()

    desk.post(address(dossier, "tu-choi"), {"ground": "Luật Hộ tịch, Điều 13", "advice": "Đến Sở Tư pháp"})
    paper = desk.get(page_of(printed()))
    for words in ("Không thuộc thẩm quyền của xã", "Luật Hộ tịch, Điều 13", "Đến Sở Tư pháp", "Số: 01/TCHS"):
        assert words in paper.words


def test_what_is_typed_stands_on_paper_as_text(desk, dossier, move):
    move(dossier, "refuse", note="<b>đậm</b>")
    desk.post(address(dossier, "tu-choi"), {"ground": "<script>x</script>", "advice": "x"})

    paper = desk.get(page_of(printed()))

    assert "<script>x" in paper.words and "<b>đậm</b>" in paper.words


# --- who may ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("role", "word", "status"), [
    ("officer", "giay-hen", 303), ("officer", "kiem-soat", 303), ("specialist", "kiem-soat", 303),
    ("specialist", "giay-hen", 404), ("leader", "giay-hen", 404), ("leader", "kiem-soat", 404), ("culture", "kiem-soat", 404),
    ("village_head", "giay-hen", 404), ("administrator", "giay-hen", 404),
])  # fmt: skip
def test_each_makes_out_what_is_theirs(visit_as, accepted, officer, role, word, status):
    person = officer if role == "officer" else make_staff(role)
    page = visit_as(person).post(address(accepted, word))

    assert page.status == status
    assert PrintedForm.select().exists() == (status == 303)


@pytest.mark.parametrize("role", ["leader", "specialist"])
def test_a_leader_and_a_specialist_read_what_the_desk_printed(desk, visit_as, accepted, role):
    desk.post(address(accepted))

    page = visit_as(make_staff(role)).get(page_of(printed()))

    assert page.status == 200 and not any("In lại" in button for button in page.buttons)


def test_the_forms_of_another_office_are_not_there(desk, visit_as, accepted):
    desk.post(address(accepted))
    stranger = visit_as(make_staff("officer", "o121", office="H21.121"))
    form = printed()

    missing = stranger.get(f"/mot-cua/ho-so/{accepted.code[:-1]}9/giay-in/{form.id}")
    for path in (page_of(form), page_of(form) + ".pdf"):
        assert (stranger.get(path).status, missing.status) == (404, 404)
    assert stranger.post(page_of(form) + "/in-lai", {"copies": "1"}).status == 404
    assert stranger.post(address(accepted, "kiem-soat")).status == 404
    assert (PrintedForm.select().count(), printed().copies) == (1, 1)


def test_a_citizen_is_sent_to_log_in(visit_as, desk, accepted):
    desk.post(address(accepted))

    assert visit_as(accepted.account).get(page_of(printed())).location.startswith("/mot-cua/dang-nhap")


def test_a_form_is_not_shown_under_another_dossiers_name(desk, accepted, submit):
    other = submit(make_account(email="b@example.vn"))
    desk.post(address(accepted))

    assert desk.get(f"/mot-cua/ho-so/{other.code}/giay-in/{printed().id}").status == 404
    assert desk.post(f"/mot-cua/ho-so/{other.code}/lap/giay-hen/{last_event(accepted)}").status == 404


def test_opening_a_form_is_told_to_whose_it_is(desk, accepted):
    desk.post(address(accepted))
    before = AccountEvent.select().where(AccountEvent.name == "dossier opened").count()

    desk.get(page_of(printed()))

    assert AccountEvent.select().where(AccountEvent.name == "dossier opened").count() == before + 1


# --- copies ----------------------------------------------------------------------------------------------------------


def test_a_copy_is_counted_and_says_so(desk, accepted):
    desk.post(address(accepted))

    page = desk.send(page_of(printed()), {}, "In lại")

    assert printed().copies == 2
    assert "Bản in lần 2" in desk.get(page.location).words
    assert "in 2 lần" in desk.get(f"/mot-cua/ho-so/{accepted.code}").words


def test_the_same_press_counts_one_copy_and_looking_counts_none(desk, accepted):
    desk.post(address(accepted))
    again = page_of(printed()) + "/in-lai"

    for _ in range(2):
        assert desk.post(again, {"copies": "1"}).status == 303
    desk.get(page_of(printed()))

    assert printed().copies == 2


@pytest.mark.parametrize("role", ["specialist", "leader"])
def test_who_may_not_make_a_form_prints_no_more_copies_of_it(desk, visit_as, accepted, role):
    desk.post(address(accepted))

    assert visit_as(make_staff(role)).post(page_of(printed()) + "/in-lai", {"copies": "1"}).status == 404
    assert printed().copies == 1


def test_an_undone_form_is_marked_and_printed_no_more(desk, accepted, officer):
    desk.post(address(accepted))
    workflow.undo(accepted, last_event(accepted), officer, utc_now())

    page = desk.get(page_of(printed()))
    refused = desk.post(page_of(printed()) + "/in-lai", {"copies": "1"})

    assert "ĐÃ HOÀN TÁC" in page.words and not any("In lại" in button for button in page.buttons)
    assert (refused.status, "hoàn tác" in refused.errors, printed().copies) == (409, True, 1)
    assert desk.get(page_of(printed()) + ".pdf").location == page_of(printed())
    assert "Đã hoàn tác" in desk.get(f"/mot-cua/ho-so/{accepted.code}").words


# --- every form, on paper --------------------------------------------------------------------------------------------


@pytest.fixture
def every_form(officer, library, submit, move):
    """Each form of a set, made out of a dossier of its own, of somebody with a long name."""

    def make(form_set: str) -> dict[str, PrintedForm]:
        site, leader, now = msgspec.structs.replace(library.site, form_set=form_set), make_staff("leader"), utc_now()
        people = iter(make_account(LONG_NAME, f"{n}@example.vn") for n in range(9))
        said = {"ground": "Luật Hộ tịch", "advice": "Đến Sở Tư pháp", "money": "Chưa thu tiền"}

        def out(key, dossier, event):
            return printed_forms.make(
                dossier, printed_forms.BY_KEY[key], event.id, officer, now, site, library.calendar, "http://localhost/x", said
            )

        taken = submit(next(people))
        made = {"receipt": out("receipt", taken, move(taken, "accept")), "control": out("control", taken, move(taken, "begin"))}
        lacking = submit(next(people))
        asked = [supplements.Asked("", f"Giấy thứ {n}", "Ảnh mờ, không đọc được tên mẹ. Chụp lại cả tờ.") for n in range(30)]
        event = supplements.ask(lacking, asked, now.date() + timedelta(days=20), officer, now, library.calendar)
        made["supplement"] = out("supplement", lacking, event)
        refused = submit(next(people))
        made["refusal"] = out("refusal", refused, move(refused, "refuse", note="Không thuộc thẩm quyền"))
        late = submit(next(people))
        move(late, "accept")
        known = {"reason": "Chờ xác minh", "due_before": late.due_at, "new_due_at": late.due_at + timedelta(days=7)}
        Apology.create(dossier=late, made_by=officer, signed_by=leader, signed_at=now, form_key="k", **known)
        made["apology"] = out("apology", late, workflow.write_event(late, "apologized", late.state, late.state, leader, now))
        if form_set == "2025":
            ended = submit(next(people))
            move(ended, "accept")
            made["stop"] = out("stop", ended, move(ended, "stop", leader, "Không bổ sung giấy tờ"))
        return made

    return make


@needs_pdf
@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)  # no database draws a page
@pytest.mark.parametrize("form_set", ["2018", "2025"])
@pytest.mark.parametrize("size", ["a4", "a5"])
def test_every_form_of_both_sets_prints_on_both_sizes(desk, every_form, form_set, size):
    for key, form in every_form(form_set).items():
        kind = printed_forms.BY_KEY[key]
        answer = desk.client.get(f"{page_of(form)}.pdf?kho={size}")
        words, pages, points = read(answer.data)

        assert (answer.mimetype, answer.headers["Cache-Control"]) == ("application/pdf", "no-store")
        assert points == (POINTS[size][::-1] if kind.is_wide else POINTS[size]), key
        flat = " ".join(words.split())
        for said in ("CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM", "Độc lập - Tự do - Hạnh phúc", kind.titles[form_set].upper(),
                     f"Mẫu số {kind.numbers[form_set]}", form.dossier.code):  # fmt: skip
            assert said in flat, (key, said)
        assert f"Số: 01/{form.values['number'].partition('/')[2]}" in flat
        assert (f"2/{pages}" in words) == (pages > 1), "pages are numbered from the second on"
        if key == "supplement":
            assert pages > 1 and words.count("Giấy tờ, nội dung cần bổ sung") >= 2, "the table's head stands again on each page"
        if key in ("receipt", "refusal", "apology", "stop"):
            assert pages == 1 or "Ký" in words.split("\f")[-2], "signatures are not left alone"


@needs_pdf
def test_the_words_of_the_pdf_are_those_of_the_page(desk, accepted):
    desk.post(address(accepted))
    desk.post(page_of(printed()) + "/in-lai", {"copies": "1"})

    words, pages, _ = read(desk.client.get(page_of(printed()) + ".pdf").data)
    on_screen = desk.get(page_of(printed())).tree.find_class("official")[0].text_content()

    assert pages == 1
    assert sorted("".join(words.upper().split())) == sorted("".join(on_screen.upper().split()))
    assert "Bản in lần 2" in words


def test_the_page_is_shown_in_the_size_asked_for(desk, accepted):
    desk.post(address(accepted))

    for asked, shown in (("a5", "a5"), ("A5", "a5"), ("a4", "a4"), ("", "a4"), ("<x>", "a4")):
        page = desk.get(f"{page_of(printed())}?kho={asked}")
        assert shown in page.tree.find_class("official")[0].get("class").split()


def test_without_pango_no_pdf_is_offered_and_the_page_stays(desk, accepted, monkeypatch):
    monkeypatch.setattr(pdf, "is_there", lambda: False)
    desk.post(address(accepted))

    assert "Tải PDF" not in desk.get(page_of(printed())).links
    assert desk.get(page_of(printed()) + ".pdf").location == page_of(printed())
    assert desk.get("/mot-cua/so-theo-doi/in.pdf?tu=1/11/2026").location.startswith("/mot-cua/so-theo-doi/in?tu=")


def test_a_pdf_that_cannot_be_made_says_what_to_do(desk, accepted, monkeypatch):
    def fail(page, sheet):
        raise pdf.PdfFailed("code 1")

    monkeypatch.setattr(pdf, "is_there", lambda: True)
    monkeypatch.setattr(pdf, "make_pdf", fail)
    desk.post(address(accepted))

    page = desk.get(page_of(printed()) + ".pdf")

    assert (page.status, "Ctrl+P" in page.text) == (503, True)


# --- the register ----------------------------------------------------------------------------------------------------


def register(desk, query="", ending=""):
    return desk.get(f"/mot-cua/so-theo-doi/in{ending}{query}")


def test_the_register_is_printed_of_this_month(desk, accepted):
    page = register(desk)

    assert page.heading == "Sổ theo dõi hồ sơ"
    for words in (accepted.code, accepted.account.full_name, "Mẫu số 07", "Ký nhận", "Cộng: 1 hồ sơ"):
        assert words in page.words


def test_the_register_of_other_days_or_another_office_does_not_hold_it(desk, visit_as, accepted):
    assert accepted.code not in register(desk, "?tu=1/1/2020&den=31/1/2020").words
    assert accepted.code not in register(visit_as(make_staff("leader", office="H21.121"))).words


@pytest.mark.parametrize("query", ["?tu=32/1/2026", "?tu=2/1/2026&den=1/1/2026", "?den=x", "?den=31/12/9999"])
def test_days_that_cannot_be_are_answered_with_what_to_do(desk, query):
    page = register(desk, query)

    assert page.status == 422 and page.errors


def test_a_period_too_long_to_print_asks_for_a_shorter_one(desk, accepted, monkeypatch):
    monkeypatch.setattr(form_values, "MOST_LINES", 0)

    page = register(desk)

    assert (page.status, "Chọn kỳ ngắn hơn" in page.errors, accepted.code in page.words) == (422, True, False)


@pytest.mark.parametrize("role", ["culture", "village_head", "administrator", "postal_clerk"])
def test_others_of_the_commune_do_not_open_the_register(visit_as, role):
    assert register(visit_as(make_staff(role))).status == 404


@needs_pdf
def test_of_a_long_register_there_is_no_pdf_and_the_page_says_so(desk, accepted, monkeypatch):
    monkeypatch.setattr("views.printed_forms.MOST_LINES_OF_PDF", 0)
    page = register(desk)

    assert "trên 0 hồ sơ, không có tệp PDF" in page.words and "Tải PDF" not in page.links
    assert desk.get("/mot-cua/so-theo-doi/in.pdf").location == "/mot-cua/so-theo-doi/in"


@needs_pdf
@pytest.mark.parametrize("size", ["a4", "a5"])
def test_the_register_lies_on_its_side(desk, accepted, size):
    words, _, points = read(desk.client.get(f"/mot-cua/so-theo-doi/in.pdf?kho={size}").data)

    assert points == POINTS[size][::-1]
    assert accepted.code in words and "SỔ THEO DÕI HỒ SƠ" in words
