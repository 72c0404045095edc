"""Writing an announcement: from what is typed to the file it becomes; beginnings made from guides and procedures."""

import re
from datetime import date, datetime, timedelta

from models import ContentDraft, ContentVersion, Staff
from rules import content_drafts, content_store
from rules.content import Guide, Procedure, Site
from rules.content_files import read_yaml
from rules.library import Library
from rules.loudspeaker import LANGUAGES
from rules.vietnamese import fold

ROOM = "announcements/"
LONGEST_SLUG = 60
USUAL_DAYS = 30  # a notice that nobody takes away is over by itself


def file_of(slug: str) -> str:
    return f"{ROOM}{slug}.yaml"


def slug_of(file: str) -> str:
    return file.removeprefix(ROOM).removesuffix(".yaml")


def new_slug(title: str) -> str:
    """A name for the address, from the title; another than any announcement has or had."""
    words = re.findall(r"[a-z0-9]+", fold(title))
    name = "-".join(words)[:LONGEST_SLUG].strip("-") or "thong-bao"
    known = {slug_of(file) for file in content_store.newest_versions() if file.startswith(ROOM)}
    known |= {slug_of(draft.file) for draft in ContentDraft.select(ContentDraft.file)}
    known.add("moi")  # stands in an address of the desk
    return next(one for one in (name, *(f"{name}-{n}" for n in range(2, 10_000))) if one not in known)


def just_published(typed: dict, by: Staff, now: datetime) -> str | None:
    """The slug of what the same person has published within the hour in the very same words."""
    recent = ContentVersion.select().where(
        ContentVersion.file.startswith(ROOM), ContentVersion.by == by, ContentVersion.at > now - timedelta(hours=1)
    )
    for version in recent:
        slug = slug_of(version.file)
        if version.text and read_yaml(version.text, []) == as_raw(slug, typed):
            return slug
    return None


def as_raw(slug: str, typed: dict) -> dict:
    """What the file will hold of what was typed: nothing of what was left empty."""
    scripts = {language: typed["scripts"].get(language, "") for language in LANGUAGES}
    raw = {"slug": slug, "title": typed["title"], "body": typed["body"], "valid_from": typed["valid_from"]}
    raw |= {name: typed[name] for name in ("valid_to", "about", "villages") if typed[name]}
    raw |= {"pinned": "true"} if typed["pinned"] else {}
    said = {language: text for language, text in scripts.items() if text}
    return raw | ({"scripts": said} if said else {})


def as_typed(raw: dict) -> dict:
    """The same back, as the form shows it."""
    names = ("title", "body", "valid_from", "valid_to", "about")
    scripts = raw.get("scripts") or {}
    return {name: raw.get(name, "") for name in names} | {
        "pinned": raw.get("pinned") == "true",
        "villages": list(raw.get("villages") or []),
        "scripts": {language: scripts.get(language, "") for language in LANGUAGES},
    }


def empty(today: date) -> dict:
    last = today + timedelta(days=USUAL_DAYS)
    return as_typed({"valid_from": today.isoformat(), "valid_to": last.isoformat()})


def suggestion(library: Library, slug: str, today: date) -> dict | None:
    """A beginning made from a guide or a procedure; None when there is neither."""
    if guide := library.guides.get(slug):
        body, script = _of_guide(guide, library.site)
    elif procedure := library.procedures.get(slug):
        body, script = _of_procedure(procedure, library.site)
    else:
        return None
    title = guide.title if guide else procedure.title
    said = {"title": f"Cách làm: {title}"[:100], "body": body, "about": slug, "scripts": {"vi": script}}
    return empty(today) | {name: value for name, value in as_typed(said).items() if value}


def _of_guide(guide: Guide, site: Site) -> tuple[str, str]:
    steps = [f"Bước {number}: {_plain(step.do)}" for number, step in enumerate(guide.steps, start=1)]
    body = "\n\n".join([guide.short, "\n".join(steps), f"Bà con chưa rõ thì hỏi thôn trưởng hoặc {site.office}."])
    return body, script_of(f"Cách làm: {guide.title}", "\n".join([guide.short, *steps]), site)


def _of_procedure(procedure: Procedure, site: Site) -> tuple[str, str]:
    papers = [document.name for document in procedure.documents if document.required == "mandatory"]
    lines = [procedure.processing.text]
    if papers:
        lines.append("Giấy tờ cần có:\n" + "\n".join(f"- {name}" for name in papers))
    lines.append(f"Nộp tại {site.office}" + (", hoặc trên trang này." if procedure.online_submission == "here" else "."))
    spoken = [procedure.processing.text, *(f"Cần có: {name}." for name in papers), lines[-1]]
    return "\n\n".join(lines), script_of(procedure.title, "\n".join(spoken), site)


def _plain(text: str) -> str:
    """Without the braces that mark the labels of controls."""
    return text.replace("{", "“").replace("}", "”")


def script_of(title: str, body: str, site: Site) -> str:
    """Words to read aloud, from an announcement's own: who speaks, what about, the text, and where to ask."""
    who = f"Kính thưa bà con. {site.name[0].upper()}{site.name[1:]} thông báo."
    end = "Ai chưa rõ, mời hỏi thôn trưởng hoặc Bộ phận Một cửa của xã. Xin cảm ơn bà con."
    text = re.sub(r"\n{2,}", "\n", body.strip())
    return "\n".join([who, _ended(title), text, end])


def _ended(sentence: str) -> str:
    return sentence if sentence.endswith((".", "!", "?")) else f"{sentence}."


def all_drafts() -> list:
    """What is being written of announcements, the newest change first."""
    found = [one for one in content_drafts.drafts() if one.file.startswith(ROOM)]
    return sorted(found, key=lambda one: one.edited_at, reverse=True)
