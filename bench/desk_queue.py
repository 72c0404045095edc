"""Server time of the desk's pages with 100,000 made-up dossiers, on SQLite and PostgreSQL; exit code 1 when one is over.

Each page is asked of the whole program, in one process, as one officer: the first time, and the middle of nine more. The
budget is for the middle one. `python bench/desk_queue.py --dossiers 5000` for a quick look.
"""

import argparse
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

PROJECT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(PROJECT), str(PROJECT / "tests")]

BUDGET_MS = 50
TIMES = 9


@contextmanager
def databases(wanted: list[str]) -> Iterator[list[tuple[str, str]]]:
    """(name, URL) of each, empty; the URL of SQLite is left to the settings."""
    import postgres

    found = [("SQLite", "")] if "sqlite" in wanted else []
    if "postgresql" not in wanted or postgres.programs() is None:
        yield found
        return
    with postgres.running() as url:
        yield [*found, ("PostgreSQL", url)]


def site(folder: Path, url: str, count: int):
    """The program with `count` made-up dossiers behind it."""
    import database
    from app import create_app
    from rules import demo
    from rules.content_store import load_content

    environ = {"INSTANCE_DIR": str(folder), "SITE_URL": "http://localhost", "PATH": os.environ["PATH"]}
    app = create_app(environ | ({"DATABASE_URL": url} if url else {}))
    database.migrate()
    database.db.connect(reuse_if_open=True)
    load_content(PROJECT / "content")
    began = time.monotonic()
    demo.make(count, 1, database.utc_now(), app.extensions["library"].refreshed())
    if url:
        # As autovacuum leaves a table that is not being filled at this moment.
        database.db.execute_sql("VACUUM ANALYZE")
    print(f"{count} dossiers in {time.monotonic() - began:.0f} s")
    return app


def pages(officer) -> list[tuple[str, str, dict | None]]:
    """(what it is, address, what is looked for) of each page that is measured."""
    from models import Account, Dossier
    from rules import desk

    somebody = Account.select().where(Account.phone != "").order_by(Account.id.desc()).first()
    dossier = Dossier.select(Dossier.code, Dossier.receipt_code, Dossier.village).order_by(Dossier.id.desc()).first()
    found = [(f"queue: {kind.label}", f"/mot-cua/?xem={name}", None) for name, kind in desk.QUEUES.items()]
    deep = {"deep page of Đã trả": "?xem=da-tra&trang=2000", "last page of Đã trả": "?xem=da-tra&trang=999999"}
    narrowed = {
        "village": f"?thon={dossier.village}",
        "procedure, officer": "?xem=dang-lam&thu-tuc=dang-ky-khai-sinh&can-bo=toi",
        "Đã trả: village": f"?xem=da-tra&thon={dossier.village}",
        "Đã trả: officer": f"?xem=da-tra&can-bo={officer.id}",
        "Đã trả: channel, days accepted": "?xem=da-tra&kenh=counter&ngay=nhan&tu=1/1/2026&den=30/6/2026",
        "Đã trả: days submitted": "?xem=da-tra&tu=1/9/2025&den=31/8/2026",
        "Đã trả: state that it is not": "?xem=da-tra&trang-thai=1",
        "Đã trả: nothing fits": "?xem=da-tra&thon=khong-co",
        "Từ chối: village, deep page": f"?xem=tu-choi&thon={dossier.village}&trang=20",
    }
    found += [(what, f"/mot-cua/{question}", None) for what, question in (deep | narrowed).items()]
    looked_for = {
        "name of many": "nguyen", "two words": "ro cham", "words turned round": "mai siu", "nobody's name": "khong co ai",
        "identity number": somebody.id_number, "telephone": somebody.phone, "dossier code": dossier.code,
        "receipt code": dossier.receipt_code, "old code": "000.17.22.H56-210531-0001",
    }  # fmt: skip
    return found + [(f"search: {what}", "/mot-cua/tim", {"words": words}) for what, words in looked_for.items()]


def measure(app, count: int) -> list[tuple[str, float, float, int]]:
    """(what, first ms, middle ms, bytes before packing) of each page."""
    from database import utc_now
    from models import Staff
    from rules import desk_search, logins

    officer = Staff.get(Staff.role == "officer")
    client = app.test_client()
    client.set_cookie("v", logins.begin_login(officer, "bench", utc_now()), domain="localhost")
    token = client.get("/mot-cua/tim").text.partition('name="csrf_token" value="')[2].partition('"')[0]
    rows = []
    for what, address, looked_for in pages(officer):
        data = looked_for and {"csrf_token": token, "purpose": desk_search.PURPOSES[0]} | looked_for
        if looked_for:
            # Sending leads to the page of what was found: the page is measured, which looks once more.
            address = client.post(address, data=data).location
        times = []
        for _ in range(TIMES + 1):
            began = time.perf_counter()
            answer = client.get(address)
            times.append((time.perf_counter() - began) * 1000)
            assert answer.status_code == 200, (what, answer.status_code)
        rows.append((what, times[0], statistics.median(times[1:]), len(answer.data)))
    return rows


def main() -> int:
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--dossiers", type=int, default=100_000)
    asked.add_argument("--database", choices=("sqlite", "postgresql"), action="append")
    options = asked.parse_args()
    over = 0
    with databases(options.database or ["sqlite", "postgresql"]) as found, tempfile.TemporaryDirectory() as made:
        for name, url in found:
            print(f"\n{name}")
            rows = measure(site(Path(made) / name, url, options.dossiers), options.dossiers)
            print(f"{'page':44} {'first ms':>9} {'middle ms':>10} {'bytes':>7}")
            for what, first, middle, size in rows:
                over += middle > BUDGET_MS
                print(f"{what:44} {first:9.1f} {middle:10.1f} {size:7}{'  OVER' if middle > BUDGET_MS else ''}")
    print(f"\nbudget {BUDGET_MS} ms: {over or 'none'} over")
    return 1 if over else 0


if __name__ == "__main__":
    sys.exit(main())
