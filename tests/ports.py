"""Ports for the servers that tests start."""

import itertools
import os
import socket

# Below the ports that the system gives to clients, so that nobody takes one while its server is down.
FIRST, LAST = 12_000, 31_999

_chosen = itertools.count(os.getpid() * 1009)


def free_port() -> int:
    """A port of this machine which nobody listens on, and which this process has not given before."""
    while True:
        port = FIRST + next(_chosen) % (LAST - FIRST + 1)
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
        return port
