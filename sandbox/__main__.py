"""`python -m sandbox`: the trial bank by itself, or as the child that `serve` starts."""

import argparse
import os
import socket
import sqlite3
import sys
import threading
from pathlib import Path

from .courier import Courier
from .keys import KeyUnreadable, read_or_make_key
from .ledger import Ledger
from .payments import Bank
from .server import Server, server_at, server_on
from .web import LOOPBACK, Web

PROJECT = Path(__file__).resolve().parent.parent


def main(words: list[str]) -> None:
    options = read_options(words)
    try:
        server = server_on(socket.socket(fileno=options.socket)) if options.socket else server_at(options.host, options.port)
        run(server, options)
    except (KeyUnreadable, sqlite3.Error) as fault:
        sys.exit(f"sandbox: {options.instance}: {fault}")
    except OSError as fault:
        sys.exit(f"sandbox: {options.host}:{options.port}: {fault.strerror}")
    except KeyboardInterrupt:
        pass


def run(server: Server, options: argparse.Namespace) -> None:
    folder = PROJECT / options.instance
    bank = Bank(Ledger(folder / "sandbox.db"), read_or_make_key(folder))
    courier = Courier(bank, options.ipn, options.spacing)
    hosts = LOOPBACK if server.server_name in LOOPBACK else None
    server.set_app(Web(bank, courier, hosts, options.query_spacing, options.slow))
    courier.start()
    if options.parent:
        threading.Thread(target=end_with, args=(options.parent,), daemon=True).start()
    else:
        print(f"Ngân hàng thử: http://{server.server_name}:{server.server_port}/bang-dieu-khien   (Ctrl+C to stop)", flush=True)
    server.serve_forever()


def end_with(pipe: int) -> None:
    """Nobody writes into the pipe; it ends when the process at its other end does, however that ended."""
    while os.read(pipe, 1):
        pass
    os._exit(0)


def read_options(words: list[str]) -> argparse.Namespace:
    environ = os.environ.get
    port = int(environ("PORT") or 8000)
    parser = argparse.ArgumentParser(
        prog="python -m sandbox", description="A bank for trials: speaks VNPAY 2.1.0; no money moves."
    )
    parser.add_argument("--host", default="127.0.0.1", help="address it listens on")
    parser.add_argument("--port", type=int, default=int(environ("SANDBOX_PORT") or port + 1), help="port it listens on (PORT+1)")
    parser.add_argument("--instance", default=environ("INSTANCE_DIR") or "instance", help="folder of sandbox.db and sandbox.key")
    parser.add_argument("--ipn", default=f"http://127.0.0.1:{port}/thanh-toan/vnpay/ipn", help="where the merchant is told")
    parser.add_argument("--spacing", type=float, default=300, help="seconds between two tries of a notice")
    parser.add_argument(
        "--query-spacing", type=float, default=30, help="seconds between two querydr of one payment; sooner gets 94"
    )
    parser.add_argument("--slow", type=float, default=60, help="seconds a slow answer takes")
    parser.add_argument("--socket", type=int, help=argparse.SUPPRESS)
    parser.add_argument("--parent", type=int, help=argparse.SUPPRESS)
    return parser.parse_args(words)


if __name__ == "__main__":
    main(sys.argv[1:])
