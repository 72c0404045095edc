"""What each printed form says of a dossier, as plain words: kept with the form, so that a reprint says the same."""

from datetime import date, datetime

from models import Account, Apology, Dossier, Event, HandOver, Paper, SupplementItem, SupplementRequest
from rules import deadlines, eform, fees, later_papers, supplements, workflow
from rules.deadlines import WorkCalendar
from rules.identity import show_phone
from rules.submission import DELIVERIES
from rules.vietnamese import VIETNAM_TIME, in_vietnam, show_dong

PAPER_FORMS = {"original": "Bản chính", "copy": "Bản sao"}
ELECTRONIC = "Bản điện tử"
SENT_AS_FILE = "Ảnh, tệp điện tử"
PUNCTUALITY = {"early": "Trước hạn", "on_time": "Đúng hạn", "late": "Quá hạn"}
NOBODY = "Người giải quyết"
LEADERS = "Lãnh đạo"
# Steps of the life of a dossier that carry it from one table to another: from whom and to whom. "by" is whoever pressed.
PASSES = {
    "accept": ("submitter", "by"),
    "ask_signature": ("by", LEADERS),
    "sign": ("by", NOBODY),
    "refuse_signature": ("by", NOBODY),
    "send_elsewhere": ("by", "Cơ quan khác"),
    "come_back": ("Cơ quan khác", "by"),
    "finish": ("by", "desk"),
    "hand_to_post": ("by", "Bưu điện"),
    "give_result": ("by", "receiver"),
    "give_papers_back": ("by", "receiver"),
}


# --- how things are written on an official paper ---------------------------------------------------------------------


def two(number: int) -> str:
    """Numbers under ten carry a nought before them (Nghị định 30/2020/NĐ-CP, Phụ lục I)."""
    return f"{number:02}"


def day_words(day: date) -> str:
    """ngày 05 tháng 02 năm 2026; of the months only the first two carry a nought (the same)."""
    month = two(day.month) if day.month < 3 else day.month
    return f"ngày {two(day.day)} tháng {month} năm {day.year}"


def moment_words(moment: datetime | None) -> str:
    """09 giờ 10 phút, ngày 23 tháng 11 năm 2026, in Vietnam's time; nothing for no moment."""
    if moment is None:
        return ""
    local = in_vietnam(moment)
    return f"{two(local.hour)} giờ {two(local.minute)} phút, {day_words(local)}"


def short_moment(moment: datetime | None) -> str:
    """09:10 23/11/2026, for the columns of a table."""
    return f"{in_vietnam(moment):%H:%M %d/%m/%Y}" if moment else ""


def short_day(moment: datetime | None) -> str:
    return f"{in_vietnam(moment):%d/%m/%Y}" if moment else ""


# --- who writes, and to whom -----------------------------------------------------------------------------------------


def agency_name(site, office: str) -> str:
    """Ủy ban nhân dân xã Ia Băng: the name of the office with this code, written out."""
    name = next((one.name for one in site.offices if one.code == office), f"UBND {site.name}")
    return name.replace("UBND", "Ủy ban nhân dân", 1)


def desk_name(site) -> str:
    return site.form_desk or site.office


def place_of(site) -> str:
    """Ia Băng, as it stands before the date."""
    return site.name.split(" ", 1)[1] if site.name.split(" ", 1)[0] in ("xã", "phường", "thị") else site.name


def head_of_desk(site, office: str) -> list[str]:
    """The two lines at the upper left: the superior, and who writes."""
    return [_unbroken(agency_name(site, office), site), _unbroken(desk_name(site), site)]


def _unbroken(name: str, site) -> str:
    """In capitals, for a narrow column: the commune's own name stays on one line."""
    return name.upper().replace(site.name.upper(), site.name.upper().replace(" ", "\u00a0"))


def head_of_agency(site, office: str) -> list[str]:
    """A committee stands under nobody in its own heading: its name in one or two lines, both its own."""
    name = agency_name(site, office).upper()
    before, middle, after = name.partition(" NHÂN DÂN ")
    return ["", f"{before} NHÂN DÂN", after] if middle else ["", name]


