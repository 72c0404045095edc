"""Where the content comes from: the folder, and what the desk has published since. Every version of every file is kept."""

from collections.abc import Callable, Mapping
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

from peewee import fn

from database import db, utc_now, wait_for_others
from models import ContentVersion, Staff
from rules import WrongInput
from rules.content import ContentWrong, content_of, kind_of
from rules.content_files import texts_in
from rules.library import put_parts

REMOVED = ""  # the text of a file that was taken away


class Loaded(NamedTuple):
    """How many parts the content has, and the files of the folder in whose place the desk's own text stays."""

    count: int
    kept: list[str]


class ChangedMeanwhile(WrongInput):
    """Somebody has published the file since this was begun."""


def load_content(folder: Path, now: datetime | None = None) -> Loaded:
    """Take the folder's files over, but for those the desk has written since: they stay as the desk published them.

    Raises ContentWrong and changes nothing when anything is wrong with what would be in force then.
    """
    in_folder, kept = texts_in(folder), []

    def taken(newest):
        of_desk = {name: version.text for name, version in newest.items() if version.by_id}
        kept[:] = sorted(name for name, text in of_desk.items() if in_folder.get(name, text) != text)
        gone = (name for name in newest if name not in in_folder and name not in of_desk)
        return dict.fromkeys(gone, REMOVED) | {name: text for name, text in in_folder.items() if name not in of_desk}

    return Loaded(_change(taken, None, now or utc_now()), kept)


def import_folder(folder: Path, now: datetime) -> int:
    """Put the folder's files in the place of all that was published, the desk's own texts too; they stay among the versions.

    Raises ContentWrong and changes nothing when anything is wrong.
    """
    in_folder = texts_in(folder)
    return _change(lambda newest: dict.fromkeys(newest, REMOVED) | in_folder, None, now)


def export_folder(folder: Path) -> int:
    """Write all files in force into an empty or a new folder; returns how many. Raises WrongInput when it is not empty."""
    if folder.exists() and any(folder.iterdir()):
        raise WrongInput(f"{folder}: not empty")
    texts = current()
    for name, text in texts.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
    return len(texts)


def publish(
    texts: Mapping[str, str],
    by: Staff,
    now: datetime,
    note: str = "",
    based_on: Mapping[str, int] | None = None,
    then: Callable[[], None] = lambda: None,
) -> int:
    """Put these files in force together, each as its next version; returns how many parts the content then has.

    `then` is done in the same transaction.

    Raises ContentWrong when anything of the whole would be wrong, ChangedMeanwhile when a file of `based_on` has another
    version by now than the one named there; then nothing is changed.
    """
    for name in texts:
        if kind_of(name) is None:
            raise ContentWrong([f"{name}: tệp: không có tệp tên này"])

    def written(newest):
        for name, number in (based_on or {}).items():
            if number != (newest[name].number if name in newest else 0):
                raise ChangedMeanwhile(f"{name} đã được công bố bản khác trong lúc bạn sửa.")
        return texts

    return _change(written, by, now, note, then)


def _change(
    choose: Callable[[dict[str, ContentVersion]], Mapping],
    by: Staff | None,
    now: datetime,
    note: str = "",
    then: Callable[[], None] = lambda: None,
) -> int:
    """Put in force what `choose` makes of the newest versions.

    Reading all content takes a second, in which nobody else should wait to write: it is done before the transaction, and again
    when somebody has published meanwhile.
    """
    while True:
        newest = newest_versions()
        texts = choose(newest)
        in_force = {name: version.text for name, version in newest.items()}
        content = content_of(without_removed(in_force | texts))
        with db.atomic():
            wait_for_others()
            if _numbers() != {name: version.number for name, version in newest.items()}:
                continue
            _write(texts, newest, by, now, note)
            then()
            return put_parts(content)


def _numbers() -> dict[str, int]:
    newest = ContentVersion.select(ContentVersion.file, fn.MAX(ContentVersion.number)).group_by(ContentVersion.file)
    return dict(newest.tuples())


def _write(texts: Mapping[str, str], newest: Mapping[str, ContentVersion], by: Staff | None, now: datetime, note: str) -> None:
    """A version each of those that say something else than before."""
    rows = [
        {
            "file": name,
            "number": newest[name].number + 1 if name in newest else 1,
            "text": text,
            "by": by,
            "at": now,
            "note": note,
        }
        for name, text in texts.items()
        # The desk's own word is written even where it is the folder's: from then on the file is the desk's.
        if name not in newest or newest[name].text != text or (by and not newest[name].by_id) or (not by and newest[name].by_id)
    ]
    if rows:
        ContentVersion.insert_many(rows).execute()


def current() -> dict[str, str]:
    """Every file in force, by its name."""
    return without_removed({name: version.text for name, version in newest_versions().items()})


def without_removed(texts: Mapping[str, str | Exception]) -> dict[str, str | Exception]:
    return {name: text for name, text in sorted(texts.items()) if text != REMOVED}


def newest_versions() -> dict[str, ContentVersion]:
    """The newest version of every file there ever was, also of those that were taken away."""
    numbers = ContentVersion.alias()
    newest = numbers.select(numbers.file, fn.MAX(numbers.number).alias("number")).group_by(numbers.file)
    rows = ContentVersion.select().join(
        newest, on=(ContentVersion.file == newest.c.file) & (ContentVersion.number == newest.c.number)
    )
    return {version.file: version for version in rows}


def versions_of(name: str):
    """All that was published of a file, the newest first."""
    return ContentVersion.select().where(ContentVersion.file == name).order_by(ContentVersion.number.desc())


def version_of(name: str, number: int) -> ContentVersion | None:
    return ContentVersion.get_or_none(ContentVersion.file == name, ContentVersion.number == number)


def number_of(name: str) -> int:
    """Of the newest version of a file; 0 when there is none."""
    return versions_of(name).select(fn.MAX(ContentVersion.number)).order_by().scalar() or 0


def text_of(name: str) -> str | None:
    """A file as it is in force; None when there is none."""
    version = versions_of(name).first()
    return version.text if version and version.text != REMOVED else None
