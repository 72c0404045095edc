"""The desk, messages: what was told about a dossier, and the texts that the desk's own phone has still to send."""

from flask import Blueprint, abort, render_template, request
from flask_login import current_user
from wtforms import HiddenField

from database import utc_now
from models import Dossier, TextMessage
from rules import notices, texts
from rules.texts import MOST, TextSettled, read_text
from views import desk
from views.access import open_to
from views.answering import go_on
from views.forms import Form, ReadField
from views.visits import log_security

bp = Blueprint("desk_messages", __name__, url_prefix="/mot-cua/tin-nhan")


class TextForm(Form):
    text = ReadField("Tin nhắn", missing="Nhập chữ của tin nhắn")
    back = HiddenField()  # "hang-cho": the list of all that wait; else the dossier


@bp.get("/")
@open_to("officer")
def waiting_texts():
    """For the desk's own phone: open, send, come back, press “Đã gửi”."""
    waiting = texts.waiting(current_user.office, request.args.get("trang", 1, type=int))
    # Telephone numbers stand there: whose they were is known by the dossiers.
    codes = ", ".join(message.dossier.code for message in waiting.texts)
    log_security("phones shown", staff=current_user.id, dossiers=codes, purpose="texts")
    return render_template("messages/waiting_texts.html", waiting=waiting, form=Form(formdata=None), most=MOST, link=link_of)


def link_of(message: TextMessage, text: str = "") -> str:
    """What opens the phone's program for texts, made out to who submitted the dossier; "" when there is no number any more."""
    phone = message.dossier.account.phone
    return texts.link(phone, text or message.text) if phone and notices.may_be_told(message.dossier) else ""


def text_of_my_office(text_id: int) -> TextMessage:
    return texts.text_of_office(text_id, current_user.office) or abort(404)


@bp.route("/<int:text_id>", methods=["GET", "POST"])
@open_to("officer")
def text(text_id: int):
    """One text: change its words, note that it was sent, or that it is not to be."""
    message, form = text_of_my_office(text_id), TextForm()
    if request.form.get("do") == "drop":
        form.text.missing = ""  # what is not sent need not be right
    else:
        form.text.read = lambda typed: read_text(typed, message.dossier)
    if form.validate_on_submit():
        try:
            return go_back(message, form, settle(message, form))
        except TextSettled as settled:
            return show_text(text_of_my_office(text_id), form, [("", str(settled))], 409)
    return show_text(message, form, form.problems(), 422 if form.errors else 200)


def settle(message: TextMessage, form: TextForm) -> str:
    """What was pressed; returns the word of what to say. Raises TextSettled."""
    now, said = utc_now(), request.form.get("do", "")
    if said == "sent":
        texts.mark_sent(message, form.text.value, current_user._get_current_object(), now)
    elif said == "drop":
        texts.drop(message, now)
    else:
        texts.save(message, form.text.value)
        said = "save"
    # By its number: the words are nobody's, yet the log need not keep them.
    log_security(f"text {said}", staff=current_user.id, dossier=message.dossier.code, text=message.id)
    return {"sent": "tin-da-gui", "drop": "tin-da-bo", "save": "luu"}[said]


def go_back(message: TextMessage, form: TextForm, said: str):
    if form.back.data == "hang-cho":
        return go_on(".waiting_texts", da=said)
    return go_on("desk.show_dossier", code=message.dossier.code, da=said)


def show_text(message: TextMessage, form: TextForm, faults: list[tuple[str, str]], status: int):
    page = render_template(
        "messages/text.html",
        message=message,
        form=form,
        faults=faults,
        typed=form.text.data if form.is_submitted() else message.text,
        most=MOST,
        link=link_of,
        back=form.back.data or request.args.get("ve", ""),
    )
    return page, status


# --- beside the dossier ----------------------------------------------------------------------------------------------


def gather(dossier: Dossier) -> dict:
    found = texts.of_dossier(dossier)
    for one in found:
        one.dossier = dossier  # known already: not asked for again with each
    waiting = [one for one in found if one.sent_at is None and one.dropped_at is None]
    return {
        "mails": notices.mails_of(dossier),
        "waiting": waiting,
        "settled": [one for one in found if one not in waiting],
        "why_none": ""
        if notices.may_be_told(dossier)
        else "Người nộp không để lại e-mail, điện thoại, hoặc không đồng ý nhận tin.",
        "link": link_of,
        "most": MOST,
    }


desk.add_panel(40, "desk/_messages.html", gather)
