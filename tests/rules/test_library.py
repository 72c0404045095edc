"""Content in the database: loaded whole or not at all, seen soon after, the same when loaded again."""

import json
import shutil
import time
from datetime import date, timedelta
from pathlib import Path

import msgspec
import pytest
import time_machine
from together import at_once

from database import db
from models import ContentPart, ContentStamp, Dossier, Draft
from rules import submission
from rules.content import ContentWrong, read_content
from rules.content_store import load_content
from rules.library import LOOK_EVERY_SECONDS, LatestLibrary, Library, is_in_force, may_be_submitted, standing_of

SHIPPED = Path(__file__).parents[2] / "content"
BIRTH, WILL = "dang-ky-khai-sinh", "chung-thuc-di-chuc"


@pytest.fixture
def folder(app, tmp_path):
    """A copy of a little of the shipped content, to be changed; afterwards the site has its own back."""
    before, stamp = list(ContentPart.select().order_by(ContentPart.id).dicts()), ContentStamp.current()
    wanted = {WILL, *read_content(SHIPPED).site.most_used}
    others = [path.name for path in SHIPPED.glob("procedures/*") if path.stem not in wanted]
    yield Path(shutil.copytree(SHIPPED, tmp_path / "content", ignore=shutil.ignore_patterns(*others)))
    with db.atomic():
        ContentPart.delete().execute()
        ContentPart.insert_many(before).execute()
        ContentStamp.replace_stamp(stamp)
    app.extensions["library"]._looked_at = float("-inf")


@pytest.fixture
def change(folder):
    def replace(name: str, old: str, new: str) -> None:
        text = (folder / name).read_text("utf-8")
        assert old in text
        (folder / name).write_text(text.replace(old, new, 1), "utf-8")

    return replace


@pytest.fixture
def latest(app):
    return app.extensions["library"]


def later(latest: LatestLibrary) -> Library:
    """The library as a page finds it when the next look is due."""
    latest._looked_at = time.monotonic() - LOOK_EVERY_SECONDS
    return latest.refreshed()


def parts() -> list[tuple]:
    return sorted((part.kind, part.slug, str(part.value)) for part in ContentPart.select()) + [ContentStamp.current()]


# --- loading ---------------------------------------------------------------------------------------------------------


def test_everything_in_the_folder_is_loaded(folder):
    count = load_content(folder).count

    files = len(list(folder.glob("procedures/*.yaml"))) + len(list(folder.glob("guides/*.yaml")))
    # With site, calendar, consents, reasons, messages, general form, example and its text.
    assert count == ContentPart.select().count() == files + 8


def test_loading_twice_is_loading_once(folder):
    load_content(folder)
    before = parts()
    load_content(folder)

    assert parts() == before
    assert ContentStamp.select().count() == 1


def test_faulty_content_loads_nothing_and_keeps_the_old(folder, change):
    load_content(folder)
    before = parts()
    change("site.yaml", "name: xã Ia Băng", "name: xã Khác")
    change(f"procedures/{BIRTH}.yaml", "status: active", "status: sleeping")

    with pytest.raises(ContentWrong, match=f"procedures/{BIRTH}.yaml: status"):
        load_content(folder)
    assert parts() == before


def test_what_is_no_longer_in_the_folder_is_no_longer_there(folder):
    load_content(folder)
    (folder / "procedures" / f"{WILL}.yaml").unlink()
    load_content(folder)

    assert ContentPart.get_or_none(ContentPart.slug == WILL) is None


def test_another_content_has_another_stamp(folder, change):
    load_content(folder)
    first = ContentStamp.current()
    change("site.yaml", "name: xã Ia Băng", "name: xã Khác")
    load_content(folder)

    assert ContentStamp.current() != first


def test_those_who_load_together_do_not_race(folder):
    counts = at_once(*[lambda: load_content(folder).count] * 4)

    assert counts == [ContentPart.select().count()] * 4
    assert ContentStamp.select().count() == 1


# --- reading ---------------------------------------------------------------------------------------------------------


