"""Sessions in the villages of a made-up commune over half a year, and what it asks of every village now."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from random import Random

from database import insert_rows, number_on
from models import Campaign, OutreachNote
from rules.vietnamese import in_vietnam

SESSIONS_OF_EACH = 8
PLACES = ("Nhà rông", "Nhà văn hoá thôn", "Sân trường", "Nhà thờ", "Chợ phiên")
QUESTIONS = (
    "Mất mã hồ sơ thì làm sao?",
    "Con đi làm xa thì nộp thay được không?",
    "Không có e-mail thì đăng ký thế nào?",
    "Phí bao nhiêu?",
    "Chụp ảnh mờ có phải nộp lại không?",
)


def write(seed: int, heads: Mapping[str, int], boss: int, guides: Sequence[str], now: datetime) -> None:
    """By a chance of its own, so that the people and dossiers of a seed stay what they are. `heads`: staff id by village."""
    rng, today = Random(f"outreach {seed}"), in_vietnam(now).date()
    asked = {"made_by_id": boss, "made_at": now - timedelta(days=20), "ended_by_id": None, "ended_at": None}
    plans = (
        ("Chỉ bà con tra cứu hồ sơ", 20, ["tra-cuu-ho-so"], today - timedelta(days=40), today - timedelta(days=3)),
        ("Làm tài khoản cho người già", 0, [], today - timedelta(days=10), today + timedelta(days=20)),
    )
    campaigns = [
        {
            "id": number,
            "ref": f"{rng.getrandbits(48):012x}",
            "title": title,
            "task": "Mỗi thôn, làng họp một buổi, làm thử trên máy.",
        }
        | {"least_reached": least, "guides": [slug for slug in wanted if slug in guides], "first_on": first, "last_on": last}
        | asked
        | {"form_key": f"demo-{number}"}
        for number, (title, least, wanted, first, last) in enumerate(plans, start=1)
    ]
    insert_rows(Campaign, campaigns)
    notes = [
        _note(rng, village, head, guides, now, campaigns) for village, head in heads.items() for _ in range(SESSIONS_OF_EACH)
    ]
    insert_rows(OutreachNote, [{"id": number} | note for number, note in enumerate(notes, start=1)])
    number_on(Campaign, OutreachNote)


def _note(rng: Random, village: str, head: int, guides: Sequence[str], now: datetime, campaigns: list[dict]) -> dict[str, object]:
    at = now - timedelta(days=rng.randrange(1, 180), hours=rng.randrange(12))
    day = in_vietnam(at).date()
    possible = [campaign["id"] for campaign in campaigns if campaign["first_on"] <= day <= campaign["last_on"]]
    return {
        "ref": f"{rng.getrandbits(48):012x}",
        "village": village,
        "day": day,
        "place": rng.choice(PLACES),
        "reached": rng.randrange(8, 60),
        "guides": [slug for slug in guides if rng.random() < 0.4],
        "questions": "\n".join(rng.sample(QUESTIONS, rng.randrange(3))),
        "campaign_id": rng.choice(possible) if possible else None,
        "by_id": head,
        "at": at,
        "changed_at": None,
        "dropped_at": None,
        "form_key": f"demo-{rng.getrandbits(48):012x}",
    }