def addressee(dossier: Dossier, site) -> dict[str, str]:
    """Who handed the dossier in, whose it is, where they live and how to reach them."""
    account, answers = dossier.account, dossier.answers
    return {
        "name": account.full_name,
        "owner": dossier.owner_name if dossier.owner_name != account.full_name else "",
        "tax_code": dossier.business.tax_code if dossier.business_id else "",
        "address": _prefilled(dossier, "address") or _village(dossier.village, site),
        "phone": _shown_phone(_prefilled(dossier, "phone") or account.phone),
        "email": account.email or answers.get("email", ""),
    }


def _prefilled(dossier: Dossier, what: str) -> str:
    """The first answer to a question that asks for this of whoever hands in; "" where none does."""
    pages = dossier.procedure.get("eform", {}).get("pages", [])
    questions = eform.all_questions(pages, dossier.answers) if pages else {}
    return next((dossier.answers.get(key, "") for key, q in questions.items() if q.get("prefill") == what), "")


def _village(village: str, site) -> str:
    return ", ".join(part for part in (village, site.name, f"tỉnh {site.province}") if part)


def _shown_phone(phone: str) -> str:
    return show_phone(phone) if phone.startswith("+") else phone


def asked_for(dossier: Dossier) -> dict[str, str]:
    return {
        "procedure": dossier.procedure.get("name") or dossier.procedure_title,
        "procedure_code": dossier.procedure.get("code", ""),
    }


def legal_ground(dossier: Dossier) -> str:
    """What the procedure rests on, as it was when the dossier came in."""
    return "; ".join(dossier.procedure.get("legal_basis", []))


def signature(who: str, name: str = "", hint: str = "Ký và ghi rõ họ tên") -> dict[str, str]:
    return {"who": who, "hint": hint, "name": name}


# --- the forms -------------------------------------------------------------------------------------------------------


def receipt(dossier: Dossier, event: Event, said: dict[str, str], site, calendar: WorkCalendar, now: datetime) -> dict:
    """Giấy tiếp nhận hồ sơ và hẹn trả kết quả: what was received, and by when the result is promised."""
    is_online = dossier.channel == "online"
    delivery = DELIVERIES[dossier.delivery]
    if dossier.delivery == "post" and dossier.answers.get("delivery_address"):
        delivery += f": {dossier.answers['delivery_address']}"
    return {
        "head": head_of_desk(site, dossier.office),
        "desk": desk_name(site),
        **addressee(dossier, site),
        **asked_for(dossier),
        "papers": papers_received(dossier),
        "sets": "01",
        "term": term_words(dossier.procedure),
        "received_at": moment_words(dossier.accepted_at),
        "due_at": moment_words(dossier.first_due_at or dossier.due_at),
        "delivery": delivery,
        "fee": fee_words(dossier),
        "contact": site.phone,
        "signers": [
            signature(
                "Người nộp hồ sơ",
                dossier.account.full_name,
                f"Nộp trực tuyến lúc {short_moment(dossier.submitted_at)}" if is_online else "Ký và ghi rõ họ tên",
            ),
            signature("Người tiếp nhận hồ sơ", event.actor_name),
        ],
    }


def papers_received(dossier: Dossier) -> list[list[str]]:
    """(name, original or copy, how many) of each paper that is here: filled in here, sent as a file, brought, asked later."""
    documents = dossier.procedure.get("documents", [])
    sent = list(dossier.papers.where(Paper.replaced_at.is_null()).order_by(Paper.id))
    brought = {later.document_key for _, later in later_papers.checklist(dossier) if later.arrived_at and later.received_by_id}
    rows = [[_declaration(documents), ELECTRONIC, "01"]]
    for document in documents:
        photos = sum(paper.document_key == document["key"] and paper.item_id is None for paper in sent)
        if photos:
            rows.append([document["name"], SENT_AS_FILE, two(photos)])
        if document["key"] in brought:
            rows.append([document["name"], PAPER_FORMS[document["form"]], two(document["count"])])
    for request in supplements.rounds(dossier):
        for item in supplements.items_of(request):
            photos = sum(paper.item_id == item.id for paper in sent)
            if photos:
                rows.append([item.name, SENT_AS_FILE, two(photos)])
            elif item.arrived_at and item.received_by_id and item.way != supplements.WAIVED:
                rows.append([item.name, "Bản giấy", "01"])
    return rows


