"""The way through a submission: which page comes when, for this person and these answers."""

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from datetime import date, datetime
from functools import cached_property

from flask import abort, g, redirect, request, url_for
from flask_login import current_user

from database import utc_now
from models import Account, Dossier, Draft, LaterPaper, Paper
from rules import eform, fees, people, repeated_pages, submission
from rules.library import may_be_submitted
from rules.papers import later_papers_of, papers_of, submitted_lately
from rules.vietnamese import in_vietnam
from views.account import url_for_outside
from views.procedures import definition_of
from views.visits import current_login


@dataclass(frozen=True)
class Page:
    """One page of a submission: its name in drafts, its address, its title."""

    name: str
    address: str
    title: str


class Walk:
    """The pages of one person's submission of one procedure, in the letter's order, as the answers so far call for them.

    `place` is its part of the address: a procedure's slug for a new dossier; see PLACES for all others.
    """

    chore = "chưa nộp"  # beside the procedure's name on every page: nobody shall think it is done
    stamp = "HỒ SƠ NHÁP – CHƯA NỘP"  # on the page where all of it stands, which may be printed
    button = "Nộp hồ sơ"  # the last one
    me = "tôi"  # how who is asked calls the person the account belongs to
    is_own = True  # typed by its owner, whose personal documents may be taken
    is_at_counter = False  # papers may be received as paper

    def __init__(self, place: str, account: Account, procedure: dict, draft: Draft | None, current: str = ""):
        self.place, self.account, self.procedure, self.draft, self.current = place, account, procedure, draft, current
        self.answers: dict[str, str] = dict(draft.answers) if draft else self.known_answers()

    @property
    def slug(self) -> str:
        return self.procedure["slug"]

    # --- what another kind of walk does otherwise ---

    def begin(self) -> Draft:
        """The draft that answers are kept in, made when there is none."""
        return submission.open_or_begin_draft(self.account, self.slug, utc_now())

    def hand_in(self, draft: Draft, seen: str, now: datetime) -> Dossier:
        """The last button. Raises ContentChanged, NotReady."""
        library = g.library
        return submission.submit(
            draft,
            seen,
            self.procedure,
            library.site.codes.agency,
            library.calendar,
            now,
            lambda code: url_for_outside("lookup.look_up", ma=code),
            library.site.bring_papers_within_days,
        )

    def held(self) -> AbstractContextManager:
        """Within it what is written is still whom it was begun for; only another's hands may be stopped meanwhile."""
        return nullcontext()

    def submitted_meanwhile(self) -> Dossier | None:
        """What a page left open goes on towards, when it was submitted from another."""
        is_new = self.place == self.slug
        return submitted_lately(self.account, self.slug, utc_now()) if is_new and self.draft is None else None

    @property
    def channel(self) -> str:
        """The way of submitting, as the dossier will say."""
        return "online"

    @property
    def fee_day(self) -> date:
        """On which day the rules of the fee are read."""
        return today()

    def address_after(self, dossier: Dossier) -> str:
        return url_for("submission.submitted", place=self.place, code=dossier.code)

    def address_of_no_draft(self) -> str:
        return url_for("personal.page")

    # --- the pages ---

    def known_answers(self) -> dict[str, str]:
        # Whoever helps sees this dossier only, not what stands in earlier ones.
        earlier = submission.earlier_answers(self.procedure["eform"]["pages"], self.account) if self.is_own else {}
        return submission.known_answers(self._asked_once, self.account, g.library.site, earlier)

    @cached_property
    def account_answers(self) -> dict[str, str]:
        return submission.account_answers(self._asked_once, self.account, g.library.site)

    @property
    def _asked_once(self) -> list[dict]:
        """The questions with one answer; an account knows nothing of children and copies."""
        pages = [page for page in self.procedure["eform"]["pages"] if not page.get("repeat")]
        return [question for page in pages for question in page["questions"]]

    @property
    def question_pages(self) -> list[dict]:
        return eform.asked_pages(self.procedure["eform"]["pages"], self.answers)

    def pages(self) -> list[Page]:
        return [
            Page("owner", self.url("owner"), "Chủ hồ sơ"),
            *(self.page_of(page) for page in self.question_pages if self.is_to_answer(page)),
            Page("delivery", self.url("delivery"), "Nơi nhận kết quả"),
            Page("papers", self.url("papers"), "Giấy tờ"),
            Page("check", self.url("check"), "Xem lại và nộp"),
        ]

    def url(self, name: str, **more) -> str:
        return url_for(f"submission.{name}", place=self.place, **more)

    def page_of(self, page: dict) -> Page:
        item = page["item"] if page["item"] != 1 else None  # the first stands at the address of the page itself
        return Page(page["name"], self.url("questions", number=page["number"], item=item), page["title"])

    def is_to_answer(self, page: dict) -> bool:
        """Whether a person has to see the page: not when the account answers all of it (the check page shows it still)."""
        return page["name"] == self.current or self.was_sent(page["name"]) or bool(self.open_questions(page))

    def open_questions(self, page: dict) -> list[dict]:
        """Those of its questions that the account has not answered well."""
        unknown = eform.open_questions(page["questions"], self.answers, today(), self.account_answers)
        together = eform.check_faults(self.procedure["eform"], self.answers, today())
        return [question for question in page["questions"] if question in unknown or question["key"] in together]

    def place_of(self, name: str) -> tuple[int, int]:
        names = [page.name for page in self.pages()]
        return names.index(name) + 1, len(names)

    def after(self, name: str) -> str:
        """The address of the page after `name`; straight back to the check page when an answer was only being mended."""
        if request.form.get("from_check"):
            return self.url("check")
        pages = self.pages()
        names = [page.name for page in pages]
        # Another tab may just have given an answer that takes this page away.
        return pages[names.index(name) + 1].address if name in names else self.url("start", tiep=1)

    def before(self, name: str) -> str:
        pages = self.pages()
        number = [page.name for page in pages].index(name)
        return pages[number - 1].address if number else url_for("procedures.show_procedure", slug=self.slug)

    def charge(self) -> fees.Charge:
        """What the answers so far come to."""
        return fees.charge(self.procedure, self.channel, self.fee_day, answers=self.answers)

    # --- what was sent ---

    def save(self, name: str, typed: dict[str, str], shown: int | None = None) -> None:
        """Keep a page's answers. Raises ChangedElsewhere when another phone has saved the page since it was shown."""
        known = {} if self.draft else self.known_answers()
        self.draft = self.begin()
        login = current_login()
        submission.save_page(self.draft, name, known | typed, utc_now(), phone=str(login.id) if login else "", shown=shown)
        self.answers = dict(self.draft.answers)

    def add_items(self, page: dict, count: int) -> None:
        """At least `count` items on a repeated page."""
        definition = self.procedure["eform"]["pages"][page["number"] - 1]
        self.draft = self.begin()
        if eform.count_items(definition, self.draft.answers) < count:
            repeated_pages.add_items(self.draft, definition, count, utc_now())
            self.answers = dict(self.draft.answers)

    def drop_item(self, page: dict, shown: int) -> None:
        """Forget one item of a repeated page, as it was when saved `shown` times."""
        if self.draft:
            definition = self.procedure["eform"]["pages"][page["number"] - 1]
            repeated_pages.drop_item(self.draft, definition, page["number"], page["item"], shown, utc_now())
            self.answers = dict(self.draft.answers)

    def saves(self, name: str) -> int:
        """How often the page was saved; sent along with its form."""
        return self.draft.saves.get(name, (0,))[0] if self.draft else 0

    def was_sent(self, name: str) -> bool:
        return bool(self.draft and name in self.draft.visited)

    def papers(self) -> dict[str, list[Paper]]:
        return papers_of(self.draft) if self.draft else {}

    def later_papers(self) -> dict[str, LaterPaper]:
        return later_papers_of(self.draft) if self.draft else {}


