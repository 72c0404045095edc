"""The numbered forms: what each is made out for, its number without a gap, and that it says the same for ever."""

import shutil
from datetime import UTC, date, datetime, timedelta

import msgspec
import pytest
from stage import PROJECT, make_account, make_staff
from together import at_once

from database import db, utc_now
from models import Apology, FormCounter, HandOver, PrintedForm, State
from rules import form_values, printed_forms, supplements, workflow
from rules.content import check_content
from rules.printed_forms import BY_KEY, KINDS, REGISTER, SETS
from rules.vietnamese import in_vietnam
from rules.workflow import MoveRefused

LINK = "http://localhost/tra-cuu?ma=X"
SAID = {"ground": "Luật Hộ tịch", "advice": "Đến Sở Tư pháp", "money": "Chưa thu tiền"}


@pytest.fixture
def leader(app):
    return make_staff("leader")


@pytest.fixture
def move(officer, library):
    def make(dossier, name, by=None, note="", now=None):
        return workflow.make_move(dossier, name, by or officer, now or utc_now(), library.calendar, note)

    return make


@pytest.fixture
def make(officer, library):
    def make_out(dossier, key, event, now=None, form_set="2025"):
        site = msgspec.structs.replace(library.site, form_set=form_set)
        now = now or utc_now()
        return printed_forms.make(dossier, BY_KEY[key], event.id, officer, now, site, library.calendar, LINK, SAID)

    return make_out


def at(text: str) -> datetime:
    return datetime.fromisoformat(f"{text}+07:00").astimezone(UTC)


def numbers(key: str = "receipt") -> list[int]:
    return [form.number for form in PrintedForm.select().where(PrintedForm.form == key).order_by(PrintedForm.number)]


def nothing_was_made() -> bool:
    return not PrintedForm.select().exists() and not FormCounter.select().exists()


def offered(dossier, form_set="2025") -> list[str]:
    return [one.kind.key for one in printed_forms.to_make(dossier, form_set)]


# --- the two sets ----------------------------------------------------------------------------------------------------


def test_the_sets_number_their_forms_as_the_annexes_do():
    order = ["receipt", "supplement", "refusal", "apology", "stop", "control", "register"]
    told = {kind.key: kind.numbers for kind in KINDS} | {"register": REGISTER["numbers"]}

    assert [told[key].get("2018", "–") for key in order] == ["01", "02", "03", "04", "–", "05", "06"]
    assert [told[key]["2025"] for key in order] == ["01", "02", "03", "04", "05", "06", "07"]


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.key)
def test_a_form_has_a_title_in_each_set_it_has_a_number_in(kind):
    assert kind.titles.keys() == kind.numbers.keys() <= SETS.keys()


def test_an_apology_is_called_otherwise_since_2025(dossier, move, make, leader):
    titles = BY_KEY["apology"].titles

    assert titles["2018"].startswith("Phiếu xin lỗi và hẹn lại") and titles["2025"].startswith("Văn bản xin lỗi và đề nghị")


def test_a_stop_has_a_form_only_since_2025(dossier, move, make, leader):
    move(dossier, "accept")
    event = move(dossier, "stop", leader, "Không bổ sung")

    assert "stop" in offered(dossier, "2025") and "stop" not in offered(dossier, "2018")
    with pytest.raises(MoveRefused, match="bộ mẫu 2018 không có"):
        make(dossier, "stop", event, form_set="2018")
    assert nothing_was_made()


@pytest.mark.parametrize(
    ("old", "new", "fault"),
    [
        ('form_set: "2025"', 'form_set: "2018"', ""),
        ("receipt: TNHS", "receipt: PTN", ""),
        ('form_set: "2025"', 'form_set: "2019"', "form_set"),
        ("receipt: TNHS", "receipt: giấy hẹn", "ký hiệu biểu mẫu viết hoa"),
        ("receipt: TNHS", "giay_hen: TNHS", "giay_hen"),
    ],
)
def test_the_commune_chooses_its_set_and_signs_and_is_told_what_is_wrong(tmp_path, old, new, fault):
    shutil.copytree(PROJECT / "content", tmp_path / "content")
    site = tmp_path / "content" / "site.yaml"
    assert site.read_text().count(old) == 1
    site.write_text(site.read_text().replace(old, new))

    found = " ".join(str(one) for one in check_content(tmp_path / "content"))

    assert fault in found if fault else found == ""


# --- numbers ---------------------------------------------------------------------------------------------------------


