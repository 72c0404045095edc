"""What all forms share: the token, messages in Vietnamese, and lines that a rule reads."""

import hmac
from collections.abc import Callable

from flask import current_app, request, session
from flask_wtf import FlaskForm
from flask_wtf.form import _Auto
from wtforms import StringField, ValidationError
from wtforms.csrf.core import CSRF
from wtforms.validators import StopValidation

from rules import WrongInput

STALE = "Trang này mở đã lâu. Chữ bạn nhập còn nguyên: xem lại rồi bấm nút lần nữa."


class VisitToken(CSRF):
    """The form token: 22 symbols bound to the cookie's token, so to the login; for a page that counts its bytes.

    Flask-WTF's own signs a random value with the time, 85 symbols in every form. A token that depends on the login alone
    needs neither; the cookie is SameSite, so no other site can have the page compressed with guesses in it.
    """

    def generate_csrf_token(self, csrf_token_field) -> str:
        return session.form_token(current_app.config["SECRET_KEY"])

    def validate_csrf_token(self, form, field) -> None:
        if not is_good_token(field.data or ""):
            raise ValidationError(STALE)


def is_good_token(sent: str) -> bool:
    """Whether this is the visit's form token, from a field or from a header."""
    # A form shown before the key was replaced is still good (SECURITY §4).
    keys = [current_app.config["SECRET_KEY"], *current_app.config["SECRET_KEY_FALLBACKS"]]
    return any(hmac.compare_digest(sent.encode(), session.form_token(key).encode()) for key in keys)


class Messages:
    """WTForms has no Vietnamese; these are the few of its own messages a person can meet."""

    TEXTS = {
        "This field is required.": "Ô này cần có",
        "Not a valid choice.": "Chọn một trong các ô có sẵn",
        "Invalid Choice: could not coerce.": "Chọn một trong các ô có sẵn",
    }

    def gettext(self, text: str) -> str:
        return self.TEXTS.get(text, text)

    def ngettext(self, singular: str, plural: str, number: int) -> str:
        return self.gettext(plural)


class Form(FlaskForm):
    """A form of this site. With no field of its own it is a button: the token is all it checks."""

    class Meta(FlaskForm.Meta):
        csrf_class = VisitToken

        def get_translations(self, form):
            return Messages()

        def wrap_formdata(self, form, formdata):
            """What was typed, only: a file or JSON sent in a field's place is nothing typed, and breaks nothing."""
            if formdata is not _Auto:
                return formdata
            return request.form or None if form.is_submitted() else None

    def has_stale_token(self) -> bool:
        return self.is_submitted() and "csrf_token" in self.errors

    def problems(self) -> list[tuple[str, str]]:
        """What to mend, in the order of the page: (id of the field, what to do). A stale token is nobody's field."""
        return [("", STALE) if name == "csrf_token" else (self[name].id, texts[0]) for name, texts in self.errors.items() if name]


class TypedTwice:
    """Beside Form: a new password stands in `password` and again in `password_again`."""

    def validate(self, extra_validators=None) -> bool:
        if not super().validate(extra_validators):
            return False
        if self.password.data != self.password_again.data:
            self.password_again.errors = ["Hai lần gõ mật khẩu chưa giống nhau. Gõ lại cả hai."]
        return not self.errors


class ReadField(StringField):
    """A line that a rule reads: `value` is what the rule made of it, `data` stays as typed, to be shown again."""

    value: str = ""

    def __init__(self, label: str, read: Callable[[str], object] = str, missing: str = "", hint: str = "", **kwargs):
        super().__init__(label, description=hint, **kwargs)
        self.read, self.missing = read, missing

    def pre_validate(self, form) -> None:
        typed = (self.data or "").strip()
        if not typed and self.missing:
            raise StopValidation(self.missing)
        try:
            self.value = self.read(typed) if typed else ""
        except WrongInput as fault:
            raise StopValidation(str(fault)) from fault


class SecretField(ReadField):
    """A password as it was typed, spaces included; never sent back to the screen."""

    def pre_validate(self, form) -> None:
        if not self.data:
            raise StopValidation(self.missing)
        try:
            self.value = self.read(self.data)
        except WrongInput as fault:
            raise StopValidation(str(fault)) from fault