def test_the_library_reads_what_was_loaded(folder):
    load_content(folder)
    library = Library.loaded()

    assert (library.site.name, len(library.villages())) == ("xã Ia Băng", 11)
    assert [guide.number for guide in library.guides.values()] == list(range(1, 9))
    assert library.procedures[BIRTH].code == "1.001193"
    assert library.index.find("khai sinh")[0] is library.procedures[BIRTH]
    assert not library.calendar.is_working_day(date(2026, 11, 24))


def test_a_procedure_without_its_own_form_has_the_general_one(library):
    own, general = library.procedures[BIRTH], next(p for p in library.procedures.values() if p.eform is None)

    assert len(library.definitions[own.slug]["eform"]["pages"]) == len(own.eform.pages)
    assert library.definitions[general.slug]["eform"] == msgspec.to_builtins(library.general_eform)


def test_a_definition_is_plain_so_that_a_dossier_can_keep_it(library):
    assert all(json.loads(json.dumps(definition)) == definition for definition in library.definitions.values())
    assert library.definitions[BIRTH]["postal"]["return"] is True


def test_every_procedure_stands_in_one_field(library):
    listed = [procedure for procedures in library.by_field().values() for procedure in procedures]

    assert sorted(p.slug for p in listed) == sorted(library.procedures)


def test_what_is_most_used_comes_in_the_communes_own_order(library):
    assert [procedure.slug for procedure in library.most_used(date(2026, 11, 22))] == library.site.most_used != []


def test_each_screen_knows_the_steps_of_the_guides_that_happen_on_it(library):
    for screen, steps in library.steps_at_screen.items():
        assert [guide.steps[number - 1].screen for guide, number in steps] == [screen] * len(steps)


# --- seeing new content ----------------------------------------------------------------------------------------------


def test_new_content_is_seen_at_the_next_look_and_not_before(folder, change):
    load_content(folder)
    latest = LatestLibrary()
    latest.refreshed()
    change("site.yaml", "name: xã Ia Băng", "name: xã Khác")
    load_content(folder)

    assert latest.refreshed().site.name == "xã Ia Băng"
    assert later(latest).site.name == "xã Khác"


def test_between_looks_the_database_is_not_asked(latest, library, monkeypatch):
    monkeypatch.setattr(ContentStamp, "current", lambda: pytest.fail("asked"))

    assert latest.refreshed() is library


def test_a_look_that_finds_nothing_new_reads_nothing(latest, library, monkeypatch):
    monkeypatch.setattr(ContentPart, "select", lambda: pytest.fail("read"))

    assert later(latest) is library


def test_the_wall_clock_may_jump(folder, change, latest, library):
    change("site.yaml", "name: xã Ia Băng", "name: xã Khác")
    load_content(folder)
    with time_machine.travel(date(2020, 1, 1), tick=False):
        latest._looked_at = float("-inf")
        assert latest.refreshed().site.name == "xã Khác"


def test_a_look_that_failed_is_tried_again_at_once(folder, change, monkeypatch):
    load_content(folder)
    latest = LatestLibrary()
    latest.refreshed()
    change("site.yaml", "name: xã Ia Băng", "name: xã Khác")
    load_content(folder)
    with monkeypatch.context() as broken:
        broken.setattr(ContentStamp, "current", lambda: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            later(latest)

    assert latest.refreshed().site.name == "xã Khác"


def test_people_who_come_together_first_wait_for_one_reading(library):
    latest = LatestLibrary()
    found = at_once(*[latest.refreshed] * 6)

    assert len(set(map(id, found))) == 1 and found[0].site == library.site


def test_a_request_under_way_keeps_the_library_it_began_with(folder, change, latest, library):
    before = library.site
    change("site.yaml", "name: xã Ia Băng", "name: xã Khác")
    load_content(folder)

    assert later(latest) is not library
    assert library.site is before


# --- in force --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("valid_from", "valid_to", "standing"), [
    (None, None, ""), (date(2026, 11, 22), None, ""), (date(2026, 11, 23), None, "not yet"),
    (None, date(2026, 11, 21), "ended"), (None, date(2026, 11, 22), "ends soon"), (None, date(2026, 12, 31), "ends soon"),
    (None, date(2027, 1, 1), ""), (date(2026, 12, 1), date(2026, 12, 31), "not yet"),
])  # fmt: skip
def test_what_a_person_should_know_of_its_time(library, valid_from, valid_to, standing):
    procedure = msgspec.structs.replace(library.procedures[BIRTH], valid_from=valid_from, valid_to=valid_to)

    assert standing_of(procedure, date(2026, 11, 22)) == standing
    assert may_be_submitted(procedure, date(2026, 11, 22)) == (standing in ("", "ends soon"))


