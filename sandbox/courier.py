"""Carries the notices (IPN) to the merchant: a thread that calls again until it is answered 00 or 02, ten times at most."""

import http.client
import json
import sqlite3
import sys
import threading
import time
from collections.abc import Callable
from urllib.parse import urlsplit

from .payments import Bank

HEARD = {"00", "02"}
MOST_TRIES = 10
MOST_BYTES = 4096
LONGEST_REST = 30.0  # seconds; how long an end by expiry may stay unseen when the clock has been set

WAITING = """
SELECT id, due_at AS at FROM notice WHERE due_at NOT NULL
UNION ALL SELECT 0, expires_at FROM payment WHERE response_code = ''
"""


class Courier:
    """`spacing` lies between two tries of a notice and `patience` is how long an answer may take, both in seconds."""

    def __init__(
        self, bank: Bank, ipn_url: str, spacing: float = 300, patience: float = 10, clock: Callable[[], float] = time.time
    ):
        self.bank, self.ipn_url, self.spacing, self.patience, self.clock = bank, ipn_url, spacing, patience, clock
        self._under_way: set[int] = set()
        self._landed = threading.Condition()
        self._news = threading.Event()
        self._ends = False

    def start(self) -> None:
        threading.Thread(target=self._run, daemon=True, name="courier").start()

    def stop(self) -> None:
        self._ends = True
        self.wake()

    def wake(self) -> None:
        """Something new has to be carried."""
        self._news.set()

    def _run(self) -> None:
        while not self._ends:
            self._news.clear()
            try:
                self.bank.expire_due(self.clock())
                for notice in self._due():
                    if self._claim(notice["id"]):
                        threading.Thread(target=self._carry, args=(notice["id"],), daemon=True).start()
                rest = self._rest()
            except sqlite3.Error as fault:
                if self._ends:
                    return
                print(f"sandbox: the book does not open: {fault}", file=sys.stderr)
                rest = 1.0
            self._news.wait(rest)

    def _due(self) -> list[sqlite3.Row]:
        return self.bank.ledger.read("SELECT * FROM notice WHERE due_at <= ?", self.clock())

    def _rest(self) -> float:
        """Seconds until something is due that is not being carried already."""
        waiting = self.bank.ledger.read(WAITING)
        due = [row["at"] for row in waiting if row["id"] not in self._under_way]
        return max(0.0, min([LONGEST_REST, *(at - self.clock() for at in due)]))

    def carry_at_once(self, payment_id: int) -> None:
        """Carry what is due of a payment before going on; where the merchant does not answer, the later tries follow as ever."""
        due = "SELECT * FROM notice WHERE payment = ? AND due_at <= ?"
        for notice in self.bank.ledger.read(due, payment_id, self.clock()):
            if self._claim(notice["id"]):
                self._carry(notice["id"])
            else:
                with self._landed:
                    self._landed.wait_for(lambda number=notice["id"]: number not in self._under_way, self.patience)

    def _claim(self, notice_id: int) -> bool:
        """A notice is carried by one thread at a time; False when another one does."""
        with self._landed:
            is_free = notice_id not in self._under_way
            self._under_way.add(notice_id)
            return is_free

    def _carry(self, notice_id: int) -> None:
        try:
            for notice in self.bank.ledger.read("SELECT * FROM notice WHERE id = ? AND due_at <= ?", notice_id, self.clock()):
                self._try(notice)
        except sqlite3.Error as fault:
            print(f"sandbox: the book does not open: {fault}", file=sys.stderr)
        finally:
            with self._landed:
                self._under_way.discard(notice_id)
                self._landed.notify_all()
            self.wake()

    def _try(self, notice: sqlite3.Row) -> None:
        answer = self._call(notice["query"])
        tries = notice["tries"] + 1
        is_over = answer in HEARD or tries >= MOST_TRIES
        with self.bank.ledger.change() as db:
            db.execute(
                "UPDATE notice SET tries = ?, answer = ?, due_at = ? WHERE id = ?",
                (tries, answer, None if is_over else self.clock() + self.spacing, notice["id"]),
            )

    def _call(self, query: str) -> str:
        """The merchant's RspCode; or in a word why there is none."""
        parts = urlsplit(self.ipn_url)
        kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
        line = kind(parts.hostname, parts.port, timeout=self.patience)
        try:
            line.request("GET", f"{parts.path}?{query}", headers={"Connection": "close"})
            answer = line.getresponse()
            body = answer.read(MOST_BYTES)
        except (OSError, http.client.HTTPException) as fault:
            return type(fault).__name__
        finally:
            line.close()
        if answer.status != 200:
            return f"HTTP {answer.status}"
        try:
            return str(json.loads(body)["RspCode"])[:8]
        except (ValueError, TypeError, KeyError, RecursionError):
            return "?"
