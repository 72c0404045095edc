"""Several people at the same moment."""

from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from threading import Barrier

from database import db


class Requests:
    """Stands in for the database in `at_once`: a request opens its connection itself."""

    @staticmethod
    @contextmanager
    def connection_context():
        yield
        if not db.is_closed():
            db.close()


def at_once(*calls, database=db):
    """What each call returned or raised, in their order; all begin together, each on a connection of its own."""
    start = Barrier(len(calls), timeout=20)

    def run(call):
        with database.connection_context():
            start.wait()
            try:
                return call()
            except Exception as error:
                return error

    with ThreadPoolExecutor(len(calls)) as people:
        return list(people.map(run, calls))
