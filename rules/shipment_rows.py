"""The rows of a shipment, kept in step with the dossier's own moves; what the post itself does is in rules/shipments.py.

It lies below the workflow, so that a move of the dossier and its shipment's step are one transaction.
"""

from datetime import datetime

from models import Account, Dossier, Event, Shipment, ShipmentStep, Staff

COLLECT, RETURN = "collect", "return"
DIRECTIONS = (COLLECT, RETURN)
# While it is one of these, no other shipment of the dossier goes the same way.
UNDER_WAY = ("waiting", "handed_over", "on_the_way")
WITH_POST = ("handed_over", "on_the_way")
# What the dossier's row calls the state of its result's shipment.
OF_DOSSIER = {"returned": "came_back", "dropped": ""}
UNDONE = "Hoàn tác."
# Nobody fetches papers for a dossier that was refused, withdrawn or stopped.
ENDS = ("refuse", "stop_withdrawn", "stop", "grant_withdrawal")


def newest(dossier: Dossier, direction: str) -> Shipment | None:
    """The one that counts: the last of this direction that was not dropped."""
    is_one = Shipment.dossier == dossier.id, Shipment.direction == direction, Shipment.state != "dropped"
    return Shipment.select().where(*is_one).order_by(Shipment.id.desc()).first()


def under_way(dossier: Dossier, direction: str) -> Shipment | None:
    found = newest(dossier, direction)
    return found if found and found.state in UNDER_WAY else None


def begin(
    dossier: Dossier,
    direction: str,
    receiver: str,
    address: str,
    phone: str,
    fee_dong: int | None,
    by: Account | Staff | None,
    now: datetime,
    form_key: str | None = None,
) -> Shipment:
    """A shipment that waits, and its first step. The caller holds the dossier's lock."""
    shipment = Shipment.create(
        dossier=dossier, office=dossier.office, direction=direction, receiver=receiver, address=address, phone=phone,
        fee_dong=fee_dong, made_at=now, changed_at=now,
    )  # fmt: skip
    write(shipment, "waiting", by, now, form_key=form_key)
    return shipment


def write(
    shipment: Shipment,
    state: str,
    by: Account | Staff | None,
    now: datetime,
    note: str = "",
    form_key: str | None = None,
    **changes,
) -> ShipmentStep:
    """Put a shipment into a state, with the step that says so, and keep the dossier's word for it. Holds the dossier's lock."""
    changes |= {"state": state, "changed_at": now}
    Shipment.update(changes).where(Shipment.id == shipment.id).execute()
    for name, value in changes.items():
        setattr(shipment, name, value)
    if shipment.direction == RETURN:
        word = OF_DOSSIER.get(state, state)
        Dossier.update(shipment=word).where(Dossier.id == shipment.dossier_id).execute()
    who = by if isinstance(by, Staff) else None
    return ShipmentStep.create(shipment=shipment, state=state, note=note[:300], by=who, at=now, form_key=form_key)


def steps_of(shipment: Shipment) -> list[ShipmentStep]:
    return list(ShipmentStep.select().where(ShipmentStep.shipment == shipment.id).order_by(ShipmentStep.id))


# --- as the dossier moves --------------------------------------------------------------------------------------------


def word_after(dossier: Dossier, name: str) -> dict[str, str]:
    """What a move of the dossier makes of its word for the shipment: {} where it stays."""
    if name == "finish":
        return {"shipment": "waiting"} if dossier.delivery == "post" else {}
    if name == "give_result":
        if dossier.step != "posting":  # fetched before the postman came for it
            return {"shipment": ""} if dossier.shipment == "waiting" else {}
        return {"shipment": "came_back" if dossier.shipment == "came_back" else "delivered"}
    words = {"hand_to_post": "handed_over", "post_returned": "came_back", "post_lost": "lost"}
    return {"shipment": words[name]} if name in words else {}


def follow(dossier: Dossier, event: Event, by) -> None:
    """Do to the shipment what the dossier's move means for it. Holds the dossier's lock."""
    if event.name == "finish" and dossier.delivery == "post" and not under_way(dossier, RETURN):
        account = dossier.account
        address = dossier.answers.get("delivery_address", "")
        begin(dossier, RETURN, account.full_name, address, account.phone, None, by, event.at)
    elif event.name == "hand_to_post" and (found := under_way(dossier, RETURN)):
        write(found, "handed_over", by, event.at)
    elif event.name == "give_result" and (found := newest(dossier, RETURN)) and found.state == "waiting":
        write(found, "dropped", by, event.at, "Đã nhận kết quả, không gửi nữa.")
    elif event.name in ENDS and (found := under_way(dossier, COLLECT)) and found.state == "waiting":
        write(found, "dropped", by, event.at, "Hồ sơ đã dừng, không đến lấy giấy nữa.")


def settle(dossier: Dossier, way: str, receiver: str, by: Staff, now: datetime) -> None:
    """The result was returned while its shipment was with the post: delivered by it, or fetched after it had brought it back."""
    found = newest(dossier, RETURN)
    if found is None or found.state not in (*WITH_POST, "delivered"):
        return
    if way == "online":  # the sheet of paper goes on its way all the same
        Dossier.update(shipment=found.state).where(Dossier.id == dossier.id).execute()
    elif way == "post" and found.state != "delivered":
        write(found, "delivered", by, now, receiver)
    elif way == "desk":
        write(found, "returned", by, now, "Chủ hồ sơ nhận tại quầy.")


def may_be_undone(dossier: Dossier, name: str) -> bool:
    """Whether the shipment still is where this move put it: what the post has taken over does not come back by a button."""
    found = newest(dossier, RETURN) if name in ("hand_to_post", "finish") else None
    return found is None or found.state == {"hand_to_post": "handed_over", "finish": "waiting"}[name]


def take_back(dossier: Dossier, undone: Event, by: Staff, now: datetime) -> None:
    """A move of the dossier was undone: so is the step its shipment made with it. Holds the dossier's lock."""
    word = Dossier.get_by_id(dossier.id).shipment  # put back already, with the dossier's row
    for found in Shipment.select().where(Shipment.dossier == dossier.id).order_by(Shipment.id.desc()):
        steps = steps_of(found)
        if not steps or steps[-1].at != undone.at or found.changed_at != undone.at:
            continue
        if undone.name == "hand_to_post":
            # The list both have signed keeps its line, struck out; the letter waits anew.
            write(found, "dropped", by, now, UNDONE)
            begin(dossier, RETURN, found.receiver, found.address, found.phone, found.fee_dong, by, now)
        else:
            write(found, steps[-2].state if len(steps) > 1 else "dropped", by, now, UNDONE)
        break
    Dossier.update(shipment=word).where(Dossier.id == dossier.id).execute()
    dossier.shipment = word
