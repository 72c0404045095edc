"""The desk: logging in, one dossier, accepting and refusing it."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import time_machine
from stage import PASSWORD, hash_of_password, make_staff
from together import Requests, at_once

from database import utc_now
from models import Dossier, Event, Login, Staff, State
from rules.vietnamese import in_vietnam


def accept(visitor, dossier, key="khoa-1"):
    return visitor.post(f"/mot-cua/ho-so/{dossier.code}/tiep-nhan", {"form_key": key})


def refuse(visitor, dossier, reason="Ảnh giấy chứng sinh mờ, chụp lại", key="khoa-1"):
    return visitor.post(f"/mot-cua/ho-so/{dossier.code}/tu-choi", {"form_key": key, "reason": reason})


def fresh(dossier) -> Dossier:
    return Dossier.get_by_id(dossier.id)


def is_untouched(dossier) -> bool:
    row = fresh(dossier)
    moments = (row.accepted_at, row.due_at, row.ended_at)
    return row.state == State.SUBMITTED and moments == (None, None, None) and [event.name for event in row.events] == ["submit"]


def at_vietnam(text: str) -> datetime:
    return datetime.fromisoformat(f"{text}+07:00").astimezone(UTC)


@pytest.fixture
def desk(visit_as, officer):
    return visit_as(officer)


# --- logging in ------------------------------------------------------------------------------------------------------


def test_an_officer_logs_in_and_sees_the_queue(app, visitor, officer, monkeypatch):
    monkeypatch.setitem(app.config, "STAFF_SECOND_FACTOR", False)
    page = visitor.send("/mot-cua/dang-nhap", {"login_name": " Officer ", "password": PASSWORD}, "Đăng nhập")

    assert page.location == "/mot-cua/"
    assert visitor.get("/mot-cua/").user == officer.full_name


@pytest.mark.parametrize(("name", "password"), [("officer", "sai mat khau roi"), ("khong-co", PASSWORD), ("gone", PASSWORD)])
def test_wrong_unknown_and_departed_get_the_same_words(visitor, officer, name, password):
    Staff.create(
        login_name="gone",
        full_name="Đã nghỉ",
        role="officer",
        office="H21.129",
        password_hash=hash_of_password(),
        ended_at=utc_now(),
    )

    page = visitor.post("/mot-cua/dang-nhap", {"login_name": name, "password": password})

    assert (page.status, "chưa đúng" in page.errors) == (422, True)
    assert not Login.select().exists()


def test_who_has_left_is_out_at_once(desk, officer):
    Staff.update(ended_at=utc_now()).where(Staff.id == officer.id).execute()

    assert desk.get("/mot-cua/").location.startswith("/mot-cua/dang-nhap")


def test_an_idle_officer_logs_in_again(desk):
    with time_machine.travel(utc_now() + timedelta(minutes=31), tick=False):
        assert desk.get("/mot-cua/").location.startswith("/mot-cua/dang-nhap")


def test_an_idle_officers_button_moves_nothing(desk, dossier):
    token = desk.token()
    with time_machine.travel(utc_now() + timedelta(minutes=31), tick=False):
        page = desk.post(f"/mot-cua/ho-so/{dossier.code}/tiep-nhan", {"csrf_token": token, "form_key": "k"})

    assert page.location.startswith("/mot-cua/dang-nhap")
    assert is_untouched(dossier)


# --- one dossier -----------------------------------------------------------------------------------------------------


def test_the_officer_reads_what_was_asked_and_answered(desk, dossier, account):
    page = desk.get(f"/mot-cua/ho-so/{dossier.code}")

    for words in (dossier.procedure_title, account.full_name, account.id_number, "Tên của trẻ", "Siu Blĕo", "Giấy chứng sinh"):
        assert words in page.words
    assert "Tiếp nhận" in page.buttons
    assert page.links["Từ chối"].endswith("/tu-choi")


def test_a_script_in_an_answer_is_only_words(desk, dossier):
    answers = fresh(dossier).answers | {"con_ten": "<script>alert(1)</script>", "nyc_ho_ten": "\"'><img src=x onerror=alert(1)>"}
    Dossier.update(answers=answers, owner_name="<b>Siu</b>").where(Dossier.id == dossier.id).execute()
    page = desk.get(f"/mot-cua/ho-so/{dossier.code}")

    assert "<script>alert" not in page.text and "<img src=x" not in page.text and "<b>Siu" not in page.text
    assert "<script>alert(1)</script>" in page.words


@pytest.mark.parametrize("role", ["specialist", "leader"])
def test_who_reads_but_does_not_receive_sees_no_button(visit_as, dossier, role):
    visitor = visit_as(make_staff(role))
    page = visitor.get(f"/mot-cua/ho-so/{dossier.code}")

    assert "Tiếp nhận" not in page.buttons and "Từ chối" not in page.links
    assert accept(visitor, dossier).status == 404 and refuse(visitor, dossier).status == 404
    assert is_untouched(dossier)


@pytest.mark.parametrize("role", ["culture", "village_head", "postal_clerk", "administrator"])
def test_who_has_no_work_at_the_desk_sees_nothing_of_it(visit_as, dossier, role):
    visitor = visit_as(make_staff(role))

    assert (
        visitor.get("/mot-cua/").status
        == visitor.get(f"/mot-cua/ho-so/{dossier.code}").status
        == accept(visitor, dossier).status
        == 404
    )
    assert is_untouched(dossier)


def test_another_offices_dossier_is_not_there(visit_as, dossier):
    visitor = visit_as(make_staff("officer", "officer-121", office="H21.121"))
    paper = dossier.papers.get().id

    for path in (
        f"/mot-cua/ho-so/{dossier.code}",
        f"/mot-cua/ho-so/{dossier.code}/tu-choi",
        f"/mot-cua/ho-so/{dossier.code}/giay/{paper}",
    ):
        assert visitor.get(path).status == 404
    assert accept(visitor, dossier).status == refuse(visitor, dossier).status == 404
    assert is_untouched(dossier)


# --- accepting -------------------------------------------------------------------------------------------------------


def test_accepting_starts_the_clock_and_is_written_down(desk, officer, dossier):
    page = desk.send(f"/mot-cua/ho-so/{dossier.code}", {}, "Tiếp nhận")

    event = Event.select().order_by(Event.id.desc()).get()
    assert "Đã tiếp nhận hồ sơ." in desk.get(page.location).words
    assert (event.name, event.from_state, event.to_state, event.staff, event.actor_name) == (
        "accept",
        1,
        2,
        officer,
        officer.full_name,
    )
    assert fresh(dossier).state == State.ACCEPTED and fresh(dossier).due_at


# The worked examples: 24/11/2026 and 16-20/02/2026 are days off.
THREE_DAYS, FIVE_DAYS = {"type": "working_days", "value": 3}, {"type": "working_days", "value": 5}
SAME_DAY = {"type": "same_day", "value": 0, "cutoff": "15:00"}


@pytest.mark.parametrize(("processing", "accepted", "due"), [
    (THREE_DAYS, "2026-11-23T09:10:00", "2026-11-27T09:10:00"),
    (SAME_DAY, "2026-11-23T15:05:00", "2026-11-25T17:00:00"),
    (SAME_DAY, "2026-11-23T14:59:00", "2026-11-23T17:00:00"),
    (FIVE_DAYS, "2026-02-13T14:00:00", "2026-02-27T14:00:00"),
])  # fmt: skip
def test_the_due_date_is_counted_in_working_days(visit_as, officer, dossier, processing, accepted, due):
    Dossier.update(procedure=dossier.procedure | {"processing": dossier.procedure["processing"] | processing}).execute()
    with time_machine.travel(at_vietnam(accepted), tick=False):
        desk = visit_as(officer)
        page = accept(desk, dossier)
        shown = desk.get(page.location)

    assert in_vietnam(fresh(dossier).due_at).replace(tzinfo=None) == datetime.fromisoformat(due)
    assert f"ngày {int(due[8:10])}/{int(due[5:7])}/2026" in shown.words


def test_the_citizen_sees_the_new_state_at_once(desk, visit_as, visitor, account, dossier):
    visitor.get(f"/tra-cuu?ma={dossier.receipt_code}")
    accept(desk, dossier)

    assert "Xã đã nhận, có ngày hẹn trả" in visit_as(account).get(f"/ca-nhan/ho-so/{dossier.code}").words
    assert "Xã đã nhận, có ngày hẹn trả" in visitor.get(f"/tra-cuu?ma={dossier.receipt_code}").words


def test_the_same_form_twice_is_answered_as_the_first_time(desk, dossier):
    first, second = accept(desk, dossier), accept(desk, dossier)

    assert (first.status, first.location) == (second.status, second.location)
    assert fresh(dossier).events.count() == 2


def test_another_form_after_it_is_told_what_has_happened(desk, dossier):
    accept(desk, dossier)
    page = accept(desk, dossier, key="khoa-2")

    assert page.status == 409
    assert "đang ở trạng thái “Được tiếp nhận”" in page.words
    assert fresh(dossier).events.count() == 2


def test_a_key_of_one_dossier_does_not_answer_for_another(desk, account, submit):
    one, other = submit(account), submit(account)
    accept(desk, one)
    accept(desk, other)

    assert fresh(one).state == fresh(other).state == State.ACCEPTED


def test_of_two_officers_at_once_one_wins_and_the_other_is_told(visit_as, officer, dossier):
    one, two = visit_as(officer), visit_as(make_staff("officer", "officer-2"))
    tokens = one.token(), two.token()
    path = f"/mot-cua/ho-so/{dossier.code}"

    answers = at_once(
        lambda: one.client.post(f"{path}/tiep-nhan", data={"csrf_token": tokens[0], "form_key": "a"}).status_code,
        lambda: (
            two.client.post(
                f"{path}/tu-choi", data={"csrf_token": tokens[1], "form_key": "b", "reason": "Thiếu giấy"}
            ).status_code
        ),
        database=Requests,
    )

    assert sorted(answers) == [303, 409]
    assert fresh(dossier).events.count() == 2


def test_the_same_button_pressed_at_the_same_moment_moves_once(desk, new_visitor, dossier):
    token, twins = desk.token(), [twin_of(desk, new_visitor()) for _ in range(3)]
    data = {"csrf_token": token, "form_key": "a"}

    answers = at_once(*(
        lambda twin=twin: twin.client.post(f"/mot-cua/ho-so/{dossier.code}/tiep-nhan", data=data).status_code for twin in twins
    ), database=Requests)  # fmt: skip

    assert answers == [303, 303, 303]
    assert fresh(dossier).events.count() == 2


def twin_of(visitor, twin):
    """Another window of the same browser."""
    twin.client._cookies = dict(visitor.client._cookies)
    return twin


# --- refusing --------------------------------------------------------------------------------------------------------


def test_the_officer_gives_a_reason(desk, dossier):
    page = desk.send(f"/mot-cua/ho-so/{dossier.code}/tu-choi", {"reason": "Ảnh mờ"}, "Từ chối")

    assert "Đã từ chối hồ sơ." in desk.get(page.location).words
    assert fresh(dossier).state == State.REFUSED and fresh(dossier).ended_at
    assert Event.select().order_by(Event.id.desc()).get().note == "Ảnh mờ"


BAD_REASONS = {
    "nothing": ("", "Nhập lý do từ chối"), "spaces": ("   \n ", "Nhập lý do từ chối"),
    "too long": ("a" * 501, "nhiều nhất 500 ký tự"),
    "a megabyte": ("a" * 1_000_000, "nhiều nhất 500 ký tự"), "NUL": ("a\x00b", "ký tự ẩn"),
    "turned round": ("a\u202eb", "ký tự ẩn"),
}  # fmt: skip


@pytest.mark.parametrize("bad", BAD_REASONS)
def test_a_refusal_without_a_fit_reason_refuses_nothing(desk, dossier, bad):
    reason, message = BAD_REASONS[bad]
    page = refuse(desk, dossier, reason)

    assert page.status == 422
    assert message in page.errors
    assert is_untouched(dossier)


@pytest.mark.parametrize(
    "reason", ["🐘", "e\u0302\u0301", "<script>alert(1)</script>", "dòng một\r\ndòng hai", "{{7*7}}", "31/02/2026", "a" * 500]
)
def test_any_words_may_be_a_reason_and_stay_words(desk, visit_as, account, dossier, reason):
    refuse(desk, dossier, reason)
    pages = [desk.get(f"/mot-cua/ho-so/{dossier.code}"), visit_as(account).get(f"/ca-nhan/ho-so/{dossier.code}")]

    assert fresh(dossier).state == State.REFUSED
    assert all("<script>alert" not in page.text for page in pages)


def test_a_stale_page_keeps_the_reason_typed(desk, dossier):
    page = desk.post(f"/mot-cua/ho-so/{dossier.code}/tu-choi", {"csrf_token": "cu", "reason": "Ảnh mờ lắm", "form_key": "k"})

    assert page.status == 422
    assert page.tree.xpath("//textarea[@name='reason']")[0].text.strip() == "Ảnh mờ lắm"
    assert "Trang này mở đã lâu" in page.errors
    assert is_untouched(dossier)


def test_the_same_refusal_twice_is_answered_as_the_first_time(desk, dossier):
    first, second = refuse(desk, dossier), refuse(desk, dossier)

    assert (first.status, first.location) == (second.status, second.location)
    assert fresh(dossier).events.count() == 2


def test_what_was_accepted_is_not_refused_any_more(desk, dossier):
    accept(desk, dossier)

    assert refuse(desk, dossier, key="khoa-2").status == 409
    assert fresh(dossier).state == State.ACCEPTED


@pytest.mark.parametrize("key", ["", "x" * 5000, "\x00", "🐘", "'; --", "a\r\nb"])
def test_no_key_breaks_the_desk(desk, dossier, key):
    page = accept(desk, dossier, key=key)

    assert page.status in (303, 400, 409, 422)


# --- papers ----------------------------------------------------------------------------------------------------------


def opened(app) -> list[dict]:
    lines = Path(app.config["INSTANCE_DIR"], "security.log").read_text(encoding="utf-8").splitlines()
    return [line for line in map(json.loads, lines) if line.get("event") == "paper opened"]


def test_opening_a_paper_is_written_down_with_who_and_why(app, desk, officer, dossier):
    paper = dossier.papers.get()
    before = len(opened(app))
    page = desk.client.get(f"/mot-cua/ho-so/{dossier.code}/giay/{paper.id}")

    line = opened(app)[-1]
    assert (page.status_code, len(opened(app))) == (200, before + 1)
    assert (line["staff"], line["dossier"], line["document"], line["purpose"]) == (
        officer.id,
        dossier.code,
        paper.document_key,
        "queue",
    )


def test_a_paper_comes_as_a_file_in_a_sandbox_and_is_kept_by_nobody(desk, dossier):
    paper = dossier.papers.get()
    answer = desk.client.get(f"/mot-cua/ho-so/{dossier.code}/giay/{paper.id}")

    assert answer.data.startswith(b"\xff\xd8")
    assert answer.headers["Content-Disposition"] == f"attachment; filename={paper.document_key}.jpg"
    assert "sandbox" in answer.headers["Content-Security-Policy"]
    assert (answer.headers["Cache-Control"], answer.headers["X-Content-Type-Options"]) == ("no-store", "nosniff")


def test_a_paper_opens_only_under_its_own_dossier(app, desk, account, submit):
    one, other = submit(account), submit(account)
    before = len(opened(app))

    for number in (one.papers.get().id, 0, 10**12):
        assert desk.get(f"/mot-cua/ho-so/{other.code}/giay/{number}").status == 404
    assert len(opened(app)) == before


def test_a_paper_of_a_draft_is_seen_by_no_officer(desk, account, dossier, make_draft):
    paper = make_draft(account).papers.get()

    assert desk.get(f"/mot-cua/ho-so/{dossier.code}/giay/{paper.id}").status == 404
