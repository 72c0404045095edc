"""What is printed: guides, procedures, posters and cards, each as a template and all it needs to say, on A4 or A5.

Nothing here knows a request: the site prints a sheet in its page, the queue puts the same one into a village's pack.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import date
from urllib.parse import urlsplit

import segno

from rules import fees, freshness, step_pictures
from rules.papers import papers_by_need

SIZES = {"a4": "A4", "a5": "A5"}
ALL_GUIDES = 0  # h/0: the list of the guides
QUIET_ZONE = 4  # modules of white around a QR code, as the standard asks: poor readers need every one
CARDS_A_SHEET = 8
ROMAN = ("", "I", "II", "III", "IV", "V", "VI", "VII", "VIII")


@dataclass(frozen=True)
class Helper:
    """Whom somebody with this paper in hand turns to in the village; what is not known is left to be written by hand."""

    village: str
    name: str = ""
    phone: str = ""


@dataclass(frozen=True)
class Press:
    """What all sheets of one printing share."""

    site: object  # rules/content.py, Site
    site_url: str
    day: date
    village_key: str = ""  # its QR codes say from which village's paper somebody comes
    helper: Helper | None = None

    @property
    def host(self) -> str:
        """The site's address as somebody types it."""
        return urlsplit(self.site_url).netloc

    def short_words(self, sheet: str) -> str:
        return f"{self.host}/{sheet}"

    def short_address(self, sheet: str) -> str:
        """What the QR code says: the short address, with the village behind it."""
        return "/".join(part for part in (self.site_url.rstrip("/"), sheet, self.village_key) if part)

    def qr(self, sheet: str) -> str:
        return qr_picture(self.short_address(sheet))


@dataclass(frozen=True)
class Sheet:
    """One document: at least a page, numbered for itself."""

    template: str
    title: str
    size: str
    press: Press
    says: dict[str, object] = field(default_factory=dict)

    def values(self) -> dict[str, object]:
        """What its template is rendered with."""
        return {"sheet": self, "press": self.press, "site": self.press.site, **self.says}


def qr_picture(address: str) -> str:
    """The QR code as a data: address for an <img>: paths, sharp on any paper; level M, so that a fold or a spot does no harm."""
    return segno.make(address, error="m", micro=False, boost_error=False).svg_data_uri(border=QUIET_ZONE, omitsize=True)


def sheet_of_guide(number: int) -> str:
    return f"h/{number}"


def sheet_of_procedure(code: str) -> str:
    return f"d/{code}"


# --- guides and procedures -------------------------------------------------------------------------------------------


def guide_sheet(guide, size: str, press: Press) -> Sheet:
    pictures = [step_pictures.picture_of(guide, number) for number in range(1, len(guide.steps) + 1)]
    says = {"guide": guide, "roman": ROMAN[guide.number], "short": sheet_of_guide(guide.number), "pictures": pictures}
    says["looked_at"] = freshness.of_part(guide, press.day)
    return Sheet("print/_guide.html", f"Hướng dẫn {ROMAN[guide.number]}: {guide.title}", size, press, says)


def procedure_sheet(procedure: dict, place: str, size: str, press: Press) -> Sheet:
    """`place` is where the procedure is done when not at the commune's desk; "" for the desk."""
    says = {
        "procedure": procedure,
        "needs": papers_by_need(procedure),
        "price": fees.price_of(procedure, press.day),
        "exemptions": fees.exemptions_of(procedure),
        "place": place,
        "short": sheet_of_procedure(procedure["code"]),
        "looked_at": _looked_at(procedure, press.day),
    }
    return Sheet("print/_procedure.html", procedure["title"], size, press, says)


def _looked_at(procedure: dict, day: date) -> freshness.Freshness:
    said = procedure.get("checked_on")
    return freshness.of(said and date.fromisoformat(said), procedure.get("owner") or "", day)


def place_of(kept, site) -> str:
    """Where a procedure is done when it is not at the commune's own desk."""
    place = kept.where_handled.name if kept.where_handled and kept.online_submission != "here" else ""
    return "" if place == site.office else place


# --- posters and cards -----------------------------------------------------------------------------------------------


def guide_poster(guide, size: str, press: Press) -> Sheet:
    says = {"guide": guide, "roman": ROMAN[guide.number], "short": sheet_of_guide(guide.number)}
    return Sheet("print/_poster_guide.html", f"Tờ rơi: {guide.title}", size, press, says)


def ways_poster(guides: Iterable, size: str, press: Press) -> Sheet:
    """Three ways to submit; its code leads to the guide that has submitting in it."""
    return Sheet("print/_poster_ways.html", "Ba cách nộp hồ sơ", size, press, {"short": sheet_of_guide(_submitting(guides))})


def _submitting(guides: Iterable) -> int:
    return next((guide.number for guide in guides if guide.slug == "nop-ho-so"), ALL_GUIDES)


def desk_poster(size: str, press: Press) -> Sheet:
    says = {"short": sheet_of_guide(ALL_GUIDES)}
    return Sheet("print/_poster_desk.html", press.site.office, size, press, says)


POSTERS = {"mot-cua": "Bộ phận Một cửa: giờ làm việc, điện thoại", "ba-cach": "Ba cách nộp hồ sơ"}


def posters(guides: dict) -> dict[str, str]:
    """Every poster: its title by its word in the address."""
    return POSTERS | {slug: f"{ROMAN[guide.number]}. {guide.title}" for slug, guide in guides.items()}


def poster(word: str, guides: dict, size: str, press: Press) -> Sheet:
    """Raises KeyError for a word that names none."""
    if word == "mot-cua":
        return desk_poster(size, press)
    return ways_poster(guides.values(), size, press) if word == "ba-cach" else guide_poster(guides[word], size, press)


def card_sheet(guides: list, press: Press) -> Sheet:
    """Eight cards on a sheet of A4, to be cut: the guides in turn, so that a sheet is always full."""
    subjects = [(ROMAN[guide.number] + ". " + guide.title, sheet_of_guide(guide.number)) for guide in guides]
    subjects = subjects or [("Dịch vụ công trên điện thoại", sheet_of_guide(ALL_GUIDES))]
    cards = [subjects[number % len(subjects)] for number in range(CARDS_A_SHEET)]
    return Sheet("print/_cards.html", "Thẻ bỏ túi", "a4", press, {"cards": cards})


def for_village(press: Press, key: str, helper: Helper) -> Press:
    return replace(press, village_key=key, helper=helper)