def _declaration(documents: list[dict]) -> str:
    return next((d["name"] for d in documents if d["key"].startswith("to_khai") and d["digital_substitute"]), "Tờ khai")


def term_words(procedure: dict) -> str:
    """The time the law gives: 03 ngày làm việc."""
    processing = procedure["processing"]
    kind, value = processing["type"], processing.get("value") or 0
    if kind == "same_day":
        cutoff = processing.get("cutoff")
        return "trong ngày làm việc" + (f" (nhận từ {cutoff} thì trả ngày làm việc kế tiếp)" if cutoff else "")
    return {"working_days": f"{two(value)} ngày làm việc", "calendar_days": f"{two(value)} ngày"}.get(
        kind, processing.get("text", "")
    )


def fee_words(dossier: Dossier) -> str:
    """What it costs, by the procedure as it was submitted; "" where the amount is not settled, to be written by hand."""
    if dossier.payment == "waived":
        return "được miễn"
    charge = fees.of_dossier(dossier)
    if not charge.is_certain:
        return ""
    if not charge.amount_dong:
        exempt = fees.exempt_on(dossier)
        return f"được miễn: {exempt.who}" if exempt else "không thu"
    return show_dong(charge.amount_dong) + (", đã nộp" if dossier.payment == "paid" else "")


def supplement(dossier: Dossier, event: Event, said: dict[str, str], site, calendar: WorkCalendar, now: datetime) -> dict:
    """Phiếu yêu cầu bổ sung, hoàn thiện hồ sơ: everything that is lacking, each with its reason."""
    request = SupplementRequest.get(SupplementRequest.dossier == dossier, SupplementRequest.asked_at == event.at)
    items = request.items.order_by(SupplementItem.id)
    return {
        "head": head_of_desk(site, dossier.office),
        "desk": desk_name(site),
        **addressee(dossier, site),
        **asked_for(dossier),
        "round": request.round,
        "items": [[item.name, item.reason] for item in items],
        "note": request.note,
        "ground": legal_ground(dossier),
        "due_on": day_words(request.due_on),
        "contact": site.phone,
        "receivers": ["Như trên", "Lưu: hồ sơ"],
        "signers": [signature("Người hướng dẫn", event.actor_name)],
    }


def refusal(dossier: Dossier, event: Event, said: dict[str, str], site, calendar: WorkCalendar, now: datetime) -> dict:
    """Phiếu từ chối tiếp nhận giải quyết hồ sơ: the reason in words, its legal ground, and what to do instead."""
    return {
        "head": head_of_desk(site, dossier.office),
        "desk": desk_name(site),
        **addressee(dossier, site),
        **asked_for(dossier),
        "reason": event.note,
        "ground": said["ground"],
        "advice": said["advice"],
        "contact": site.phone,
        "receivers": ["Như trên", "Lưu: hồ sơ"],
        "signers": [signature("Người nộp hồ sơ"), signature("Người tiếp nhận hồ sơ", event.actor_name)],
    }


def apology(dossier: Dossier, event: Event, said: dict[str, str], site, calendar: WorkCalendar, now: datetime) -> dict:
    """Phiếu xin lỗi và hẹn lại ngày trả: the date that cannot be kept, why, and the one new date (section 6)."""
    row = signed_apology(dossier, event)
    return {
        "head": head_of_agency(site, dossier.office),
        "agency": agency_name(site, dossier.office),
        **addressee(dossier, site),
        **asked_for(dossier),
        "received_at": moment_words(dossier.accepted_at),
        "due_before": moment_words(row.due_before),
        "reason": row.reason,
        "new_due_at": moment_words(row.new_due_at),
        "delivery": DELIVERIES[dossier.delivery],
        "contact": site.phone,
        "receivers": ["Như trên", desk_name(site), "Lưu: hồ sơ"],
        "signers": [signature("Thủ trưởng cơ quan, đơn vị", row.signed_by.full_name, "Ký tên và đóng dấu")],
    }