def test_numbers_follow_each_other_without_a_gap(account, submit, move, make):
    dossiers = [submit(account), submit(make_account(email="b@example.vn")), submit(make_account(email="c@example.vn"))]

    for dossier in dossiers:
        make(dossier, "receipt", move(dossier, "accept"))

    assert numbers() == [1, 2, 3]


def test_each_form_and_each_year_begins_at_one(dossier, account, submit, move, make):
    first = move(dossier, "accept", now=at("2026-12-31T09:00"))
    make(dossier, "receipt", first, at("2026-12-31T23:30"))
    make(dossier, "control", first, at("2026-12-31T23:30"))
    other = submit(make_account(email="b@example.vn"))
    # New year begins in Việt Nam while it is still 17 o'clock of the old one in Greenwich.
    form = make(other, "receipt", move(other, "accept"), at("2027-01-01T00:10"))

    assert (form.year, form.number, form.values["day"]) == (2027, 1, "ngày 01 tháng 01 năm 2027")
    assert numbers("control") == [1]


def test_the_same_press_again_gives_the_same_form(dossier, move, make):
    event = move(dossier, "accept")

    first, again = make(dossier, "receipt", event), make(dossier, "receipt", event)

    assert first == again and numbers() == [1]


def test_two_officers_at_once_make_one_form(dossier, move, make):
    event = move(dossier, "accept")

    made = at_once(*(lambda: make(dossier, "receipt", event) for _ in range(4)))

    assert len({form.id for form in made}) == 1 and numbers() == [1]


def test_ten_dossiers_at_once_leave_no_gap(officer, submit, move, make):
    dossiers = [submit(make_account(email=f"{n}@example.vn")) for n in range(8)]
    events = [move(dossier, "accept") for dossier in dossiers]

    at_once(*(lambda d=dossier, e=event: make(d, "receipt", e) for dossier, event in zip(dossiers, events, strict=True)))

    assert numbers() == list(range(1, 9))


def test_what_fails_on_the_way_takes_no_number(dossier, move, make, monkeypatch):
    event = move(dossier, "accept")
    monkeypatch.setattr(form_values, "day_words", lambda day: 1 / 0)

    with pytest.raises(ZeroDivisionError):
        make(dossier, "receipt", event)
    monkeypatch.undo()

    assert nothing_was_made()
    assert make(dossier, "receipt", event).number == 1


# --- what is made out for what ---------------------------------------------------------------------------------------


def test_nothing_is_offered_of_a_dossier_that_nobody_has_touched(dossier):
    assert offered(dossier) == []


def test_a_receipt_needs_an_accepted_dossier(dossier, make):
    with pytest.raises(MoveRefused, match="Mới đăng ký"):
        make(dossier, "receipt", dossier.events.get())
    assert nothing_was_made()


@pytest.mark.parametrize("key", [kind.key for kind in KINDS])
def test_no_form_is_made_out_for_an_event_of_another_dossier(dossier, submit, move, make, key):
    other = submit(make_account(email="b@example.vn"))
    event = move(other, "accept")

    with pytest.raises(MoveRefused):
        make(dossier, key, event)
    assert nothing_was_made()


def test_a_refusal_says_why_on_what_ground_and_what_to_do(dossier, move, make):
    event = move(dossier, "refuse", note="Việc này do Sở Tư pháp giải quyết")

    values = make(dossier, "refusal", event).values

    assert values["reason"] == "Việc này do Sở Tư pháp giải quyết"
    assert (values["ground"], values["advice"]) == ("Luật Hộ tịch", "Đến Sở Tư pháp")
    assert values["number"] == "01/TCHS"


def ask(dossier, officer, library, what="Giấy chứng sinh"):
    asked = [supplements.Asked("giay_chung_sinh", what, "Ảnh mờ"), supplements.Asked("", "Ngày sinh của con", "Khác giấy")]
    return supplements.ask(dossier, asked, date(2099, 12, 5), officer, utc_now(), library.calendar, "Đến buổi sáng.")


def test_a_supplement_lists_each_paper_with_its_reason(dossier, officer, library, make):
    values = make(dossier, "supplement", ask(dossier, officer, library)).values

    assert values["items"] == [["Giấy chứng sinh", "Ảnh mờ"], ["Ngày sinh của con", "Khác giấy"]]
    assert (values["due_on"], values["note"], values["round"]) == ("ngày 05 tháng 12 năm 2099", "Đến buổi sáng.", 1)
    assert "Luật Hộ tịch" in values["ground"]


