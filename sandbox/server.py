"""Serves the trial bank: a thread a request, on an address of its own or on a socket it was given."""

import socket
from socketserver import TCPServer, ThreadingMixIn
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer


class QuietHandler(WSGIRequestHandler):
    timeout = 30  # seconds a line may say nothing

    def address_string(self) -> str:
        return self.client_address[0]

    def log_request(self, *arguments) -> None:
        """Payments are nobody's business but the book's."""

    def log_message(self, *arguments) -> None:
        """A line that broke off is daily life on a weak signal."""


class Server(ThreadingMixIn, WSGIServer):
    daemon_threads = True
    request_queue_size = 64

    def server_bind(self) -> None:
        # Without the question to the name service that HTTPServer asks here.
        TCPServer.server_bind(self)
        self.take_address()

    def take_address(self) -> None:
        self.server_address = self.socket.getsockname()
        self.server_name, self.server_port = self.server_address[:2]
        self.setup_environ()

    def handle_error(self, request, client_address) -> None:
        """As in log_message; faults of the program itself are told by wsgiref, with their trace."""


def server_at(host: str, port: int) -> Server:
    """Listens already. Raises OSError when the port is taken."""
    return Server((host, port), QuietHandler)


def server_on(listening: socket.socket) -> Server:
    """On a socket that listens."""
    server = Server(listening.getsockname(), QuietHandler, bind_and_activate=False)
    server.socket.close()
    server.socket = listening
    server.take_address()
    return server