def signed_apology(dossier: Dossier, event: Event) -> Apology | None:
    """The apology whose signing this event is."""
    was_signed = Apology.dossier == dossier, Apology.signed_at <= event.at
    return Apology.select().where(*was_signed).order_by(Apology.signed_at.desc(), Apology.id.desc()).first()


def stop(dossier: Dossier, event: Event, said: dict[str, str], site, calendar: WorkCalendar, now: datetime) -> dict:
    """Thông báo dừng giải quyết hồ sơ: who asked for it, at which stage, the decision, and the money paid."""
    asked = _withdrawal_asked(dossier, event)
    came_from = asked.from_state if asked else event.from_state
    leader = event.staff if event.staff_id and event.actor_kind == "leader" else None
    return {
        "head": head_of_agency(site, dossier.office),
        "agency": agency_name(site, dossier.office),
        "desk": desk_name(site),
        **addressee(dossier, site),
        **asked_for(dossier),
        "received_at": moment_words(dossier.accepted_at),
        "asked_by": "người nộp hồ sơ" if asked else "cơ quan giải quyết",
        "asked_at": moment_words(asked.at) if asked else "",
        "reason": (asked.note if asked else event.note) or "Người nộp hồ sơ xin rút hồ sơ",
        "stage": workflow.STATE_NAMES[came_from][0],
        "stopped_at": moment_words(event.at),
        "money": said["money"],
        "contact": site.phone,
        "receivers": ["Như trên", desk_name(site), "Lưu: hồ sơ"],
        "signers": [signature("Thủ trưởng cơ quan, đơn vị", leader.full_name if leader else "", "Ký tên và đóng dấu")],
    }


def _withdrawal_asked(dossier: Dossier, event: Event) -> Event | None:
    """What its submitter asked for, that a stop answers; None where the agency stopped it."""
    if event.name == "stop":
        return None
    asked = Event.name.in_(("withdraw", "ask_withdrawal")), Event.id < event.id
    return dossier.events.where(*asked).order_by(Event.id.desc()).first()


def money_so_far(dossier: Dossier) -> str:
    return {"paid": "Đã nộp: … đồng. Hoàn trả: …", "waived": "Được miễn, không phải hoàn trả."}.get(
        dossier.payment, "Chưa thu tiền, không phải hoàn trả."
    )


def control(dossier: Dossier, event: Event, said: dict[str, str], site, calendar: WorkCalendar, now: datetime) -> dict:
    """Phiếu kiểm soát quá trình giải quyết hồ sơ: each hand-over up to `event`, and the time it took altogether."""
    ended_at = dossier.ended_at or now
    began = in_vietnam(dossier.accepted_at)
    used = calendar.working_days_between(began.date(), in_vietnam(ended_at).date())
    stood = sum(
        calendar.working_days_between(in_vietnam(one.began_at).date(), in_vietnam(one.ended_at or ended_at).date())
        for one in dossier.clock_stops
    )
    so_far = dossier.punctuality or (deadlines.punctuality(dossier.due_at, now) if dossier.is_overdue(now) else "")
    return {
        "head": head_of_desk(site, dossier.office),
        "agency": agency_name(site, dossier.office),
        "owner_name": dossier.owner_name,
        **asked_for(dossier),
        "received_at": moment_words(dossier.accepted_at),
        "due_at": moment_words(dossier.first_due_at or dossier.due_at),
        "due_now": moment_words(dossier.due_at) if dossier.due_at != dossier.first_due_at else "",
        "rows": hand_overs(dossier, site),
        "used": f"{two(used - stood)} ngày làm việc" if used > stood else "trong ngày",
        "stood": f"{two(stood)} ngày làm việc" if stood else "",
        "result": PUNCTUALITY.get(so_far, "Đang giải quyết, còn trong hạn" if not dossier.ended_at else ""),
        "as_of": moment_words(now),
    }