# By the word before the dot in a place (a slug has no dot): who finds the walk of the rest, or aborts.
PLACES: dict[str, Callable[[str, str], Walk]] = {}
FOR_STAFF = ("giup",)  # of these; all others are a citizen's


def walk_at(place: str, current: str = "") -> Walk:
    """The walk at this part of the address, for who is logged in; another's is as missing as one that never was."""
    kind, dot, rest = place.partition(".")
    # Staff have numbers of their own, which are citizens' too: nobody of the commune may be looked up as a citizen.
    is_citizen = isinstance(current_user._get_current_object(), Account)
    if is_citizen == (kind in FOR_STAFF and bool(dot)):
        abort(404)
    if dot:
        return PLACES[kind](rest, current) if kind in PLACES else abort(404)
    return _own_walk(place, current)


def _own_walk(slug: str, current: str) -> Walk:
    procedure = definition_of(slug)
    if not may_be_submitted(g.library.procedures[procedure["slug"]], today()):
        abort(redirect(url_for("procedures.show_procedure", slug=slug), 303))
    if people.lacks_assurance(current_user, procedure):
        abort(redirect(url_for("submission.bring_card", place=slug), 303))
    account = current_user._get_current_object()
    return Walk(slug, account, procedure, submission.open_draft(account, procedure["slug"]), current)


def today():
    return in_vietnam(utc_now()).date()