def test_each_round_of_asking_has_its_own_form(dossier, officer, library, move, make):
    first = ask(dossier, officer, library)
    make(dossier, "supplement", first)
    supplements.current(dossier).items.model.update(way="upload").execute()
    move(dossier, "supplied")
    supplements.SupplementRequest.update(closed_at=utc_now()).execute()
    second = ask(dossier, officer, library, "Tờ khai")

    form = make(dossier, "supplement", second)

    assert (form.number, form.values["round"], form.values["items"][0][0]) == (2, 2, "Tờ khai")


def sign_apology(dossier, officer, leader):
    now = utc_now()
    known = {"reason": "Chờ xác minh", "due_before": dossier.due_at, "new_due_at": dossier.due_at + timedelta(days=7)}
    Apology.create(dossier=dossier, made_by=officer, signed_by=leader, signed_at=now, form_key="k", **known)
    return workflow.write_event(dossier, "apologized", dossier.state, dossier.state, leader, now)


def test_an_apology_names_both_days_and_who_signed(dossier, officer, leader, move, make):
    move(dossier, "accept", now=at("2026-11-23T09:10"))

    values = make(dossier, "apology", sign_apology(dossier, officer, leader)).values

    assert values["due_before"] == "17 giờ 00 phút, ngày 23 tháng 11 năm 2026"
    assert values["new_due_at"] == "17 giờ 00 phút, ngày 30 tháng 11 năm 2026"
    assert values["signers"][0]["name"] == leader.full_name and values["number"] == "01/PXL"


def test_an_apology_nobody_has_signed_is_not_printed(dossier, officer, leader, move, make):
    move(dossier, "accept")
    event = sign_apology(dossier, officer, leader)
    Apology.update(signed_at=None, signed_by=None).execute()

    assert "apology" not in offered(dossier)
    with pytest.raises(MoveRefused):
        make(dossier, "apology", event)


def test_a_stop_tells_who_asked_at_which_step_and_of_the_money(dossier, account, officer, move, make):
    move(dossier, "accept")
    move(dossier, "ask_withdrawal", account, "Con đã đăng ký ở xã khác")
    event = move(dossier, "grant_withdrawal", officer)

    values = make(dossier, "stop", event).values

    assert values["asked_by"] == "người nộp hồ sơ" and values["reason"] == "Con đã đăng ký ở xã khác"
    assert (values["stage"], values["money"]) == ("Được tiếp nhận", "Chưa thu tiền")


def test_a_stop_is_no_more_printed_once_the_dossier_goes_on(dossier, leader, move, make):
    move(dossier, "accept")
    event = move(dossier, "stop", leader, "Không bổ sung")
    move(dossier, "reopen", leader, "Đã bổ sung")

    with pytest.raises(MoveRefused):
        make(dossier, "stop", event)
    assert nothing_was_made()


# --- what a receipt says ---------------------------------------------------------------------------------------------


def test_a_receipt_says_what_the_reference_asks_of_it(dossier, account, officer, library, move, make):
    move_at = at("2026-11-23T09:10")
    values = make(dossier, "receipt", move(dossier, "accept", now=move_at), move_at).values

    assert values["head"] == ["ỦY BAN NHÂN DÂN XÃ\u00a0IA\u00a0BĂNG", "BỘ PHẬN MỘT CỬA XÃ\u00a0IA\u00a0BĂNG"]
    assert (values["code"], values["receipt_code"], values["link"]) == (dossier.code, dossier.receipt_code, LINK)
    assert (values["place"], values["day"]) == ("Ia Băng", "ngày 23 tháng 11 năm 2026")
    assert (values["name"], values["phone"], values["email"]) == (account.full_name, "0912345678", "hlan@example.vn")
    assert values["address"].endswith("xã Ia Băng, tỉnh Gia Lai")
    assert (values["procedure"], values["procedure_code"]) == ("Thủ tục đăng ký khai sinh", "1.001193")
    assert values["papers"][0] == ["Tờ khai đăng ký khai sinh", "Bản điện tử", "01"]
    assert values["papers"][1][1:] == ["Ảnh, tệp điện tử", "01"] and values["papers"][1][0].startswith("Giấy chứng sinh")
    assert values["received_at"] == "09 giờ 10 phút, ngày 23 tháng 11 năm 2026"
    assert values["due_at"] == "17 giờ 00 phút, ngày 23 tháng 11 năm 2026"
    assert "15:00" in values["term"]
    assert (values["delivery"], values["sets"]) == ("Tại Bộ phận Một cửa", "01")
    assert (values["number"], values["book"], values["line"]) == ("01/TNHS", "2026", "01")
    assert [one["name"] for one in values["signers"]] == [account.full_name, officer.full_name]


def test_numbers_and_days_are_written_as_the_decree_on_office_papers_wants():
    assert form_values.day_words(date(2026, 2, 5)) == "ngày 05 tháng 02 năm 2026"
    assert form_values.day_words(date(2026, 3, 25)) == "ngày 25 tháng 3 năm 2026"


