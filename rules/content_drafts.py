"""What the desk is writing of the content: one draft a file, checked like the folder, put in force whole or not at all."""

from datetime import date, datetime
from typing import NamedTuple

import msgspec

from database import db, wait_for_others
from models import ContentDraft, ContentVersion, Staff
from rules import WrongInput, content_store
from rules.content import content_of, faults_of, read_files
from rules.content_files import as_text, head_of, read_yaml
from rules.library import Library, parts_of

# Parts of a file that say what people pay and to whom: another than the writer puts them in force (SECURITY §5).
MONEY = {"site": ("bank_account",), "procedures": ("fee",)}


class EditedMeanwhile(WrongInput):
    """Somebody else has changed the draft since this page was shown; `theirs` is as it stands now."""

    def __init__(self, theirs: "Writing"):
        super().__init__(f"{theirs.edited_by} vừa sửa mục này.")
        self.theirs = theirs


class NeedsAnother(WrongInput):
    """What is to be put in force needs somebody else."""


class Writing(NamedTuple):
    """A file as it is being written; revision 0: nobody has changed anything yet."""

    file: str
    value: dict
    revision: int
    based_on: int
    edited_by: str = ""
    edited_at: datetime | None = None
    may_undo: bool = False

    @property
    def is_draft(self) -> bool:
        return self.revision > 0

    @property
    def is_new(self) -> bool:
        """Whether the site has no such file in force."""
        return self.based_on == 0


def writing(name: str, empty: dict | None = None) -> Writing | None:
    """The draft of a file, or the file in force; `empty` is what one begins with that is not there. None: there is nothing."""
    draft = ContentDraft.get_or_none(ContentDraft.file == name)
    if draft:
        return _as_writing(draft)
    text = content_store.text_of(name)
    if text is None and empty is None:
        return None
    return Writing(name, empty if text is None else _raw(text), 0, content_store.number_of(name))


def _as_writing(draft: ContentDraft) -> Writing:
    return Writing(
        draft.file,
        draft.value,
        draft.revision,
        draft.based_on,
        draft.edited_by.full_name,
        draft.edited_at,
        draft.before is not None,
    )


def _raw(text: str):
    return read_yaml(text, [])


def save(name: str, value: dict, revision: int, by: Staff, form_key: str, now: datetime) -> Writing:
    """Keep what is being written, faulty or not. `revision` is the one the writer saw (0: none).

    The same form sent again is answered as the first time. Raises EditedMeanwhile and keeps nothing when somebody else
    was quicker.
    """
    with db.atomic():
        wait_for_others()
        draft = ContentDraft.get_or_none(ContentDraft.file == name)
        if draft and form_key and draft.form_key == form_key:
            return _as_writing(draft)
        if revision != (draft.revision if draft else 0):
            raise EditedMeanwhile(_as_writing(draft) if draft else writing(name, {}))
        if draft is None:
            in_force = content_store.text_of(name)
            before = None if in_force is None else _raw(in_force)
            based_on, writers = content_store.number_of(name), []
        else:
            before, based_on, writers = draft.value, draft.based_on, draft.writers
        row = {
            "value": value,
            "before": before,
            "based_on": based_on,
            "revision": revision + 1,
            "writers": sorted({*writers, by.id}),
            "edited_by": by,
            "edited_at": now,
            "form_key": form_key,
        }
        if draft is None:
            ContentDraft.create(file=name, **row)
        else:
            ContentDraft.update(row).where(ContentDraft.id == draft.id).execute()
        return _as_writing(ContentDraft.get(ContentDraft.file == name))


def undo(name: str, revision: int, by: Staff, now: datetime) -> Writing:
    """Take the newest change back; a second time brings it back again."""
    draft = ContentDraft.get_or_none(ContentDraft.file == name)
    if draft is None or draft.before is None:
        raise WrongInput("Không có gì để hoàn tác.")
    return save(name, draft.before, revision, by, "", now)


def discard(name: str, revision: int) -> None:
    """Forget what was being written; what is in force stays."""
    gone = ContentDraft.delete().where(ContentDraft.file == name, ContentDraft.revision == revision).execute()
    draft = None if gone else ContentDraft.get_or_none(ContentDraft.file == name)
    if draft:
        raise EditedMeanwhile(_as_writing(draft))


def drafts() -> list[Writing]:
    """All that is being written, by file."""
    return [_as_writing(draft) for draft in ContentDraft.select().order_by(ContentDraft.file)]


def text_of(written: Writing) -> str:
    """What would be published of it: the file with the comment it has now."""
    return as_text(written.value, head_of(content_store.text_of(written.file) or ""))


def faults(*written: Writing) -> list[str]:
    """What `content check` would say of the site with this in force: nothing that is wrong is ever in force by itself."""
    return faults_of(_with(written))


def eform_of(written: Writing) -> dict | None:
    """The e-form of a file without faults, as plain values with all it presets; None for a procedure that has none of its own."""
    part = read_files(_with([written]))[0][written.file]
    form = getattr(part, "eform", part)
    return form and msgspec.to_builtins(form)


