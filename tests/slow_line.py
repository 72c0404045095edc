"""A line between a browser and the site: as slow as asked, counted, and cut when a test says so."""

import contextlib
import socket
import threading
import time

from ports import free_port

CHUNK = 1024


class SlowLine:
    """Listens on a port of its own and passes everything on; what the phone sends goes at `bits_a_second`."""

    def __init__(self, to_port: int, bits_a_second: int):
        self.to_port, self.seconds_a_byte = to_port, 8 / bits_a_second
        self.port = free_port()
        self.address = f"http://127.0.0.1:{self.port}"
        self.sent_up = 0
        self.is_cut = False
        self.ends: list[socket.socket] = []
        self.listener = socket.create_server(("127.0.0.1", self.port))
        threading.Thread(target=self._listen, daemon=True).start()

    def _listen(self):
        with contextlib.suppress(OSError):
            while True:
                phone, _ = self.listener.accept()
                try:
                    site = None if self.is_cut else socket.create_connection(("127.0.0.1", self.to_port))
                except OSError:  # the program is down
                    site = None
                if site is None:
                    phone.close()
                    continue
                phone.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, CHUNK)
                self.ends += [phone, site]
                threading.Thread(target=self._pass_on, args=(phone, site, True), daemon=True).start()
                threading.Thread(target=self._pass_on, args=(site, phone, False), daemon=True).start()

    def _pass_on(self, source, target, is_up):
        with contextlib.suppress(OSError):
            while data := source.recv(CHUNK if is_up else 65536):
                if is_up:
                    time.sleep(len(data) * self.seconds_a_byte)
                    self.sent_up += len(data)
                target.sendall(data)
        hang_up(source, target)

    def cut(self):
        """The signal is gone: whatever was on its way is lost, and nobody gets through until `mend`."""
        self.is_cut = True
        hang_up(*self.ends)
        self.ends.clear()

    def mend(self):
        self.is_cut = False

    def close(self):
        self.cut()
        self.listener.close()


def hang_up(*ends: socket.socket):
    for end in ends:
        with contextlib.suppress(OSError):
            end.shutdown(socket.SHUT_RDWR)
        end.close()
