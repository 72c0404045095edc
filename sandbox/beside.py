"""The trial bank as the site's child: begun with the first caller, ended with the site, however that ends."""

import os
import select
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

PROGRAM = Path(__file__).resolve().parent.parent
HOST = "127.0.0.1"
PATIENCE = 2.0  # seconds; after kill -9 of a site, its child and its port are gone a moment later
REST = 1.0  # seconds between a child that ended and the next


class PortTaken(Exception):
    """Somebody else listens where the trial bank should; the argument is the port."""


class Child:
    """Holds the port from the start, and starts the process behind it when somebody calls: most starts see no payment."""

    def __init__(self, folder: Path, port: int, ipn_url: str, *options: str):
        """`port` 0 takes a free one; `self.port` says which. Raises PortTaken."""
        self._listening = _listen(port)
        self.port = self._listening.getsockname()[1]
        self._command = [sys.executable, "-m", "sandbox", "--instance", str(folder), "--ipn", ipn_url, *options]
        # A bank that has been called before may have notices to carry; it does not wait for a caller.
        self._is_called = (folder / "sandbox.db").exists()
        self._process: subprocess.Popen | None = None
        self._is_over = threading.Event()
        # Nobody writes here: the pipe ends with this process, and the child that reads it then ends too.
        self._far_end, self._near_end = os.pipe()
        self._keeper = threading.Thread(target=self._keep, daemon=True, name="sandbox")
        self._keeper.start()

    @property
    def process_id(self) -> int | None:
        return self._process and self._process.pid

    def stop(self) -> None:
        """End it, and wait until it has ended."""
        self._is_over.set()
        os.close(self._near_end)
        self._keeper.join(PATIENCE)
        if self._keeper.is_alive() and self._process is not None:
            self._process.kill()
            self._keeper.join(PATIENCE)
        os.close(self._far_end)
        self._listening.close()

    def _keep(self) -> None:
        while not self._is_over.is_set():
            if not self._is_called:
                select.select([self._listening, self._far_end], [], [])
            self._is_called = False
            if not self._is_over.is_set():
                self._process = self._start()
                self._process.wait()
                self._is_over.wait(REST)

    def _start(self) -> subprocess.Popen:
        # Of the site's settings it needs none, and gets none: they hold keys and addresses of databases.
        environ = {
            name: value for name, value in os.environ.items() if name in ("PATH", "LANG", "LC_ALL", "PYTHONDONTWRITEBYTECODE")
        }
        sockets = self._listening.fileno(), self._far_end
        return subprocess.Popen(
            [*self._command, "--socket", str(sockets[0]), "--parent", str(sockets[1])],
            cwd=PROGRAM,
            env=environ,
            stdin=subprocess.DEVNULL,
            pass_fds=sockets,
            start_new_session=True,  # Ctrl+C is for the site, which then ends this
        )


def _listen(port: int) -> socket.socket:
    deadline = time.monotonic() + PATIENCE
    while True:
        listening = socket.socket()
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listening.bind((HOST, port))
            listening.listen(64)
        except OSError as fault:
            listening.close()
            if time.monotonic() > deadline:
                raise PortTaken(port) from fault
            time.sleep(0.05)
            continue
        return listening
