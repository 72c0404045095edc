"""Every address of the site × everybody × what is theirs and what is not, made from the routes themselves.

What the world holds, its addresses and a good form for each are those of test_house.py. A form is sent with a good token of
its sender, so that nothing but the rights stands in its way.
"""

import io

import pytest
from house.test_house import LOGIN, addresses, everything, good_forms, may_open, person, said_of, secrets_of, world  # noqa: F401
from stage import make_staff

from database import db
from rules import staff
from rules.workflow import MOVES
from views.printed_forms import BY_WORD

# By name: the role, and whether the office (of staff) or the things (of a citizen) are those of this world.
HERE = {role: (role, True) for role in staff.ROLES}
EVERYBODY = {
    "nobody": ("anyone", False),
    "a": ("citizen", True),
    "b": ("citizen", False),
    **HERE,
    **{f"{role} elsewhere": (role, False) for role in HERE},
}
# What an address may name, and what stands for one that is not there.
NO_SUCH = {
    "code": "H21.129-200101-9999", "business": "0" * 12, "help_ref": "0" * 12, "ref": "0" * 12,
    "pack_ref": "0" * 12, "batch_ref": "0" * 12,
    "note_ref": "0" * 12, "campaign_ref": "0" * 12, "village_key": "khong-co",
    **dict.fromkeys(
        ("document_id", "file_id", "paper_id", "version_id", "later_id", "item_id", "event_id", "form_id", "text_id",
         "apology_id", "result_id", "staff_id", "login_id", "slip_id", "approval_id", "representative"), 987654321),
}  # fmt: skip


@pytest.fixture
def who(world, person, visit_as):  # noqa: F811
    """The visitor of a name in EVERYBODY."""

    def visitor(name):
        role, is_here = EVERYBODY[name]
        if name in ("nobody", "a", "b"):
            return person(name)
        if is_here:
            return visit_as(world.get(role) or world[role.replace("_", " ")])
        return visit_as(
            make_staff(role, f"{role}-elsewhere", office="H21.121", village="Thôn 9" if role == "village_head" else "")
        )

    return visitor


class Ask:
    """One question to the site: an address, and with POST its good form."""

    def __init__(self, app, endpoint, address, method, sender="", form=None):
        self.endpoint, self.address, self.method = endpoint, address, method
        self.adapter = app.url_map.bind("localhost")
        _, self.values = self.adapter.match(address.split("?")[0], method)
        self.sender, self.form = sender, form or {}

    def __repr__(self) -> str:
        return f"{self.method} {self.endpoint}"

    @property
    def things(self) -> set[str]:
        return NO_SUCH.keys() & self.values.keys()

    def of_what_is_not_there(self) -> str:
        return self.adapter.build(self.endpoint, self.values | {name: NO_SUCH[name] for name in self.things})

    def put(self, visitor, token: str, address: str = ""):
        if self.method == "GET":
            return visitor.client.get(address or self.address)
        # A file is read once.
        form = {name: (io.BytesIO(sent[0].getvalue()), sent[1]) if isinstance(sent, tuple) else sent
                for name, sent in self.form.items()}  # fmt: skip
        said = said_of(self.endpoint, {"csrf_token": token})
        return visitor.client.post(address or self.address, data=form | {"csrf_token": token}, headers=said)


def asks(app, world, methods=("GET", "POST")):  # noqa: F811
    forms = good_forms(world)
    for method in methods:
        for endpoint, address in addresses(app, world, method).items():
            yield Ask(app, endpoint, address, method, *(forms[endpoint] if method == "POST" else ()))


def is_turned_away(answer) -> bool:
    """Told that there is no such page, or sent to log in."""
    where = (answer.location or "").removeprefix("http://localhost").split("?")[0]
    return answer.status_code == 404 or where in (LOGIN, "/mot-cua/dang-nhap")


def is_open(app, ask: Ask, name: str) -> bool:
    """Whether the line above the view's name, and what its address names, let this person's role in."""
    role = EVERYBODY[name][0]
    if ask.endpoint == "desk.move_dossier":
        return role in {move.role for move in MOVES if move.word == ask.values["word"]}
    if ask.endpoint == "printed_forms.make_form":
        return role in BY_WORD[ask.values["kind"]].makers
    if "place" in ask.values and role != "anyone":  # one's own draft; where an officer types for somebody stands “giup.”
        return role == "citizen"
    return may_open(app, ask.endpoint, role)


