"""Writing content: one draft a file, nobody's words lost, nothing wrong put in force, money never by its writer alone."""

from datetime import UTC, datetime

import pytest
from stage import make_staff

from models import ContentDraft
from rules import content_drafts, content_store
from rules.content import ContentWrong
from rules.content_drafts import EditedMeanwhile, NeedsAnother
from rules.library import Library

NOW = datetime(2026, 11, 23, 3, tzinfo=UTC)
NOTICE = "announcements/tiem.yaml"
SITE, BIRTH = "site.yaml", "procedures/dang-ky-khai-sinh.yaml"
SAID = {"slug": "tiem", "title": "Lịch tiêm", "body": "Tiêm.", "valid_from": "2026-11-23"}


@pytest.fixture
def editor(app):
    return make_staff("culture")


@pytest.fixture
def save(editor):
    def keep(name=NOTICE, value=SAID, revision=0, by=editor, key="k"):
        return content_drafts.save(name, value, revision, by, key, NOW)

    return keep


def test_what_is_written_is_kept_and_nobody_outside_sees_it(save):
    save()

    assert content_drafts.writing(NOTICE).value == SAID
    assert Library.loaded().announcements == {}


def test_the_same_form_sent_again_is_answered_as_the_first_time(save):
    assert save().revision == save().revision == 1


def test_the_second_editor_is_told_and_loses_nothing_of_the_first(save, officer):
    save()
    with pytest.raises(EditedMeanwhile) as meanwhile:
        save(value=SAID | {"title": "Khác"}, by=officer, key="other")

    assert meanwhile.value.theirs.value == content_drafts.writing(NOTICE).value == SAID


def test_one_step_is_undone_and_done_again(save, editor):
    save()
    save(value=SAID | {"title": "Khác"}, revision=1, key="2")
    assert content_drafts.undo(NOTICE, 2, editor, NOW).value == SAID
    assert content_drafts.undo(NOTICE, 3, editor, NOW).value["title"] == "Khác"


def test_undoing_the_first_change_is_the_text_in_force(save, editor):
    before = content_drafts.writing(SITE)
    save(SITE, before.value | {"phone": "0269 111 222"})

    assert content_drafts.undo(SITE, 1, editor, NOW).value == before.value


def test_published_it_is_in_force_and_no_draft_any_more(save, editor):
    save()
    content_drafts.publish({NOTICE: 1}, editor, NOW)

    assert Library.loaded().announcements["tiem"].title == "Lịch tiêm"
    assert not content_drafts.writing(NOTICE).is_draft


def test_with_a_fault_it_stays_a_draft(save, editor):
    save(value=SAID | {"valid_from": "mai"})
    with pytest.raises(ContentWrong):
        content_drafts.publish({NOTICE: 1}, editor, NOW)

    assert content_drafts.writing(NOTICE).value["valid_from"] == "mai"
    assert [fault for fault in content_drafts.faults(content_drafts.writing(NOTICE)) if "valid_from" in fault]


def test_what_was_changed_after_the_look_is_not_published(save, editor):
    save()
    save(value=SAID | {"title": "Khác"}, revision=1, key="2")

    with pytest.raises(EditedMeanwhile):
        content_drafts.publish({NOTICE: 1}, editor, NOW)


def test_the_comment_at_the_head_of_a_file_outlives_the_desk(save, editor):
    save(SITE, content_drafts.writing(SITE).value | {"phone": "0269 111 222"})
    content_drafts.publish({SITE: 1}, editor, NOW)

    assert content_store.text_of(SITE).startswith("# Trang này nói về xã nào")


@pytest.mark.parametrize(
    ("name", "part", "value"), [(SITE, "bank_account", {"number": "123456"}), (BIRTH, "fee", {"amount": "5000"})]
)
def test_what_costs_people_money_is_published_by_another(save, editor, name, part, value):
    raw = content_drafts.writing(name).value
    save(name, raw | {part: raw[part] | value})
    with pytest.raises(NeedsAnother):
        content_drafts.publish({name: 1}, editor, NOW)

    assert content_drafts.publish({name: 1}, make_staff("leader"), NOW)


def test_who_wrote_a_part_of_it_cannot_publish_money_by_letting_another_save_last(save, editor):
    raw = content_drafts.writing(SITE).value
    save(SITE, raw | {"bank_account": raw["bank_account"] | {"number": "123456"}})
    other = make_staff("leader")
    save(SITE, content_drafts.writing(SITE).value | {"phone": "0269 111 222"}, revision=1, by=other, key="2")

    for writer in (editor, other):
        with pytest.raises(NeedsAnother):
            content_drafts.publish({SITE: 2}, writer, NOW)


def test_an_older_version_is_put_in_force_again(save, editor):
    for title in ("Một", "Hai"):
        save(value=SAID | {"title": title}, key=title)
        content_drafts.publish({NOTICE: 1}, editor, NOW)
    content_drafts.restore(content_store.version_of(NOTICE, 1), editor, NOW)

    assert Library.loaded().announcements["tiem"].title == "Một"
    assert [version.number for version in content_store.versions_of(NOTICE)] == [3, 2, 1]


def test_nobody_brings_an_old_account_back_alone(save, editor):
    raw = content_drafts.writing(SITE).value
    save(SITE, raw | {"bank_account": raw["bank_account"] | {"number": "123456"}})
    leader, other = make_staff("leader"), make_staff("administrator")
    content_drafts.publish({SITE: 1}, leader, NOW)

    for _ in range(2):  # a finger that shakes
        assert not content_drafts.restore(content_store.version_of(SITE, 1), editor, NOW, "key")
    assert content_drafts.writing(SITE).value == raw and content_store.number_of(SITE) == 2
    with pytest.raises(NeedsAnother):
        content_drafts.publish({SITE: 1}, editor, NOW)
    with pytest.raises(EditedMeanwhile):
        content_drafts.restore(content_store.version_of(SITE, 1), other, NOW, "other key")

    content_drafts.publish({SITE: 1}, other, NOW)
    assert content_store.number_of(SITE) == 3 and content_drafts.writing(SITE).value == raw


def test_a_file_that_others_need_is_not_taken_away(save, editor):
    with pytest.raises(ContentWrong):
        content_drafts.remove("guides/4-nop-ho-so.yaml", editor, NOW)


def test_a_discarded_draft_is_gone_and_the_site_as_it_was(save):
    save(SITE, content_drafts.writing(SITE).value | {"phone": "x"})
    content_drafts.discard(SITE, 1)

    assert ContentDraft.select().count() == 0
    assert content_drafts.writing(SITE).value["phone"] == ""


def test_a_preview_shows_what_would_be_in_force(save):
    written = save()

    assert content_drafts.preview(written).announcements["tiem"].title == "Lịch tiêm"