def hand_overs(dossier: Dossier, site) -> list[dict[str, str]]:
    """Each passing from hand to hand, the first first: who gave, who took, when, whether in time, and what was said."""
    undone = {row.undoes_id for row in dossier.events if row.undoes_id}
    passes = [
        (row.at, row.id, _pass_of_event(dossier, row, site))
        for row in dossier.events.order_by(Event.id)
        if row.name in PASSES and row.id not in undone
    ]
    passes += [(row.at, row.id, _pass_of_hand_over(row)) for row in dossier.hand_overs.order_by(HandOver.id)]
    return [line for *_, line in sorted(passes, key=lambda one: one[:2])]


def _pass_of_event(dossier: Dossier, event: Event, site) -> dict[str, str]:
    people = {
        "by": event.actor_name,
        "desk": desk_name(site),
        "submitter": f"Người nộp: {dossier.account.full_name}",
        "receiver": "Người nhận",
    }
    giver, taker = (people.get(who, who) for who in PASSES[event.name])
    # Of the last hand the whole time is judged, as it was computed when the result was there.
    result = PUNCTUALITY.get(dossier.punctuality, "") if event.name == "finish" else ""
    label = workflow.EVENT_LABELS[event.name]
    return _line(giver, taker, event.at, result, f"{label}. {event.note}" if event.note else label)


def _pass_of_hand_over(row: HandOver) -> dict[str, str]:
    result = PUNCTUALITY[deadlines.punctuality(row.due_at, row.at)] if row.due_at else ""
    return _line(row.from_name, row.to_name, row.at, result, row.note)


def _line(giver: str, taker: str, at: datetime, result: str, note: str) -> dict[str, str]:
    return {"from": giver, "to": taker, "at": moment_words(at), "result": result, "note": note}


# --- the register ----------------------------------------------------------------------------------------------------

MOST_LINES = 400  # of one printing: more is a longer period than anybody prints at once


def register(site, office: str, first: date, last: date) -> list[dict[str, str]]:
    """Sổ theo dõi hồ sơ: a line for each dossier that `office` accepted from `first` to `last`, the first first.

    At most MOST_LINES + 1 lines come back: by the one too many the caller knows that there are more.
    """
    begins, ends = (in_vietnam_midnight(day) for day in (first, last + deadlines.ONE_DAY))
    within = Dossier.office == office, Dossier.accepted_at >= begins, Dossier.accepted_at < ends
    in_order = Dossier.select(Dossier, Account).join(Account).where(*within).order_by(Dossier.accepted_at, Dossier.id)
    rows = list(in_order.limit(MOST_LINES + 1))
    passed = _handed_over_to_desk([row.id for row in rows])
    return [_register_line(number, row, passed.get(row.id), site) for number, row in enumerate(rows, 1)]


def in_vietnam_midnight(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=VIETNAM_TIME)


def _handed_over_to_desk(ids: list[int]) -> dict[int, datetime]:
    """When the result of each came to the desk."""
    finished = Event.select(Event.dossier, Event.at).where(Event.dossier.in_(ids), Event.name == "finish").order_by(Event.id)
    return {row.dossier_id: row.at for row in finished}


def _register_line(number: int, dossier: Dossier, passed: datetime | None, site) -> dict[str, str]:
    who = addressee(dossier, site)
    return {
        "number": two(number),
        "code": dossier.code,
        "procedure": dossier.procedure_title,
        "sets": "01",
        "name": who["owner"] or who["name"],
        "address": ", ".join(part for part in (who["address"], who["phone"]) if part),
        "agency": agency_name(site, dossier.office),
        "received": short_day(dossier.accepted_at),
        "promised": short_day(dossier.first_due_at or dossier.due_at),
        "handed_over": short_day(passed if dossier.ended_at else None),
        "returned": short_day(dossier.returned_at),
        "delivery": DELIVERIES.get(dossier.delivery, dossier.delivery),
        "note": workflow.STATE_NAMES[dossier.state][0]
        if dossier.returned_at is None
        else PUNCTUALITY.get(dossier.punctuality, ""),
    }