# Of one office, and not everybody's there: a slip is its maker's, a help whose hands it is and whom it helps, and what waits
# to be confirmed is of another village than this world's head. A note is its writer's to change.
NARROWER = {
    "note_ref": {"village_head"},
    "slip_id": {"officer"},
    "help_ref": {"officer", "a"},
    "approval_id": {"officer", "specialist", "leader"},
}


def owns(name: str, ask: Ask) -> bool:
    """Whether the things in an address are this person's: a citizen's own, or of the office where a member of staff works."""
    is_narrowed = any(thing in ask.things and name not in whose for thing, whose in NARROWER.items())
    return not ask.things or (EVERYBODY[name][1] and not is_narrowed)


# --- may not ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", EVERYBODY)
def test_whoever_an_address_is_not_open_to_is_turned_away_and_nothing_changes(app, world, who, name):  # noqa: F811
    visitor = who(name)
    token, before = visitor.token(), everything()
    for ask in asks(app, world):
        if not is_open(app, ask, name):
            answer = ask.put(visitor, token)

            assert is_turned_away(answer), (ask, answer.status_code, answer.location)
    assert everything() == before


# The invitation is B's own.
INVITED = {("b", "businesses.invitation")}


@pytest.mark.parametrize("name", sorted(EVERYBODY.keys() - {"nobody", "a", "officer"}))
def test_somebody_elses_is_like_what_is_not_there_and_nothing_changes(app, world, who, name):  # noqa: F811
    visitor = who(name)
    token, before = visitor.token(), everything()
    for ask in asks(app, world):
        if not is_open(app, ask, name) or owns(name, ask) or (name, ask.endpoint) in INVITED:
            continue
        missing = ask.of_what_is_not_there()
        theirs, none = (seen(ask.put(visitor, token, address), address) for address in (ask.address, missing))

        assert theirs == none, ask
    assert everything() == before


def seen(answer, address: str) -> tuple:
    """What whoever asked gets to see, but for the address asked for."""
    return answer.status_code, (answer.location or "").replace(address, ""), answer.get_data(as_text=True).replace(address, "")


@pytest.mark.parametrize("name", [name for name in EVERYBODY if name.endswith("elsewhere")])
def test_an_office_elsewhere_reads_nothing_of_this_ones_dossiers(app, world, who, name):  # noqa: F811
    visitor = who(name)
    for ask in asks(app, world, ["GET"]):
        with ask.put(visitor, "") as answer:
            words = answer.get_data().decode("utf-8", "replace") if not answer.location else ""
        assert [secret for secret in secrets_of(world) if secret in words] == [], ask


# --- may -------------------------------------------------------------------------------------------------------------

# There only once somebody has confirmed that a password be reset.
NOT_YET = {"people.reset_code"}
# After these a person is asked to log in again.
ENDS_THE_LOGIN = {"my_account.leave_everywhere", "my_account.change_password"}


@pytest.mark.parametrize("name", [name for name, (_, is_here) in EVERYBODY.items() if is_here])
def test_whoever_an_address_is_open_to_is_answered(app, world, who, name, monkeypatch):  # noqa: F811
    """A page is shown, a form does what it does or says why not now.

    What it did is taken back, so that the next finds the same world: the connection that knows of it stays with this test.
    """
    monkeypatch.setattr(db.obj, "close", lambda: None)
    for ask in asks(app, world):
        is_for_all = "anyone" in app.view_functions[ask.endpoint].open_to
        if not is_open(app, ask, name) or not owns(name, ask) or is_for_all or ask.endpoint in NOT_YET:
            continue
        with db.atomic() as trial:
            visitor = who(name)
            with ask.put(visitor, visitor.token()) as answer:
                assert answer.status_code in (200, 201, 302, 303, 409, 422), (ask, answer.status_code)
                assert not is_turned_away(answer) or ask.endpoint in ENDS_THE_LOGIN, (ask, answer.location)
            trial.rollback()
