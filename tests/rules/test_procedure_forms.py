"""All procedures can be submitted, prepared or are referred elsewhere; and each form can be filled to its end, every way."""

from datetime import date
from pathlib import Path

import msgspec
import pytest
from stage import good_answer

from rules import eform
from rules.content import read_content

CONTENT = read_content(Path(__file__).parents[2] / "content")
PROCEDURES = {procedure.slug: procedure for procedure in CONTENT.procedures}
FORMS = {slug: msgspec.to_builtins(p.eform) for slug, p in PROCEDURES.items() if p.eform} | {
    "eform-chung": msgspec.to_builtins(CONTENT.general_eform)
}
TODAY = date(2026, 11, 23)
BIRTHDAYS = ("5/7/1990", "5/7/1950", "5/7/2015")  # of an adult, an old person, a child


# --- somebody who answers whatever is asked --------------------------------------------------------------------------


def filled(form: dict, chosen: dict[str, str]) -> dict[str, str]:
    """Answers to every question that comes up on the way, beginning with those `chosen`."""
    answers = dict(chosen)
    while open_ones := [q for q in asked(form, answers) if q["key"] not in answers]:
        answers |= {question["key"]: good_answer(question) for question in open_ones}
    for check in form["checks"]:
        if check["kind"] == "sum":
            parts = {part: int(answers[part]) for part in check["parts"]}
            if not any(parts.values()):
                parts[check["parts"][0]] = 1
            answers |= {key: str(number) for key, number in (parts | {check["total"]: sum(parts.values())}).items()}
        elif check["kind"] == "age":
            answers |= fitting_birthday(form, check, answers)
    return answers


def fitting_birthday(form: dict, check: dict, answers: dict[str, str]) -> dict[str, str]:
    """A birthday that this check has nothing against, where the first one is wrong."""
    keys = [key for key in answers if key.split(".")[0] == check["birth"]]
    tries = [answers | dict.fromkeys(keys, birthday) for birthday in ((answers[keys[0]], *BIRTHDAYS) if keys else ())]
    good = (one for one in tries if not eform.check_faults(form | {"checks": [check]}, one, TODAY))
    return {key: found[key] for found in list(good)[:1] for key in keys}


def asked(form: dict, answers: dict[str, str]) -> list[dict]:
    return [question for page in eform.asked_pages(form["pages"], answers) for question in page["questions"]]


def asked_keys(form: dict, answers: dict[str, str]) -> set[str]:
    """The keys as the definition writes them, without the number of an item."""
    return {question["key"].split(".")[0] for question in asked(form, answers)}


def wrong(form: dict, answers: dict[str, str]) -> list[str]:
    return [fault for _, faults in eform.faults_by_page(form, answers, TODAY) for fault in faults.values()]


def way_to(form: dict, key: str) -> dict[str, str]:
    """The answers that open a question: those its conditions wait for, and theirs in turn."""
    page = next(page for page in form["pages"] for question in page["questions"] if question["key"] == key)
    question = next(question for question in page["questions"] if question["key"] == key)
    found = {}
    for waited_for, values in (page["show_if"] | question["show_if"]).items():
        value = str((values if isinstance(values, list) else [values])[0])
        # Of an answer that nobody has given, nobody need be asked.
        found |= way_to(form, waited_for) | {waited_for: {"true": "co", "false": "khong"}.get(value, value)} if value else {}
    return found


QUESTIONS = [(name, q["key"]) for name, form in FORMS.items() for page in form["pages"] for q in page["questions"]]


# --- the forms -------------------------------------------------------------------------------------------------------


def test_the_ten_most_used_have_forms_of_their_own():
    assert len(CONTENT.site.most_used) == 10
    assert [slug for slug in CONTENT.site.most_used if slug not in FORMS] == []


@pytest.mark.parametrize("name", FORMS)
def test_a_form_can_be_filled_to_its_end(name):
    answers = filled(FORMS[name], {})

    assert wrong(FORMS[name], answers) == []
    assert len(asked_keys(FORMS[name], answers)) > 8


