"""The trial bank's pages as templates make them: escaped, labelled, with the headers of a page that trusts nobody."""

import base64
import gzip
import hashlib
from functools import cache
from http import HTTPStatus
from pathlib import Path
from typing import NamedTuple

TEMPLATES = Path(__file__).with_name("templates")
LABEL = "NGÂN HÀNG THỬ – KHÔNG PHẢI TIỀN THẬT"
WORTH_COMPRESSING = 600  # bytes; below, the head of the packed form eats what it saves


class Answer(NamedTuple):
    status: int
    headers: list[tuple[str, str]]
    body: bytes

    @property
    def line(self) -> str:
        return f"{self.status} {HTTPStatus(self.status).phrase}"


def page(name: str, status: int = 200, leads_to: str = "", **values: object) -> Answer:
    """The page of a template. Its forms may end at `leads_to`, an origin, too: browsers look at redirects as well."""
    body = _templates().get_template(name).render(values).encode()
    policy = (
        f"default-src 'none';style-src '{_style_hash()}';img-src data:;"
        f"form-action 'self' {leads_to};base-uri 'none';frame-ancestors 'none'"
    )
    headers = [("Content-Type", "text/html; charset=utf-8"), ("Content-Security-Policy", policy), *_always()]
    return Answer(status, headers, body)


def text(status: int, said: str = "") -> Answer:
    return Answer(status, [("Content-Type", "text/plain; charset=utf-8"), *_always()], f"{LABEL}\n{said}\n".encode())


def redirect(address: str) -> Answer:
    return Answer(303, [("Location", address), *_always()], b"")


def packed(answer: Answer, accepts: str) -> Answer:
    """The same answer, smaller, for a browser that can unpack it."""
    if "gzip" not in accepts or len(answer.body) < WORTH_COMPRESSING:
        return answer
    return answer._replace(headers=[*answer.headers, ("Content-Encoding", "gzip")], body=gzip.compress(answer.body, mtime=0))


def _always() -> list[tuple[str, str]]:
    return [("Cache-Control", "no-store"), ("X-Content-Type-Options", "nosniff"), ("Referrer-Policy", "same-origin")]


@cache
def _templates():
    # Not above: a third of the time it takes to start, and most starts show no page.
    from jinja2 import Environment, FileSystemLoader, StrictUndefined
    from markupsafe import Markup

    templates = Environment(
        loader=FileSystemLoader(TEMPLATES), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    templates.globals |= {"style": Markup(_style()), "label": LABEL}
    templates.filters["dong"] = lambda hundredths: f"{hundredths // 100:,}".replace(",", ".") + " đồng"
    return templates


def _style() -> str:
    return (TEMPLATES / "style.css").read_text("utf-8").rstrip()


@cache
def _style_hash() -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(_style().encode()).digest()).decode()
