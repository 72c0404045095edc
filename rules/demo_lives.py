"""Made-up lives of dossiers: each a legal way through the table of moves, at the hours when offices and people do such things."""

import json
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from random import Random

from models import State
from rules import deadlines, workflow
from rules.assignments import COMMON_TABLE
from rules.deadlines import Term, WorkCalendar
from rules.payment_words import PAY_WITHIN_DAYS, told
from rules.results import WAYS
from rules.supplements import ANSWER_WITHIN_DAYS
from rules.vietnamese import VIETNAM_TIME, in_vietnam, show_day, show_moment

ONE_DAY = timedelta(days=1)


class StillToCome(Exception):
    """What follows lies after now, or after the point this dossier was to come to."""


@dataclass(frozen=True)
class Actor:
    """Who does something: the submitter, somebody of the commune, or the program."""

    role: str
    full_name: str
    staff: int | None = None


SYSTEM = Actor("system", workflow.SYSTEM.full_name)

MOVES_BY_PLACE: dict[tuple, list[workflow.Move]] = defaultdict(list)
for _move in workflow.MOVES:
    MOVES_BY_PLACE[_move.name, _move.source, _move.role].append(_move)


# What a move sets beside the state.
SET_BESIDE = {
    "ask_payment": {"payment": "requested"},
    "paid": {"payment": "paid"},
    "hand_to_post": {"shipment": "handed_over"},
}


