"""The loudspeakers' timetable: which announcement is read where and when, in which language; and that it was, by whom."""

from datetime import datetime, timedelta

from peewee import IntegrityError, fn

from database import db
from models import Broadcast, Staff
from rules import WrongInput
from rules.content import Announcement
from rules.loudspeaker import LANGUAGES

MOST_AHEAD = timedelta(days=366)
KEPT_ON_TIMETABLE = timedelta(days=14)  # what was read longer ago stands with its announcement alone


def may_plan(role: str) -> bool:
    return role in ("culture", "leader", "administrator")


def plan(
    announcement: Announcement, villages: list[str], language: str, planned_at: datetime, by: Staff, now: datetime, form_key: str
) -> int:
    """Let it be read in these villages at that moment; returns how many rows there are of this form.

    The same form sent again adds nothing. Raises WrongInput.
    """
    if not villages:
        raise WrongInput("Chọn ít nhất một thôn, làng")
    if language not in LANGUAGES:
        raise WrongInput("Chọn tiếng sẽ đọc")
    if not getattr(announcement.scripts, language).strip():
        raise WrongInput(
            f"Chưa có lời đọc {LANGUAGES[language][0].lower()}{LANGUAGES[language][1:]}. Viết lời đọc rồi mới xếp lịch."
        )
    if planned_at < now - timedelta(minutes=5):
        raise WrongInput("Giờ phát đã qua. Chọn giờ sắp tới.")
    if planned_at > now + MOST_AHEAD:
        raise WrongInput("Giờ phát xa quá một năm. Xem lại ngày.")
    rows = [
        {"slug": announcement.slug, "title": announcement.title, "language": language, "village": village,
         "planned_at": planned_at, "made_by": by, "made_at": now, "form_key": form_key}
        for village in dict.fromkeys(villages)
    ]  # fmt: skip
    of_form = Broadcast.select().where(Broadcast.form_key == form_key)
    if not of_form.exists():
        try:
            with db.atomic():
                for row in rows:
                    Broadcast.create(**row)
        except IntegrityError:
            pass  # the same form, from the same finger, at the same moment
    return of_form.count()


def timetable(now: datetime, village: str = "") -> list[Broadcast]:
    """What is still to be read, the soonest first, the overdue before; of one village, or of all."""
    waiting = Broadcast.select().where(Broadcast.said_at.is_null(), Broadcast.dropped_at.is_null())
    return list(_in(village, waiting).order_by(Broadcast.planned_at, Broadcast.village, Broadcast.id))


def lately_read(now: datetime, village: str = "") -> list[Broadcast]:
    """What was read within two weeks, the newest first."""
    read = Broadcast.select().where(Broadcast.said_at > now - KEPT_ON_TIMETABLE)
    return list(_in(village, read).order_by(Broadcast.said_at.desc(), Broadcast.id.desc()).limit(50))


def of_announcement(slug: str) -> list[Broadcast]:
    found = Broadcast.select().where(Broadcast.slug == slug, Broadcast.dropped_at.is_null())
    return list(found.order_by(Broadcast.planned_at.desc(), Broadcast.village, Broadcast.id))


def _in(village: str, rows):
    return rows.where(Broadcast.village == village) if village else rows


def find(ref: str, village: str = "") -> Broadcast | None:
    """One by its ref; None when it is another village's."""
    found = Broadcast.get_or_none(Broadcast.ref == ref, Broadcast.dropped_at.is_null())
    return found if found and (not village or found.village == village) else None


def mark_read(broadcast: Broadcast, by: Staff, now: datetime) -> bool:
    """Write down that it was read, once; whoever was first stays. Returns whether this was the first time."""
    if now < broadcast.planned_at - timedelta(hours=12):
        raise WrongInput("Chưa đến giờ phát. Nếu đã đọc sớm thì xếp lại lịch.")
    first = (
        Broadcast.update(said_at=now, said_by=by)
        .where(Broadcast.id == broadcast.id, Broadcast.said_at.is_null(), Broadcast.dropped_at.is_null())
        .execute()
    )
    return bool(first)


def mark_not_read(broadcast: Broadcast, by: Staff) -> None:
    """A slip of the finger: whoever wrote that it was read takes it back. Raises WrongInput for anybody else."""
    undone = Broadcast.update(said_at=None, said_by=None).where(Broadcast.id == broadcast.id, Broadcast.said_by == by).execute()
    if not undone and Broadcast.get_by_id(broadcast.id).said_at:
        raise WrongInput("Người khác đã ghi là đã phát, chỉ người đó bỏ được.")


def drop(broadcast: Broadcast, now: datetime) -> None:
    """Take it off the timetable; what was read stays. Raises WrongInput."""
    dropped = (
        Broadcast.update(dropped_at=now)
        .where(Broadcast.id == broadcast.id, Broadcast.said_at.is_null(), Broadcast.dropped_at.is_null())
        .execute()
    )
    if not dropped and Broadcast.get_by_id(broadcast.id).said_at:
        raise WrongInput("Đã phát rồi nên không bỏ khỏi lịch được.")


def count_read(first: datetime, last: datetime) -> dict[str, int]:
    """How many times something was read in each village from a moment on, before another."""
    rows = (
        Broadcast.select(Broadcast.village, fn.COUNT(Broadcast.id))
        .where(Broadcast.said_at >= first, Broadcast.said_at < last)
        .group_by(Broadcast.village)
    )
    return dict(rows.tuples())