@pytest.mark.parametrize(("today", "last"), [(date(2026, 1, 31), date(2026, 3, 3)), (date(2026, 7, 1), date(2026, 8, 31))])
def test_soon_is_a_month_or_the_end_of_the_next_one(library, today, last):
    ending = [msgspec.structs.replace(library.procedures[BIRTH], valid_to=last + timedelta(days=more)) for more in (0, 1)]

    assert [standing_of(procedure, today) for procedure in ending] == ["ends soon", ""]


@pytest.mark.parametrize("kind", ["guide_only", "off"])
def test_what_is_done_elsewhere_is_not_submitted_here(library, kind):
    assert not may_be_submitted(msgspec.structs.replace(library.procedures[BIRTH], online_submission=kind), date(2026, 11, 22))


def test_in_place_of_a_most_used_one_that_ended_its_successor_is_shown_once(library, monkeypatch):
    first, second, third, *others = library.site.most_used
    for slug, successor in ((first, third), (second, None)):
        ended = msgspec.structs.replace(library.procedures[slug], valid_to=date(2026, 11, 30), replaced_by=successor)
        monkeypatch.setitem(library.procedures, slug, ended)

    assert [p.slug for p in library.most_used(date(2026, 11, 30))] == [first, second, third, *others]
    assert [p.slug for p in library.most_used(date(2026, 12, 1))] == [third, *others]


def test_a_procedure_is_in_force_up_to_its_last_day(library):
    last = date(2027, 2, 28)
    ending = msgspec.structs.replace(library.procedures[BIRTH], valid_to=last)
    assert [is_in_force(ending, last + timedelta(days=days)) for days in (-1, 0, 1)] == [True, True, False]
    assert is_in_force(msgspec.structs.replace(ending, valid_to=None), date(2099, 1, 1))


# --- a new address ---------------------------------------------------------------------------------------------------


@pytest.fixture
def renamed(folder):
    """Birth registration under a new address."""
    path = folder / f"procedures/{BIRTH}.yaml"
    text = path.read_text("utf-8").replace(f"slug: {BIRTH}\n", f"slug: khai-sinh\nold_slugs: [{BIRTH}]\n", 1)
    (folder / "procedures/khai-sinh.yaml").write_text(text, "utf-8")
    path.unlink()
    site = folder / "site.yaml"
    site.write_text(site.read_text("utf-8").replace(f"- {BIRTH}\n", "- khai-sinh\n"), "utf-8")
    return folder


def test_a_draft_goes_along_to_the_new_address_and_a_dossier_stays(renamed, account, make_draft, dossier):
    draft = make_draft(account)
    load_content(renamed)

    assert Draft.get_by_id(draft.id).procedure_slug == "khai-sinh"
    assert submission.open_draft(account, "khai-sinh").answers == draft.answers
    assert Dossier.get_by_id(dossier.id).procedure_slug == BIRTH
    assert Library.loaded().new_slugs == {BIRTH: "khai-sinh"}


def test_a_draft_stays_where_its_owner_has_begun_anew_at_the_new_address(renamed, account, make_draft):
    old = make_draft(account)
    new = submission.open_or_begin_draft(account, "khai-sinh", old.updated_at)
    load_content(renamed)

    assert [Draft.get_by_id(draft.id).procedure_slug for draft in (old, new)] == [BIRTH, "khai-sinh"]
    assert Draft.get_by_id(old.id).answers == old.answers