def test_a_fee_that_is_not_settled_is_left_to_be_written_by_hand(dossier):
    assert form_values.fee_words(dossier) == ""  # the province decides, and has to confirm
    fee = dossier.procedure["fee"] | {"to_confirm": False, "online_amount": None}
    dossier.procedure = dossier.procedure | {"fee": fee}
    assert form_values.fee_words(dossier) == "8.000 đồng"
    dossier.payment = "paid"
    assert form_values.fee_words(dossier) == "8.000 đồng, đã nộp"
    dossier.procedure = dossier.procedure | {"fee": fee | {"online_amount": 0}}
    assert form_values.fee_words(dossier) == "không thu"


def test_who_the_answers_exempt_reads_so_on_the_receipt(dossier):
    dossier.answers = dossier.answers | {"con_ngay_sinh": f"{in_vietnam(dossier.submitted_at):%d/%m/%Y}"}

    assert form_values.fee_words(dossier) == "được miễn: khai sinh trong 60 ngày từ ngày sinh"


def test_an_older_dossier_knows_no_rules_but_its_one_amount(dossier):
    kept = {"amount": 8000, "currency": "VND", "kind": "le_phi", "unit": "việc", "configurable": True, "exemptions": ["hộ nghèo"]}
    dossier.procedure = dossier.procedure | {"fee": kept}

    assert form_values.fee_words(dossier) == "8.000 đồng"


@pytest.mark.parametrize(
    ("processing", "words"),
    [
        ({"type": "working_days", "value": 3}, "03 ngày làm việc"),
        ({"type": "calendar_days", "value": 30}, "30 ngày"),
        ({"type": "same_day"}, "trong ngày làm việc"),
        ({"type": "immediate", "text": "Giải quyết ngay"}, "Giải quyết ngay"),
    ],
)
def test_the_time_the_law_gives_is_said_in_its_own_unit(processing, words):
    assert form_values.term_words({"processing": processing}) == words


def test_a_reprint_says_the_same_whatever_has_changed_since(dossier, account, officer, library, move, make):
    form = make(dossier, "receipt", move(dossier, "accept"))
    said = PrintedForm.get_by_id(form.id).values
    account.full_name, account.phone = "Tên Mới", "+84999999999"
    account.save()
    officer.full_name = "Cán Bộ Khác"
    officer.save()
    ask(dossier, officer, library)

    printed_forms.reprint(form, "1")

    assert PrintedForm.get_by_id(form.id).values == said and said["name"] == "Rơ Châm H'Lan"


def test_what_a_form_says_is_sealed_in_the_database(dossier, move, make):
    make(dossier, "receipt", move(dossier, "accept"))

    ((kept,),) = db.execute_sql('SELECT "values" FROM "printed_form"').fetchall()
    assert "Rơ Châm".encode() not in bytes(kept)


# --- the control slip ------------------------------------------------------------------------------------------------


def test_a_control_slip_lists_each_hand_over_in_time_or_late(dossier, officer, leader, library, move, make):
    begun = at("2026-11-23T08:00")
    move(dossier, "accept", now=begun)
    for hour, due in ((9, 10), (11, 10)):
        HandOver.create(
            dossier=dossier,
            from_name="Một cửa",
            to_name="Tư pháp",
            at=begun + timedelta(hours=hour - 8),
            due_at=begun + timedelta(hours=due - 8),
            note=f"lượt {hour}",
            form_key=str(hour),
        )
    event = move(dossier, "finish", now=at("2026-11-25T15:00"))

    values = make(dossier, "control", event, at("2026-11-25T15:05")).values

    assert [(row["from"], row["to"], row["result"]) for row in values["rows"]] == [
        ("Người nộp: Rơ Châm H'Lan", officer.full_name, ""),
        ("Một cửa", "Tư pháp", "Đúng hạn"),
        ("Một cửa", "Tư pháp", "Quá hạn"),
        (officer.full_name, "Bộ phận Một cửa xã Ia Băng", "Quá hạn"),
    ]
    assert values["rows"][1]["at"] == "09 giờ 00 phút, ngày 23 tháng 11 năm 2026"
    # 24/11 is a holiday.
    assert (values["used"], values["result"]) == ("01 ngày làm việc", "Quá hạn")