@pytest.mark.parametrize(("name", "key"), QUESTIONS, ids=lambda text: text)
def test_every_question_comes_up_on_some_way_and_that_way_ends(name, key):
    form = FORMS[name]
    answers = filled(form, way_to(form, key))
    if key == "ly_do_khong_chung_sinh":
        answers["giay_chung_sinh_so"] = ""

    assert key in asked_keys(form, answers)
    assert wrong(form, answers) == []


@pytest.mark.parametrize("name", FORMS)
def test_every_choice_leads_to_an_end(name):
    form = FORMS[name]
    for page in form["pages"]:
        for question in page["questions"]:
            for choice in [*question["choices"], *(["co", "khong"] if question["type"] == "yes_no" else [])]:
                key = f"{question['key']}.1" if page["repeat"] else question["key"]
                answers = filled(form, way_to(form, question["key"]) | {key: choice})
                assert wrong(form, answers) == [], (question["key"], choice)


@pytest.mark.parametrize("name", FORMS)
def test_every_repeated_page_takes_as_many_as_it_says(name):
    form = FORMS[name]
    for page in form["pages"]:
        if page["repeat"]:
            many = eform.with_items(page, {}, page["repeat"]["most"])
            answers = filled(form, way_to(form, page["questions"][0]["key"]) | many)
            items = [one for one in eform.asked_pages(form["pages"], answers) if one["title"].startswith(f"{page['title']} – ")]
            assert len(items) == page["repeat"]["most"]
            assert wrong(form, answers) == []


@pytest.mark.parametrize("name", FORMS)
def test_what_the_account_knows_is_asked_first_and_filled_in(name):
    """Marriage asks both sides by their names, and the account does not know which of them its owner is."""
    prefilled = {question["prefill"] for page in FORMS[name]["pages"] for question in page["questions"] if question["prefill"]}

    assert prefilled >= {"name", "id_number", "phone", "address"} or name == "dang-ky-ket-hon"


# --- what the forms will not take ------------------------------------------------------------------------------------

WEDDING, SINGLE, BIRTH, DEATH = "dang-ky-ket-hon", "xac-nhan-tinh-trang-hon-nhan", "dang-ky-khai-sinh", "dang-ky-khai-tu"
FOR_WEDDING = {"muc_dich": "Đăng ký kết hôn"}


@pytest.mark.parametrize(("name", "answers", "message"), [
    (WEDDING, {"nu_ngay_sinh": "24/11/2008"}, "Bên nữ phải đủ 18 tuổi"),
    (WEDDING, {"nam_ngay_sinh": "24/11/2006"}, "Bên nam phải đủ 20 tuổi"),
    (WEDDING, {"nu_so_dinh_danh": "064090001234", "nam_so_dinh_danh": "064090001234"}, "cùng một số"),
    (SINGLE, FOR_WEDDING | {"nyc_quan_he": "Bản thân", "nxn_gioi_tinh": "Nam", "nyc_ngay_sinh": "24/11/2006"}, "đủ 20 tuổi"),
    (SINGLE, FOR_WEDDING | {"nyc_quan_he": "Cha", "nxn_gioi_tinh": "Nữ", "nxn_ngay_sinh": "24/11/2008"}, "đủ 18 tuổi"),
    (BIRTH, {"me_ngay_sinh": "2025", "con_ngay_sinh": "5/7/2026"}, "của mẹ và của bé không khớp"),
    (BIRTH, {"cha_xac_dinh": "co", "cha_ngay_sinh": "2027"}, "chưa tới"),
    (BIRTH, {"con_ngay_sinh": "24/11/2026"}, "chưa tới"),
    (DEATH, {"nm_ngay_sinh": "1950", "nm_ngay_mat": "1949"}, "Ngày mất đang ghi trước ngày sinh"),
    (DEATH, {"co_giay_bao_tu": "co", "nm_ngay_mat": "5/7/2026", "gbt_ngay": "4/7/2026"}, "cấp trước ngày mất"),
    ("cong-nhan-ho-ngheo-thuong-xuyen", {"thanh_vien.count": "2", "tv_ngay_sinh.2": "2030"}, "chưa tới"),
])  # fmt: skip
def test_what_cannot_be_is_said(name, answers, message):
    form = FORMS[name]
    found = wrong(form, filled(form, {}) | filled(form, answers) | answers)

    assert len(found) == 1 and message in found[0], found