class OfficeTime:
    """The minutes in which the office is open, counted through: so that work is put into its hours."""

    def __init__(self, first: date, last: date, calendar: WorkCalendar):
        days = (first + n * ONE_DAY for n in range((last - first).days + 1))
        self.days = [day for day in days if calendar.is_working_day(day)]
        # Of a day: (minute of the day it begins at, minutes before it, its length).
        self.spans, before = [], 0
        for opens, closes in calendar.hours:
            begins, length = opens.hour * 60 + opens.minute, (closes.hour - opens.hour) * 60 + closes.minute - opens.minute
            self.spans.append((begins, before, length))
            before += length
        self.a_day = before

    def minute_of(self, moment: datetime) -> int:
        """How many office minutes lie before a moment, from the first day."""
        local = in_vietnam(moment)
        number = bisect_left(self.days, local.date())
        if number == len(self.days) or self.days[number] != local.date():
            return number * self.a_day
        clock, minutes = local.hour * 60 + local.minute, number * self.a_day
        for begins, _, length in self.spans:
            if clock > begins:
                minutes += min(clock - begins, length)
        return minutes

    def moment(self, minute: int, second: int = 0) -> datetime:
        number, rest = divmod(minute, self.a_day)
        begins, before, _ = next(span for span in reversed(self.spans) if rest >= span[1])
        clock = begins + rest - before
        return datetime.combine(self.days[number], time(clock // 60, clock % 60, second), VIETNAM_TIME)


@dataclass
class Happened:
    """A line of a dossier's log, before it has a number."""

    name: str
    source: State | None
    target: State
    by: Actor
    at: datetime
    note: str
    before: dict | None

    def before_as_kept(self) -> str | None:
        if self.before is None:
            return None
        values = {
            name: value.astimezone(UTC).isoformat() if isinstance(value, datetime) else value
            for name, value in self.before.items()
        }
        return json.dumps(values, ensure_ascii=False, separators=(",", ":"))


@dataclass
class Stop:
    kind: str
    began_at: datetime
    began_by: int  # the place in the log
    ended_at: datetime | None = None
    ended_by: int | None = None


@dataclass
class Round:
    """A request for supplements, and what was asked."""

    row: dict
    items: list[dict]


@dataclass
class Life:
    """One dossier as its row will be, and all that happened to it until `until`."""

    row: dict
    term: Term
    calendar: WorkCalendar
    until: datetime
    goal: tuple[State, str] | None = None  # the state and the step it is to be found in; None: however far it comes
    log: list[Happened] = field(default_factory=list)
    stops: list[Stop] = field(default_factory=list)
    rounds: list[Round] = field(default_factory=list)
    # Rows of other tables, by the table's name.
    more: dict[str, list[dict]] = field(default_factory=lambda: defaultdict(list))

    @property
    def at(self) -> datetime:
        return self.log[-1].at

    def begin(self, by: Actor) -> None:
        self.log.append(
            Happened(workflow.SUBMITTED_EVENT, None, State.SUBMITTED, by, self.row["submitted_at"], "", None),
        )

    def happen(self, name: str, by: Actor, at: datetime, note: str = "") -> Happened:
        """Something that leaves it in its state. Raises StillToCome."""
        self._wait(at)
        return self._write(name, self.row["state"], self.row["state"], by, at, note, None)

    def move(self, name: str, by: Actor, at: datetime, note: str = "") -> Happened:
        """What rules.workflow.make_move writes, without a database. Raises StillToCome."""
        self._wait(at)
        row, move = self.row, self._find(name, by)
        source = row["state"]
        changes = self._changes(move, at)
        if row["due_at"] and changes.get("due_at", row["due_at"]) != row["due_at"]:
            moved = f"Ngày hẹn trả cũ: {show_moment(row['due_at'])}. Ngày hẹn trả mới: {show_moment(changes['due_at'])}."
            note = f"{note} {moved}".strip()
        before = {column: row[column] for column in changes}
        row.update(changes)
        event = self._write(name, source, move.target, by, at, note, before)
        if move.target in workflow.ENDED:
            for one in self.rounds:
                one.row["closed_at"] = one.row["closed_at"] or at
        self._keep_stops(at)
        return event

    def _write(self, name, source, target, by, at, note, before) -> Happened:
        self.log.append(Happened(name, source, target, by, at, note, before))
        return self.log[-1]

    def _wait(self, at: datetime) -> None:
        if at > self.until or (self.goal and self.goal == (self.row["state"], self.row["step"])):
            raise StillToCome

    def _find(self, name: str, by: Actor) -> workflow.Move:
        row = self.row
        rows = [move for move in MOVES_BY_PLACE[name, row["state"], by.role] if row["step"] in move.at]
        if name in workflow.LEAD_BACK:
            rows = [move for move in rows if move.target is self._entering().source]
        if not rows:
            raise ValueError(f"{by.role}: {name} while {row['state'].name} {row['step']}")
        return rows[0]

    def _entering(self) -> Happened:
        here = self.row["state"]
        entered = [event for event in reversed(self.log) if event.target is here and event.source is not here]
        if entered[0].source is State.WITHDRAWAL_ASKED:
            return next(event for event in entered if event.source is not State.WITHDRAWAL_ASKED)
        return entered[0]

    def _changes(self, move: workflow.Move, at: datetime) -> dict[str, object]:
        step = (self._entering().before or {}).get("step", "") if move.name in workflow.LEAD_BACK else move.then
        changes = {"state": move.target, "step": step} | self._moments(move, step, at)
        if move.name == "give_result" and self.row["step"] == "posting":
            changes["shipment"] = "delivered"
        elif move.name == "finish" and self.row["delivery"] == "post":
            changes["shipment"] = "waiting"
        return changes | SET_BESIDE.get(move.name, {})

    def _moments(self, move: workflow.Move, step: str, at: datetime) -> dict[str, object]:
        row = self.row
        if move.name == "accept":
            due = deadlines.due_at(self.term, at, self.calendar)
            return {"accepted_at": at, "first_due_at": due, "due_at": due, "warn_at": self._warn_at(at, due)}
        if move.target is State.RETURNED:
            return {"returned_at": at}
        if move.target in workflow.ENDED:
            if move.source in workflow.ENDED:
                return {}
            how = deadlines.punctuality(row["due_at"], at) if move.target is State.DONE else ""
            return {"ended_at": at, "punctuality": how}
        if move.target in workflow.CLOCK_STANDS or step in workflow.CLOCK_STANDS_AT:
            return {"stopped_at": row["stopped_at"] or at}
        back = {"ended_at": None, "punctuality": ""} if move.source in workflow.ENDED else {}
        stopped_at = row["stopped_at"] or (row["ended_at"] if move.source in workflow.ENDED else None)
        if stopped_at is None:
            return back
        due = deadlines.due_after_stop(self.term, row["due_at"], stopped_at, at, self.calendar)
        stood = [*((stop.began_at, stop.ended_at) for stop in self.stops if stop.ended_at), (stopped_at, at)]
        return back | {"stopped_at": None, "due_at": due, "warn_at": self._warn_at(row["accepted_at"] or at, due, stood)}

    def _warn_at(self, accepted_at: datetime, due: datetime | None, stops=()) -> datetime | None:
        return due and deadlines.warning_at(accepted_at, due, self.calendar, stops)

    def _keep_stops(self, at: datetime) -> None:
        row, here = self.row, len(self.log) - 1
        kind = workflow.CLOCK_STANDS.get(row["state"]) or workflow.CLOCK_STANDS_AT.get(row["step"], "")
        now_open = self.stops[-1] if self.stops and self.stops[-1].ended_at is None else None
        if now_open and now_open.kind != kind:
            now_open.ended_at, now_open.ended_by = at, here
        if kind and (now_open is None or now_open.kind != kind):
            self.stops.append(Stop(kind, at, here))


# --- what becomes of a dossier ---------------------------------------------------------------------------------------

# How often what happens, of a hundred dossiers that come that far.
ODDS = {
    "withdraw": 1.5,
    "refuse": 3.5,
    "lack_at_first": 8,
    "never_answered": 12,
    "fee": 35,
    "ask_withdrawal": 1,
    "verify": 6,
    "elsewhere": 2.5,
    "lack": 4,
    "lack_again": 12,
    "stop": 0.8,
    "sign": 75,
    "not_signed": 5,
    "late": 6,
    "apologize": 65,
    "early": 55,
    "collected": 93,
    "rated": 22,
}
# Where some of the newest are to be found, so that every place of the desk has something: which turns lead there.
GOALS = {
    (State.SUBMITTED, ""): (),
    (State.ACCEPTED, ""): (),
    (State.REFUSED, ""): ("refuse",),
    (State.IN_PROGRESS, ""): (),
    (State.AWAITING_SUPPLEMENT, ""): ("lack",),
    (State.AWAITING_PAYMENT, ""): ("fee",),
    (State.WITHDRAWAL_ASKED, ""): ("ask_withdrawal",),
    (State.STOPPED, ""): ("stop",),
    (State.DONE, ""): ("collected",),
    (State.RETURNED, ""): ("collected",),
    (State.IN_PROGRESS, "signing"): ("sign",),
    (State.IN_PROGRESS, "signed"): ("sign",),
    (State.IN_PROGRESS, "verifying"): ("verify",),
    (State.IN_PROGRESS, "elsewhere"): ("elsewhere",),
    (State.DONE, "posting"): ("collected",),
}
REFUSALS = (
    "Hồ sơ thuộc thẩm quyền của cơ quan khác; đã hướng dẫn nơi nộp.",
    "Giấy tờ nộp không phải của người được ghi trong tờ khai.",
    "Không đủ điều kiện theo quy định hiện hành.",
    "Việc này đã được giải quyết ở một hồ sơ trước.",
    "Quá hạn bổ sung mà chưa nộp đủ giấy tờ.",
)
LACKS = (
    "Ảnh mờ, không đọc được chữ ở góc dưới",
    "Thiếu mặt sau",
    "Bản chụp chưa có chữ ký",
    "Tên trong giấy khác tên trong tờ khai",
    "Giấy đã hết hạn",
)
WITHDRAWALS = (
    "Gia đình đổi ý, chưa làm nữa.",
    "Sẽ nộp lại khi đủ giấy.",
    "Đã làm ở nơi khác.",
    "Ghi nhầm người, xin rút để nộp lại.",
)
STOPS = (
    "Quá hạn bổ sung mà chưa nộp đủ giấy tờ.",
    "Người nộp không còn nhu cầu, đã xác nhận qua điện thoại.",
    "Đang có tranh chấp.",
)
LATE_REASONS = (
    "Xác minh ở nơi khác lâu hơn dự kiến.",
    "Phần mềm hộ tịch gián đoạn hai ngày.",
    "Nhiều hồ sơ cùng lúc, thiếu người giải quyết.",
    "Chờ ý kiến của cơ quan chuyên môn.",
)
ELSEWHERE = (("H21.121", "UBND xã Đak Đoa"), ("H21.160", "UBND xã KDang"), ("H21.17", "Sở Văn hóa, Thể thao và Du lịch"))
FEE_ITEM, FEE_GROUND = "Phí, lệ phí của thủ tục", "Theo mức niêm yết của thủ tục"
SCORES, SCORE_ODDS = (3, 2, 1), (62, 32, 6)


@dataclass(frozen=True)
class Plan:
    """With whom and how fast a dossier goes its way."""

    owner: Actor
    officer: Actor
    worker: Actor  # a specialist; the officer alone for what is done while the person waits
    leader: Actor
    office: str
    delivery: str
    is_at_counter: bool
    fee_dong: int
    documents: tuple[tuple[str, str], ...]  # key and name of what may be lacking
    refusals: Sequence[str]  # why one may be refused, in ready phrases; the last: too late with what was asked for
    other_name: str  # of somebody who may come for the result


class Storyteller:
    """Leads a Life as far as it comes; which turns it takes, the dice or its goal say."""

    def __init__(self, life: Life, plan: Plan, clock: OfficeTime, rng: Random, new_key):
        self.life, self.plan, self.clock, self.rng, self.new_key = life, plan, clock, rng, new_key
        self.wishes = None if life.goal is None else GOALS[life.goal]
        self.is_late = self.chance("late")

    def chance(self, turn: str) -> bool:
        if self.wishes is not None:
            return turn in self.wishes
        return self.rng.random() * 100 < ODDS[turn]

    # --- when ---

    def soon(self, least: int, most: int) -> datetime:
        """So many office minutes from what happened last."""
        minute = self.clock.minute_of(self.life.at) + self.rng.randint(least, most)
        return max(self.clock.moment(minute, self.rng.randrange(60)), self.life.at)

    def at_home(self, least: int, most: int) -> datetime:
        """So many hours later, while people are awake."""
        at = in_vietnam(self.life.at) + timedelta(minutes=self.rng.randint(least * 60, most * 60))
        if not 6 <= at.hour < 22:
            at = at.replace(hour=7) + (ONE_DAY if at.hour >= 22 else timedelta(0))
        return max(at, self.life.at)

    def at_part(self, part: float) -> datetime:
        """When this part of the work is done; a late one needs more than the time there is."""
        if self.life.goal:
            return self.soon(5, 60)
        row = self.life.row
        begins = self.clock.minute_of(row["accepted_at"])
        whole = self.clock.minute_of(row["due_at"]) - begins if row["due_at"] else 10 * self.clock.a_day
        minute = begins + int(part * self.pace * max(whole, 30))
        least = self.clock.minute_of(self.life.at) + self.rng.randint(1, 5)
        return max(self.clock.moment(max(minute, least), self.rng.randrange(60)), self.life.at)

    # --- the way ---

    def tell(self) -> None:
        with suppress(StillToCome):
            self._tell()

    def _tell(self) -> None:
        plan, life = self.plan, self.life
        if life.goal == (State.SUBMITTED, ""):
            return
        if self.chance("withdraw"):
            at = self.at_home(1, 6)
            life.move("withdraw", plan.owner, at)
            life.move("stop_withdrawn", SYSTEM, at)
            return
        if self.chance("lack_at_first") and not self._supplement(self._first_look()):
            return
        if self.chance("refuse"):
            life.move("refuse", plan.officer, self._first_look(), self.rng.choice(plan.refusals[:-1]))
            return
        life.move("accept", plan.officer, self._first_look())
        self._share_out()
        if plan.fee_dong and self.chance("fee"):
            self._pay()
        self.pace = self.rng.uniform(1.05, 1.9) if self.is_late else self.rng.uniform(0.25, 0.95)
        if self._work():
            self._hand_result_over()

    def _first_look(self) -> datetime:
        return self.soon(2, 12) if self.plan.is_at_counter else self.soon(5, 240)

    def _share_out(self) -> None:
        life, plan, at = self.life, self.plan, self.soon(1, 4)
        if plan.worker is plan.officer:
            life.happen("taken", plan.officer, at)
        else:
            life.happen("handed_over", plan.officer, at, f"{COMMON_TABLE} → {plan.worker.full_name}")
            life.more["hand_over"].append(
                {
                    "from_staff_id": None,
                    "to_staff_id": plan.worker.staff,
                    "from_name": COMMON_TABLE,
                    "to_name": plan.worker.full_name,
                    "at": at,
                    "due_at": life.row["due_at"],
                    "note": "",
                    "form_key": self.new_key(),
                }
            )
        life.row["taken_by_id"] = plan.worker.staff

    def _pay(self) -> None:
        life, plan = self.life, self.plan
        at = self.soon(1, 5)
        due_on = life.calendar.add_working_days(in_vietnam(at).date(), PAY_WITHIN_DAYS)
        life.move("ask_payment", plan.officer, at, told(FEE_ITEM, plan.fee_dong, FEE_GROUND, due_on))
        if plan.is_at_counter:
            life.move("paid", plan.officer, self.soon(2, 15))
        else:
            life.move("paid", SYSTEM, self.at_home(1, 40))

    def _supplement(self, at: datetime) -> bool:
        """Ask for what is lacking; whether it came."""
        life, plan = self.life, self.plan
        asked = self.rng.sample(plan.documents, min(len(plan.documents), self.rng.choice((1, 1, 2))))
        items = [
            {"document_key": key, "name": name[:300], "reason": self.rng.choice(LACKS), "way": "", "arrived_at": None}
            | {"received_by_id": None}
            for key, name in asked
        ]
        number = len(life.rounds) + 1
        due_on = life.calendar.add_working_days(in_vietnam(at).date(), ANSWER_WITHIN_DAYS)
        told = "; ".join(f"{item['name']}: {item['reason']}" for item in items)
        before = life.row["state"]
        life.move("ask_supplement", plan.officer, at, f"Lần {number}. {told}. Hạn: {show_day(due_on)}.")
        request = {"round": number, "asked_by_id": plan.officer.staff, "asked_at": at, "due_on": due_on, "note": ""}
        life.rounds.append(Round(request | {"resumes_to": before, "answered_at": None, "closed_at": None}, items))
        for item in items:
            found = {"document_key": item["document_key"], "verdict": "lacking", "reason": item["reason"]}
            life.more["paper_check"].append(found | {"by_id": plan.officer.staff, "at": at})
        if self.chance("never_answered"):
            self._give_up_waiting(before)
            return False
        self._answer(life.rounds[-1])
        if self.chance("lack_again") and len(life.rounds) < 2:
            return self._supplement(self.soon(10, 200))
        return True

    def _give_up_waiting(self, before: State) -> None:
        at = self.soon(13 * self.clock.a_day, 30 * self.clock.a_day)
        if before is State.SUBMITTED:
            self.life.move("refuse", self.plan.officer, at, self.plan.refusals[-1])
        else:
            self.life.move("stop", self.plan.officer, at, STOPS[0])

    def _answer(self, asked: Round) -> None:
        """Online its submitter says what will be brought; then it lies on the desk, one paper after the other."""
        life, plan = self.life, self.plan
        if not plan.is_at_counter:
            at = self.at_home(3, 120)
            said = "; ".join(f"{item['name']}: sẽ mang đến" for item in asked.items)
            life.happen("supplement_answered", plan.owner, at, f"Lần {asked.row['round']}. {said}.")
            asked.row["answered_at"] = at
            for item in asked.items:
                item["way"] = "bring"
        at = self.soon(60, 4 * self.clock.a_day)
        for item in asked.items:
            life.happen("paper_received", plan.officer, at, item["name"])
            item |= {"arrived_at": at, "received_by_id": plan.officer.staff}
        life._wait(at)
        asked.row["closed_at"] = at
        life.move("supplied", plan.officer, at, f"Lần {asked.row['round']}.")

    def _work(self) -> bool:
        """From acceptance to the result; whether there is one."""
        life, plan = self.life, self.plan
        if self.chance("ask_withdrawal") and not self._ask_withdrawal():
            return False
        is_quick = plan.worker is plan.officer and not self.wishes and life.goal is None
        if is_quick and self.rng.random() < 0.5:  # done at once, and nobody presses “Bắt đầu”
            self._finish()
            return True
        life.move("begin", self._doer(), self.at_part(0.1))
        if self.chance("lack") and not self._supplement(self.at_part(0.25)):
            return False
        if self.chance("verify"):
            life.move("begin_verifying", self._doer(), self.at_part(0.3), "Hỏi lại nơi cư trú trước đây.")
            life.move("end_verifying", self._doer(), self.soon(200, 5 * self.clock.a_day))
        if self.chance("elsewhere"):
            self._send_elsewhere()
        if self.chance("stop"):
            return self._stop()
        if self.chance("sign"):
            self._sign()
        self._finish()
        return True

    def _doer(self) -> Actor:
        return self.plan.worker

    def _ask_withdrawal(self) -> bool:
        """Whether it goes on."""
        life, plan = self.life, self.plan
        life.move("ask_withdrawal", plan.owner, self.at_home(1, 20), self.rng.choice(WITHDRAWALS))
        if self.rng.random() < 0.3:
            life.move("refuse_withdrawal", plan.officer, self.soon(20, 400), "Kết quả đã ký, không rút được nữa.")
            return True
        life.move("grant_withdrawal", plan.officer, self.soon(20, 400))
        self._give_papers_back()
        return False

    def _give_papers_back(self) -> None:
        if self.rng.random() < 0.6:
            self.life.move("give_papers_back", self.plan.officer, self.soon(60, 6 * self.clock.a_day))

    def _send_elsewhere(self) -> None:
        life, plan = self.life, self.plan
        code, name = self.rng.choice(ELSEWHERE)
        why, at = "Cần ý kiến của nơi đó trước khi giải quyết.", self.at_part(0.4)
        life.move("send_elsewhere", self._doer(), at, f"{name}: {why}")
        sent = {"from_office": plan.office, "to_office": code, "to_name": name, "is_ours": False, "reason": why}
        sent |= {"by_id": plan.worker.staff, "at": at, "closed_at": None, "form_key": self.new_key()}
        life.more["transfer"].append(sent)
        at = self.soon(self.clock.a_day, 5 * self.clock.a_day)
        life.move("come_back", self._doer(), at)
        sent["closed_at"] = at

    def _stop(self) -> bool:
        life, plan = self.life, self.plan
        life.move("stop", plan.officer, self.at_part(0.5), self.rng.choice(STOPS[1:]))
        if self.rng.random() < 0.25:
            life.move("reopen", plan.leader, self.soon(60, 5 * self.clock.a_day), "Người nộp đã bổ sung lý do.")
            self._finish()
            return True
        self._give_papers_back()
        return False

    def _sign(self) -> None:
        life, plan = self.life, self.plan
        life.move("ask_signature", self._doer(), self.at_part(0.7))
        if self.chance("not_signed"):
            life.move("refuse_signature", plan.leader, self.at_part(0.75), "Ghi lại trích yếu cho đúng.")
            life.move("ask_signature", self._doer(), self.at_part(0.8))
        self._apologize()
        life.move("sign", plan.leader, self.at_part(0.9))

    def _apologize(self) -> None:
        """Before the promised day has passed: prepared by who is late, signed by a leader."""
        life, plan = self.life, self.plan
        due = life.row["due_at"]
        if not (self.is_late and due and life.at < due and self.chance("apologize")):
            return
        minute = self.clock.minute_of(due) - self.rng.randint(30, 200)
        at = max(self.clock.moment(max(minute, 0)), self.soon(1, 3))
        life._wait(at)
        promised = life.calendar.add_working_days(in_vietnam(due).date(), self.rng.randint(2, 5))
        new_due = datetime.combine(promised, in_vietnam(due).timetz())
        reason = self.rng.choice(LATE_REASONS)
        apology = {"reason": reason, "due_before": due, "new_due_at": new_due, "made_by_id": plan.worker.staff, "made_at": at}
        apology |= {"signed_by_id": None, "signed_at": None, "dropped_at": None, "form_key": self.new_key()}
        life.more["apology"].append(apology)
        minute = self.clock.minute_of(at) + self.rng.randint(10, 90)
        signed_at = max(self.clock.moment(minute), at)
        life.happen("apologized", plan.leader, signed_at, f"{reason} Hẹn lại: {show_moment(new_due)}.")
        apology |= {"signed_by_id": plan.leader.staff, "signed_at": signed_at}
        life.row["repromised_at"] = new_due

    def _finish(self) -> None:
        if self.life.row["step"] == "":
            self._apologize()
        self.life.move("finish", self._doer(), self.at_part(1.0))

    def _hand_result_over(self) -> None:
        life, plan = self.life, self.plan
        if not self.chance("collected"):
            return
        if plan.delivery == "post":
            life.move("hand_to_post", plan.officer, self.soon(20, self.clock.a_day))
            at = self.soon(self.clock.a_day, 4 * self.clock.a_day)
        elif plan.delivery == "online" or plan.is_at_counter:
            at = self.soon(3, 60)
        else:
            at = self.soon(30, 6 * self.clock.a_day)
        life.move("give_result", plan.officer, at, f"{WAYS[plan.delivery]}.")
        is_owner = plan.delivery == "online" or self.rng.random() < 0.88
        receiver = life.row["owner_name"] if is_owner else plan.other_name
        seen = "" if is_owner else "Giấy ủy quyền và thẻ căn cước"
        way = {"way": plan.delivery, "receiver": receiver, "is_owner": is_owner, "paper_seen": seen}
        life.more["result_return"].append(way | {"by_id": plan.officer.staff, "at": at, "event": len(life.log) - 1})
        if self.chance("rated"):
            given_at = self.at_home(1, 90)
            if given_at <= life.until:
                score = self.rng.choices(SCORES, SCORE_ODDS)[0]
                life.more["rating"].append({"score": score, "words": None, "given_at": given_at})
