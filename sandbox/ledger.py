"""The trial bank's book: one SQLite file with payments, refunds, what the merchant asked and is still to be told."""

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

TABLES = """
CREATE TABLE IF NOT EXISTS payment (
    id INTEGER PRIMARY KEY,
    token TEXT NOT NULL UNIQUE,
    txn_ref TEXT NOT NULL,
    day TEXT NOT NULL,
    signed TEXT NOT NULL,
    create_date TEXT NOT NULL,
    expires_at REAL NOT NULL,
    amount INTEGER NOT NULL,
    order_info TEXT NOT NULL,
    return_url TEXT NOT NULL,
    bank_code TEXT NOT NULL,
    card_type TEXT NOT NULL DEFAULT 'ATM',
    card TEXT NOT NULL DEFAULT '',
    wrong_cards INTEGER NOT NULL DEFAULT 0,
    wrong_otps INTEGER NOT NULL DEFAULT 0,
    asked_at REAL NOT NULL DEFAULT 0,
    response_code TEXT NOT NULL DEFAULT '',
    transaction_status TEXT NOT NULL DEFAULT '01',
    transaction_no TEXT NOT NULL DEFAULT '0',
    bank_tran_no TEXT NOT NULL DEFAULT '',
    pay_date TEXT NOT NULL DEFAULT '',
    way TEXT NOT NULL DEFAULT 'normal',
    UNIQUE (txn_ref, day)
);
CREATE TABLE IF NOT EXISTS refund (
    id INTEGER PRIMARY KEY,
    payment INTEGER NOT NULL REFERENCES payment,
    amount INTEGER NOT NULL,
    created_by TEXT NOT NULL,
    transaction_no TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS request (day TEXT NOT NULL, request_id TEXT NOT NULL, PRIMARY KEY (day, request_id));
CREATE TABLE IF NOT EXISTS notice (
    id INTEGER PRIMARY KEY,
    payment INTEGER NOT NULL REFERENCES payment,
    query TEXT NOT NULL,
    due_at REAL,
    tries INTEGER NOT NULL DEFAULT 0,
    answer TEXT NOT NULL DEFAULT ''
);
CREATE INDEX IF NOT EXISTS notice_due ON notice (due_at);
CREATE TABLE IF NOT EXISTS wish (name TEXT PRIMARY KEY, value TEXT NOT NULL);
"""

NO_WISHES = {"way": "normal", "answers": "normal", "late": "90"}


class Ledger:
    """The book, open. Amounts are VNPAY's: đồng × 100. Done with are a notice without `due_at` and a payment with a code."""

    def __init__(self, path: Path):
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._lock = threading.Lock()
        self._db = sqlite3.connect(path, timeout=10, isolation_level=None, check_same_thread=False)
        self._db.row_factory = sqlite3.Row
        self._db.execute("PRAGMA journal_mode = WAL")
        self._db.execute("PRAGMA synchronous = NORMAL")
        self._db.executescript(TABLES)

    @contextmanager
    def change(self) -> Iterator[sqlite3.Connection]:
        """All of the block's statements, or none; one block at a time."""
        with self._lock:
            self._db.execute("BEGIN IMMEDIATE")
            try:
                yield self._db
            except BaseException:
                self._db.execute("ROLLBACK")
                raise
            self._db.execute("COMMIT")

    def read(self, query: str, *values: object) -> list[sqlite3.Row]:
        with self._lock:
            return self._db.execute(query, values).fetchall()

    def payment(self, token: str) -> sqlite3.Row | None:
        return next(iter(self.read("SELECT * FROM payment WHERE token = ?", token)), None)

    # --- what the tester wished ---

    def wishes(self) -> dict[str, str]:
        with self._lock:
            return self.wishes_in(self._db)

    @staticmethod
    def wishes_in(db: sqlite3.Connection) -> dict[str, str]:
        """How the bank should misbehave: `way` of telling, `answers` to requests, seconds it is `late`."""
        return NO_WISHES | dict(map(tuple, db.execute("SELECT name, value FROM wish").fetchall()))

    def wish(self, **wishes: str) -> None:
        with self.change() as db:
            db.executemany("INSERT OR REPLACE INTO wish VALUES (?, ?)", wishes.items())

    def close(self) -> None:
        with self._lock:
            self._db.close()