def test_time_in_which_the_clock_stood_is_told_apart(dossier, officer, library, move, make):
    move(dossier, "accept", now=at("2026-11-02T09:00"))
    move(dossier, "ask_payment", note="8.000 đồng", now=at("2026-11-04T09:00"))
    move(dossier, "paid", now=at("2026-11-10T09:00"))
    event = move(dossier, "finish", now=at("2026-11-13T09:00"))

    values = make(dossier, "control", event, at("2026-11-13T09:00")).values

    assert (values["used"], values["stood"]) == ("05 ngày làm việc", "04 ngày làm việc")


def test_a_step_that_was_undone_stands_on_no_control_slip(dossier, officer, library, move, make):
    move(dossier, "accept")
    event = move(dossier, "finish")
    undone = workflow.undo(dossier, event.id, officer, utc_now())

    rows = make(dossier, "control", undone).values["rows"]

    assert [row["to"] for row in rows] == [officer.full_name]


def test_a_control_slip_is_made_out_anew_when_something_has_happened(dossier, move, make):
    first = make(dossier, "control", move(dossier, "accept"))
    assert "control" not in offered(dossier)

    second = make(dossier, "control", move(dossier, "begin"))

    assert (first.number, second.number) == (1, 2)


# --- undone, and printed again ---------------------------------------------------------------------------------------


def test_the_number_of_an_undone_receipt_is_not_used_again(dossier, officer, move, make):
    event = move(dossier, "accept")
    voided = make(dossier, "receipt", event)
    workflow.undo(dossier, event.id, officer, utc_now())

    assert printed_forms.is_undone(voided) and printed_forms.undone_among([voided]) == {voided.id}
    form = make(dossier, "receipt", move(dossier, "accept"))

    assert (voided.number, form.number) == (1, 2) and not printed_forms.is_undone(form)


def test_a_receipt_cannot_be_made_of_an_acceptance_that_was_undone(dossier, officer, move, make):
    event = move(dossier, "accept")
    workflow.undo(dossier, event.id, officer, utc_now())

    with pytest.raises(MoveRefused):
        make(dossier, "receipt", event)
    assert nothing_was_made()


def test_an_undone_form_is_not_printed_again(dossier, officer, move, make):
    event = move(dossier, "accept")
    form = make(dossier, "receipt", event)
    workflow.undo(dossier, event.id, officer, utc_now())

    with pytest.raises(MoveRefused, match="hoàn tác"):
        printed_forms.reprint(form, "1")
    assert PrintedForm.get_by_id(form.id).copies == 1


def test_copies_are_counted_and_the_same_press_counts_once(dossier, move, make):
    form = make(dossier, "receipt", move(dossier, "accept"))

    assert [printed_forms.reprint(form, seen) for seen in ("1", "1", "2", "", "x")] == [2, 2, 3, 3, 3]


# --- the register ----------------------------------------------------------------------------------------------------


def test_the_register_holds_what_was_accepted_within_the_days(account, submit, move, library, officer):
    early, first, last, late = (submit(make_account(email=f"{n}@example.vn")) for n in range(4))
    times = ("2026-10-31T23:59", "2026-11-01T00:00", "2026-11-30T23:59", "2026-12-01T00:00")
    for dossier, moment in zip((early, first, last, late), times, strict=True):
        move(dossier, "accept", now=at(moment))
    submit(account)

    rows = form_values.register(library.site, "H21.129", date(2026, 11, 1), date(2026, 11, 30))

    assert [row["code"] for row in rows] == [first.code, last.code]
    assert [row["number"] for row in rows] == ["01", "02"]
    assert form_values.register(library.site, "H21.121", date(2026, 11, 1), date(2026, 11, 30)) == []


def test_a_line_of_the_register_says_the_days_of_its_dossier(dossier, move, library):
    move(dossier, "accept", now=at("2026-11-23T09:00"))
    move(dossier, "finish", now=at("2026-11-25T09:00"))
    move(dossier, "give_result", now=at("2026-11-26T09:00"))

    (line,) = form_values.register(library.site, "H21.129", date(2026, 11, 23), date(2026, 11, 23))

    days = [line[name] for name in ("received", "promised", "handed_over", "returned")]
    assert days == ["23/11/2026", "23/11/2026", "25/11/2026", "26/11/2026"]
    assert (line["name"], line["agency"], line["note"]) == ("Rơ Châm H'Lan", "Ủy ban nhân dân xã Ia Băng", "Quá hạn")


def test_events_and_states_of_the_table_are_those_of_the_moves():
    names = {move.name for move in workflow.MOVES} | workflow.HAPPENINGS.keys()

    assert form_values.PASSES.keys() <= names
    assert {name for kind in KINDS for name in kind.events} <= names
    assert {kind.state for kind in KINDS} == {None, State.REFUSED, State.STOPPED}
