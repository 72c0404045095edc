"""The money of the made-up commune: requests, tries to pay online and receipts, as the log of each dossier says."""

import hashlib
from collections import Counter
from datetime import timedelta

from database import insert_rows, number_on
from models import FormCounter, PaymentAttempt, PaymentRequest, Receipt, State
from rules.deadlines import WorkCalendar
from rules.demo_lives import FEE_GROUND, FEE_ITEM, Life
from rules.payment_words import PAY_WITHIN_DAYS
from rules.vietnamese import in_vietnam

BANKS = ("NCB", "AGRIBANK", "VIETCOMBANK", "BIDV")
AT_THE_DESK = ("cash", "cash", "cash", "cash", "vietqr", "transfer")
LASTS = timedelta(minutes=15)


class Till:
    """Takes note dossier by dossier; numbers the receipts at the end, in the order in which the money came."""

    def __init__(self, office: str, calendar: WorkCalendar):
        self.office, self.calendar = office, calendar
        self.next_request = self.next_attempt = 1
        self._receipts: list[dict] = []

    def keep(self, life: Life, fee_dong: int, first_event: int, rows) -> None:
        """Write down what was asked and how it was paid. `first_event` is the number of the first line of its log."""
        places = [place for place, event in enumerate(life.log) if event.name == "ask_payment"]
        if not places:
            return
        asked, paid = life.log[places[0]], next((event for event in life.log if event.name == "paid"), None)
        luck = int(hashlib.sha256(life.row["receipt_code"].encode()).hexdigest()[:12], 16)
        is_online = paid is not None and paid.by.staff is None
        method = "" if paid is None else "online" if is_online else AT_THE_DESK[luck % len(AT_THE_DESK)]
        has_ended = paid is None and life.row["state"] not in (State.AWAITING_PAYMENT, State.WITHDRAWAL_ASKED)
        rows.add(
            PaymentRequest,
            id=self.next_request,
            ref=f"{luck:012x}",
            dossier_id=life.row["id"],
            item=FEE_ITEM,
            amount_dong=fee_dong,
            ground=FEE_GROUND,
            computed=None,
            due_on=self.calendar.add_working_days(in_vietnam(asked.at).date(), PAY_WITHIN_DAYS),
            asked_by_id=asked.by.staff,
            asked_at=asked.at,
            event_id=first_event + places[0],
            replaces_id=None,
            voided_at=life.at if has_ended else None,
            voided_by_id=None,
            void_reason="ended" if has_ended else "",
            settled_at=paid and paid.at,
            method=method,
            form_key=f"demo-request-{self.next_request}",
        )
        if is_online:
            self._add_attempt(luck, fee_dong, paid.at, rows)
        if paid:
            reference = (
                f"FT{luck % 10**11:011}" if method in ("vietqr", "transfer") else f"{luck % 10**8:08}" if is_online else ""
            )
            self._receipts.append(
                {"request_id": self.next_request, "attempt_id": self.next_attempt - 1 if is_online else None}
                | {"amount_dong": fee_dong, "method": method, "payer_name": life.row["owner_name"], "reference": reference}
                | {"made_by_id": paid.by.staff, "made_at": paid.at, "copies": 0 if is_online else 1}
            )
        self.next_request += 1

    def _add_attempt(self, luck: int, fee_dong: int, at, rows) -> None:
        """One order at the gateway, which told of the money a minute later."""
        made_at = at - timedelta(minutes=1 + luck % 9)
        rows.add(
            PaymentAttempt,
            id=self.next_attempt,
            request_id=self.next_request,
            txn_ref=f"DEMO{self.next_attempt:08}",
            amount_dong=fee_dong,
            bank=BANKS[luck % len(BANKS)],
            state="paid",
            made_at=made_at,
            expires_at=made_at + LASTS,
            gateway_no=f"{luck % 10**8:08}",
            bank_no="",
            response="00",
            status="00",
            paid_at=at,
            settled_at=at,
            settled_by="ipn",
            problem="",
            problem_solved_at=None,
            problem_solved_by_id=None,
            problem_note="",
            next_query_at=None,
            queries=0,
            started_by_id=None,
            payer_address="",
            form_key=f"demo-attempt-{self.next_attempt}",
        )
        self.next_attempt += 1

    def write_receipts(self) -> None:
        """Number and write all receipts, and set the counters after them."""
        last: Counter[int] = Counter()
        empty = {"void_reason": "", "void_asked_by_id": None, "void_asked_at": None, "voided_by_id": None, "voided_at": None}
        found = []
        for number, row in enumerate(sorted(self._receipts, key=lambda row: (row["made_at"], row["request_id"])), start=1):
            year = in_vietnam(row["made_at"]).year
            last[year] += 1
            numbered = {"id": number, "office": self.office, "year": year, "number": last[year]}
            found.append(numbered | row | empty | {"replaces_id": None, "form_key": f"demo-receipt-{number}"})
        insert_rows(Receipt, found)
        counters = [{"office": self.office, "form": "payment", "year": year, "last": number} for year, number in last.items()]
        insert_rows(FormCounter, counters)
        if found:
            number_on(PaymentRequest, PaymentAttempt, Receipt)
