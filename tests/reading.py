"""A page as a person reads it: its title, its heading, what must be mended, its buttons. Checks every page it reads."""

import re
from urllib.parse import urlsplit

from lxml import html


class Page:
    def __init__(self, response, is_fragment: bool = False):
        self.status = response.status_code
        self.headers = response.headers
        self.location = _path(response.headers.get("Location"))
        self.text = response.get_data(as_text=True) if (response.mimetype or "").startswith("text/") else ""
        self.data = response.data
        self.is_page = response.mimetype == "text/html" and not self.location
        if self.is_page:
            self.tree = html.fromstring(self.text)
            check_page(self, is_fragment)

    @property
    def title(self) -> str:
        return _words(self.tree.findtext(".//title"))

    @property
    def heading(self) -> str:
        return _words(self.tree.find(".//h1").text_content())

    @property
    def words(self) -> str:
        """What stands on the page, without style and script."""
        main = self.tree.find(".//main")
        return _words((self.tree if main is None else main).text_content())

    @property
    def errors(self) -> str:
        return " | ".join(_words(box.text_content()) for box in self.tree.find_class("errors"))

    @property
    def buttons(self) -> list[str]:
        return [_words(button.text_content()) for button in self.tree.iter("button")]

    @property
    def links(self) -> dict[str, str]:
        return {_words(a.text_content()): a.get("href") for a in self.tree.iter("a")}

    @property
    def user(self) -> str:
        """What stands at the upper right."""
        return _words(self.tree.find_class("me")[0].text_content())

    def fields(self, button: str = "") -> dict[str, str]:
        """What the form that has `button` would send, as it stands on the page."""
        form = next(
            f for f in self.tree.iter("form") if not button or button in [_words(b.text_content()) for b in f.iter("button")]
        )
        return {name: value for name, value in form.form_values() if name}

    def typed_in(self, name: str) -> str:
        named = self.tree.xpath(f"//*[@name='{name}']")
        field = next((one for one in named if one.tag != "select"), named[0])  # not the ready phrases beside it
        return (
            field.text[1:]
            if field.tag == "textarea" and (field.text or "").startswith("\n")
            else (field.get("value") or field.text or "")
        )


def check_page(page: Page, is_fragment: bool) -> None:
    """What is true of every page: a title, a language, one h1, sound forms, no id twice, the headers."""
    tree = page.tree
    assert page.title, "a page needs a title"
    assert len(tree.findall(".//h1")) == 1, f"one h1, not {[h.text_content() for h in tree.findall('.//h1')]}"
    if not is_fragment:
        assert tree.get("lang") == "vi"
        assert page.text.lower().startswith("<!doctype html>")
    ids = [element.get("id") for element in tree.iter() if element.get("id")]
    assert len(ids) == len(set(ids)), f"ids stand twice: {sorted(i for i in ids if ids.count(i) > 1)}"
    for form in tree.iter("form"):
        check_form(form, ids)
    assert "Content-Security-Policy" in page.headers
    assert page.headers["X-Content-Type-Options"] == "nosniff"
    assert "HX-Request" in page.headers["Vary"]
    assert page.headers["Cache-Control"].startswith(("no-store", "public"))


def check_form(form, ids: list[str]) -> None:
    if form.get("method", "get") == "post":
        assert form.xpath(".//input[@name='csrf_token'][@value!='']"), "a form that changes something carries the token"
        typed = form.xpath(".//input[not(@type) or @type='text' or @type='tel' or @type='email']")
        kept = [field.get("name") for field in typed if "off" not in (form.get("autocomplete"), field.get("autocomplete"))]
        assert not kept, f"a shared phone would offer the next person what was typed into {kept}"
    assert list(form.iter("button")), "a form has a button"
    for field in form.xpath(".//input[not(@type='hidden')]|.//select|.//textarea"):
        has_label = field.get("aria-label") or field.xpath("ancestor::label") or form.xpath(f".//label[@for='{field.get('id')}']")
        assert has_label, f"field {field.get('name')} has no label"
        assert field.get("name"), "a field has a name"
        for note in (field.get("aria-describedby") or "").split():
            assert note in ids, f"field {field.get('name')} points to a note that is not there: {note}"


def _words(text: str | None) -> str:
    return re.sub(r"\s+", " ", text or "").strip()


def _path(location: str | None) -> str:
    if not location:
        return ""
    parts = urlsplit(location)
    return parts.path + (f"?{parts.query}" if parts.query else "")