@pytest.mark.parametrize(("name", "answers"), [
    (WEDDING, {"nu_ngay_sinh": "23/11/2008", "nam_ngay_sinh": "23/11/2006"}),
    (SINGLE, {"muc_dich": "Vay vốn", "nyc_quan_he": "Bản thân", "nxn_gioi_tinh": "Nam", "nyc_ngay_sinh": "24/11/2006"}),
])  # fmt: skip
def test_what_may_just_be_is_taken(name, answers):
    assert wrong(FORMS[name], filled(FORMS[name], answers)) == []


def test_the_people_of_a_household_add_up():
    form = FORMS["cong-nhan-ho-ngheo-thuong-xuyen"]
    counted = filled(form, {"so_lao_dong": "2", "so_tre_em": "3", "so_khong_lao_dong": "1"})

    assert counted["so_nhan_khau"] == "6" and wrong(form, counted) == []
    assert "Đếm lại" in wrong(form, counted | {"so_nhan_khau": "5"})[0]


def test_who_asks_for_herself_gives_her_name_once():
    for name in (SINGLE, "cap-ban-sao-trich-luc-ho-tich", "tro-cap-xa-hoi-hang-thang"):
        form = FORMS[name]
        own, others = (asked_keys(form, filled(form, {"nyc_quan_he": whose})) for whose in ("Bản thân", "Cha"))
        assert {key for key in others - own if key.endswith("_ho_ten")} and own < others, name


def test_a_child_whose_mother_nobody_knows_can_be_registered():
    form = FORMS[BIRTH]
    answers = filled(form, {"nyc_quan_he": "Người đang nuôi trẻ", "hoan_canh_tre": "Trẻ bị bỏ rơi"})

    assert not {"me_ho_ten", "cha_ho_ten", "cha_me_ket_hon"} & asked_keys(form, answers)
    assert wrong(form, answers) == []


def test_the_second_child_has_the_mother_of_the_first():
    form = FORMS[BIRTH]
    first = filled(form, {"me_ho_ten": "Siu H’Blĕo", "con_ten": "Thuận"})
    proposed = eform.earlier_answers(form["pages"], [first])

    assert proposed["me_ho_ten"] == "Siu H’Blĕo"
    assert not {"con_ten", "con_ngay_sinh", "giay_chung_sinh_so"} & set(proposed)


# --- the procedures --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("slug", PROCEDURES)
def test_every_procedure_is_submitted_here_or_says_where_it_is_done(slug):
    procedure = PROCEDURES[slug]

    if procedure.online_submission == "here":
        assert "online" in procedure.channels
    else:
        assert procedure.where_handled.name
        assert procedure.online_submission == "guide_only" or "direct" in procedure.channels


def test_all_three_ways_are_in_use():
    count = {kind: sum(p.online_submission == kind for p in PROCEDURES.values()) for kind in ("here", "guide_only", "off")}

    assert len(PROCEDURES) == sum(count.values()) == 51
    assert all(count.values())


def test_a_paper_without_which_nothing_can_begin_is_not_brought_later():
    """What the request itself is, and what lets somebody act for another."""
    later = {d.key for p in PROCEDURES.values() for d in p.documents if d.may_come_later}

    assert {"giay_chung_sinh", "giay_bao_tu", "khai_tu"} <= later
    assert not {key for key in later if key.startswith(("to_khai", "don", "van_ban_uy_quyen", "giay_to_tuy_than"))}