def preview(*written: Writing) -> Library:
    """The library as pages would read it with this in force; raises ContentWrong when anything is wrong with it."""
    return Library((kind, slug, value) for kind, slug, value in parts_of(content_of(_with(written))))


def _with(written) -> dict[str, str]:
    return content_store.without_removed(content_store.current() | {one.file: text_of(one) for one in written})


def publish(names_and_revisions: dict[str, int], by: Staff, now: datetime, note: str = "") -> int:
    """Put drafts in force together, as they stood at the revisions named; returns how many parts the content then has.

    Raises ContentWrong, EditedMeanwhile, NeedsAnother or content_store.ChangedMeanwhile, and then changes nothing.
    """
    found = {draft.file: draft for draft in ContentDraft.select().where(ContentDraft.file.in_(list(names_and_revisions)))}
    for name, revision in names_and_revisions.items():
        if name not in found:
            raise WrongInput("Bản nháp này đã được công bố hoặc đã bỏ.")
        if found[name].revision != revision:
            raise EditedMeanwhile(_as_writing(found[name]))
        if by.id in found[name].writers and touches_money(found[name]):
            raise NeedsAnother("Mục này nói về tiền: người khác với người soạn phải công bố.")
    texts = {name: text_of(_as_writing(draft)) for name, draft in found.items()}

    def forget():
        for draft in found.values():
            if not ContentDraft.delete().where(ContentDraft.id == draft.id, ContentDraft.revision == draft.revision).execute():
                raise EditedMeanwhile(_as_writing(ContentDraft.get_or_none(ContentDraft.file == draft.file) or draft))

    based_on = {name: draft.based_on for name, draft in found.items()}
    return content_store.publish(texts, by, now, note, based_on, forget)


def catch_up(names_and_revisions: dict[str, int]) -> None:
    """Let drafts count as begun from what is in force now: whoever publishes them has been told that it changed meanwhile."""
    with db.atomic():
        wait_for_others()
        for name, revision in names_and_revisions.items():
            now_in_force = content_store.number_of(name)
            of_this = ContentDraft.file == name, ContentDraft.revision == revision
            ContentDraft.update(based_on=now_in_force).where(*of_this).execute()


def begun_with(form_key: str, room: str) -> str | None:
    """The file of this room whose draft this same form has begun already."""
    draft = ContentDraft.get_or_none(ContentDraft.form_key == form_key, ContentDraft.file.startswith(f"{room}/"))
    return draft and draft.file


def touches_money(draft: ContentDraft) -> bool:
    """Whether what is being written says otherwise than the site what people pay, or to which account."""
    room = draft.file.removesuffix(".yaml").partition("/")[0]
    in_force = content_store.text_of(draft.file)
    old = {} if in_force is None else _raw(in_force)
    return any(old.get(part) != draft.value.get(part) for part in MONEY.get(room, ()))


def remove(name: str, by: Staff, now: datetime) -> int:
    """Take a file away that the site can do without (an announcement); its versions stay. Raises ContentWrong when it cannot."""
    based_on = {name: content_store.number_of(name)}

    def forget():
        ContentDraft.delete().where(ContentDraft.file == name).execute()

    return content_store.publish({name: content_store.REMOVED}, by, now, "gỡ xuống", based_on, forget)


def restore(version: ContentVersion, by: Staff, now: datetime, form_key: str = "") -> bool:
    """Put an older version in force again, as a new one. False: it says otherwise what people pay, and is now a draft that
    another has to publish.

    Raises ContentWrong when it no longer fits, EditedMeanwhile when it has to be a draft and there is one already.
    """
    value = _raw(version.text) if version.text else {}
    if touches_money(ContentDraft(file=version.file, value=value)):
        save(version.file, value, 0, by, form_key, now)
        return False
    based_on = {version.file: content_store.number_of(version.file)}
    content_store.publish({version.file: version.text}, by, now, f"trả lại bản số {version.number}", based_on)
    return True


def has_date(name: str) -> bool:
    """Whether a file of this name says when somebody last looked at it."""
    return name.partition("/")[0] in ("guides", "procedures")


def confirm(name: str, day: date, by: Staff, now: datetime) -> None:
    """Write into the file in force, and into its draft, that it was looked at that day; nothing else of the draft goes along."""
    value = _raw(content_store.text_of(name))
    text = as_text(value | {"checked_on": day.isoformat()}, head_of(content_store.text_of(name)))
    number = content_store.number_of(name)

    def keep_draft_in_step():
        draft = ContentDraft.get_or_none(ContentDraft.file == name)
        if draft and draft.based_on == number:
            draft.value = draft.value | {"checked_on": day.isoformat()}
            draft.based_on, draft.revision = content_store.number_of(name), draft.revision + 1
            draft.save(only=["value", "based_on", "revision"])

    content_store.publish({name: text}, by, now, "đã xem lại", {name: number}, keep_draft_in_step)
