"""The way through a submission: which page comes when, for this person and these answers."""

from dataclasses import dataclass

from flask import abort, g, redirect, request, url_for
from flask_login import current_user

from database import utc_now
from models import Paper
from rules import eform, people, submission
from rules.library import may_be_submitted
from rules.papers import papers_of
from rules.vietnamese import in_vietnam
from views.procedures import definition_of


@dataclass(frozen=True)
class Page:
    """One page of a submission: its name in drafts, its address, its title."""

    name: str
    address: str
    title: str


class Walk:
    """The pages of one person's submission of one procedure, in the letter's order, as the answers so far call for them."""

    def __init__(self, slug: str, current: str = ""):
        self.slug = slug
        self.current = current
        self.procedure = definition_of(slug)
        if not may_be_submitted(g.library.procedures[slug], today()):
            abort(redirect(url_for("procedures.show_procedure", slug=slug), 303))
        if people.lacks_assurance(current_user, self.procedure):
            abort(redirect(url_for("submission.bring_card", slug=slug), 303))
        self.draft = submission.open_draft(current_user, slug)
        self.answers: dict[str, str] = dict(self.draft.answers) if self.draft else self.known_answers()

    def known_answers(self) -> dict[str, str]:
        questions = [question for page in self.procedure["eform"]["pages"] for question in page["questions"]]
        return submission.known_answers(questions, current_user, g.library.site)

    @property
    def question_pages(self) -> list[dict]:
        return eform.asked_pages(self.procedure["eform"]["pages"], self.answers)

    def pages(self) -> list[Page]:
        return [
            Page("owner", url_for("submission.owner", slug=self.slug), "Chủ hồ sơ"),
            *(self.page_of(page) for page in self.question_pages if self.is_to_answer(page)),
            Page("delivery", url_for("submission.delivery", slug=self.slug), "Nơi nhận kết quả"),
            Page("papers", url_for("submission.papers", slug=self.slug), "Giấy tờ"),
            Page("check", url_for("submission.check", slug=self.slug), "Xem lại và nộp"),
        ]

    def page_of(self, page: dict) -> Page:
        return Page(
            f"page-{page['number']}", url_for("submission.questions", slug=self.slug, number=page["number"]), page["title"]
        )

    def is_to_answer(self, page: dict) -> bool:
        """Whether a person has to see the page: not when the account answers all of it (the check page shows it still)."""
        name = f"page-{page['number']}"
        return name == self.current or self.was_sent(name) or bool(eform.open_questions(page["questions"], self.answers, today()))

    def place(self, name: str) -> tuple[int, int]:
        names = [page.name for page in self.pages()]
        return names.index(name) + 1, len(names)

    def after(self, name: str) -> str:
        """The address of the page after `name`; straight back to the check page when an answer was only being mended."""
        if request.form.get("from_check"):
            return url_for("submission.check", slug=self.slug)
        pages = self.pages()
        names = [page.name for page in pages]
        # Another tab may just have given an answer that takes this page away.
        return pages[names.index(name) + 1].address if name in names else url_for("submission.start", slug=self.slug)

    def before(self, name: str) -> str:
        pages = self.pages()
        number = [page.name for page in pages].index(name)
        return pages[number - 1].address if number else url_for("procedures.show_procedure", slug=self.slug)

    def save(self, name: str, typed: dict[str, str]) -> None:
        known = {} if self.draft else self.known_answers()
        self.draft = submission.open_or_begin_draft(current_user._get_current_object(), self.slug, utc_now())
        submission.save_page(self.draft, name, known | typed, utc_now())
        self.answers = dict(self.draft.answers)

    def was_sent(self, name: str) -> bool:
        return bool(self.draft and name in self.draft.visited)

    def papers(self) -> dict[str, Paper]:
        return papers_of(self.draft) if self.draft else {}


def today():
    return in_vietnam(utc_now()).date()
