"""The page that shows, by example, all that an e-form may say."""

import re
from pathlib import Path

import msgspec
import pytest
from stage import PROJECT, make_staff

from rules import content, eform
from views.form_features import CHECKS, GROUPS, PAGES, cut

PAGE = "/mot-cua/mau-cau-hoi"
EXAMPLE = (PROJECT / "content/eform-vi-du.yaml").read_text("utf-8")
FEATURES = [(group, feature) for group, (_, features) in GROUPS.items() for feature in features]


def fields(kind) -> set[str]:
    return {spec.encode_name for spec in msgspec.structs.fields(kind)}


def named() -> set[str]:
    return {name for _, feature in FEATURES for name in feature.names}


@pytest.mark.parametrize("role", ["culture", "administrator", "leader", "officer", "specialist"])
def test_whoever_writes_forms_reads_it(visit_as, role):
    page = visit_as(make_staff(role)).get(PAGE)

    assert page.heading == "Mẫu câu hỏi"
    assert page.links["Mẫu câu hỏi"] == PAGE


def test_nobody_else_does(visit_as, account, visitor):
    assert visit_as(account).get(PAGE).status in (303, 302, 404)
    assert visit_as(make_staff("village_head", village="Thôn 6")).get(PAGE).status == 404
    assert visitor.get(PAGE).location.startswith("/mot-cua/dang-nhap")


def test_every_type_of_question_is_explained():
    assert {f"type: {kind}" for kind in eform.KINDS} <= named()


def test_every_kind_of_check_is_explained():
    assert {f"kind: {kind}" for kind in eform.CHECKS} <= named()


def test_every_field_of_a_definition_is_explained():
    assert fields(content.Question) | fields(content.EForm) <= named()
    assert fields(content.Page) - {"show_if"} | {"page.show_if"} <= named()
    assert {f"repeat.{name}" for name in fields(content.Repeat)} <= named()
    assert fields(content.Check) - {"kind"} <= named()


@pytest.mark.parametrize("group, feature", FEATURES, ids=lambda value: getattr(value, "title", value))
def test_a_feature_is_shown_as_the_file_writes_it(visit_as, officer, group, feature):
    page = visit_as(officer).get(f"{PAGE}?xem={group}")
    section = next(s for s in page.tree.iter("section") if s.find("h2").text_content() == feature.title)
    yaml = section.find("pre").text_content()

    assert feature.about in section.text_content()
    assert feature.line.removeprefix("- ") in yaml
    for name in feature.names:
        word = name.removeprefix("page.").removeprefix("repeat.")
        assert re.search(rf"(?m)^[ -]*{re.escape(word)}(:|$)", yaml), f"the example does not write {name}"
    for line in yaml.splitlines():
        assert re.search(rf"(?m)^ *{re.escape(line.strip())}$", EXAMPLE), "cut from the file, so that it never differs"
    assert section.find_class("phone")[0].xpath(".//input|.//select|.//textarea"), "and as a phone shows it"


@pytest.mark.parametrize("feature", CHECKS, ids=lambda feature: feature.title)
def test_a_check_is_shown_broken_with_its_message(visit_as, officer, library, feature):
    page = visit_as(officer).get(f"{PAGE}?xem=quy-tac")
    section = next(s for s in page.tree.iter("section") if s.find("h2").text_content() == feature.title)

    assert section.find_class("bad"), "the example of a check breaks it"
    assert section.findtext(".//strong") in {check.message for check in library.example_eform.checks}


def test_a_repeated_page_is_shown_with_its_buttons(visit_as, officer):
    page = visit_as(officer).get(f"{PAGE}?xem=trang")

    assert "Con đi cùng – người con thứ 2" in page.words
    assert {"Lưu và thêm người con", "Bỏ người con này"} <= set(page.buttons)
    assert any("repeat" in feature.names for feature in PAGES)


def test_an_unknown_group_shows_the_first(visit_as, officer):
    assert visit_as(officer).get(f"{PAGE}?xem=gi-do").words == visit_as(officer).get(PAGE).words


def test_the_example_breaks_no_rule_and_nobody_can_submit_it(library, visit_as, account):
    assert content.check_content(Path(PROJECT / "content")) == []
    assert not any(page["title"] == "Con đi cùng" for d in library.definitions.values() for page in d["eform"]["pages"])
    assert visit_as(account).get("/nop-ho-so/eform-vi-du/").status == 404


def test_a_block_ends_where_its_indentation_does():
    text = "a:\n  - key: x\n    b: 1\n\n  - key: y\n    b: 2\nc: 3\n"

    assert cut(text, "- key: y") == "- key: y\n  b: 2"
    assert cut(text, "a:").startswith("a:\n  - key: x")
