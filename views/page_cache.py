"""Public pages, compressed beforehand: the same bytes for every visitor without a cookie."""

import gzip
import time
from collections import OrderedDict

import brotli

KEEP_SECONDS = 60  # a page may name today's date; content loaded anew is noticed within this time
MOST_PAGES = 2000
OF_A_BODY = ("Content-Length", "Content-Encoding", "Content-Type")


class PageCache:
    """A WSGI application in front of the site: answers what it has seen, and keeps what is marked public."""

    def __init__(self, application, hosts: list[str]):
        self.application = application
        self.hosts = frozenset(hosts)
        self.pages: OrderedDict[tuple, tuple[float, str, list, bytes]] = OrderedDict()

    def __call__(self, environ, start_response):
        key = self._key(environ)
        if key is None:
            return self.application(environ, start_response)
        _, status, headers, body = self._fresh(key) or self._ask(environ, key)
        if environ.get("HTTP_IF_NONE_MATCH") and environ["HTTP_IF_NONE_MATCH"] == dict(headers).get("ETag"):
            status, body = "304 NOT MODIFIED", b""
            headers = [header for header in headers if header[0] not in OF_A_BODY]
        start_response(status, headers)
        return [body]

    def _key(self, environ) -> tuple | None:
        """What tells one answer from another; None for a request that is never answered from here."""
        if environ["REQUEST_METHOD"] != "GET" or environ.get("QUERY_STRING") or environ.get("HTTP_COOKIE"):
            return None
        host = environ.get("HTTP_HOST", "")
        if host.rsplit(":", 1)[0] not in self.hosts:
            return None
        is_fragment = environ.get("HTTP_HX_REQUEST") == "true" and environ.get("HTTP_HX_HISTORY_RESTORE_REQUEST") != "true"
        saves_data = environ.get("HTTP_SAVE_DATA", "").lower() == "on"
        return host, environ.get("PATH_INFO", ""), is_fragment, saves_data, _encoding(environ.get("HTTP_ACCEPT_ENCODING", ""))

    def _fresh(self, key: tuple):
        page = self.pages.get(key)
        return page if page and time.monotonic() - page[0] < KEEP_SECONDS else None

    def _ask(self, environ, key: tuple):
        """The application's answer, compressed; kept when it is public."""
        answer: dict = {}

        def start_response(status, headers, exc_info=None):
            answer.update(status=status, headers=headers)

        plain = {name: value for name, value in environ.items() if name not in ("HTTP_ACCEPT_ENCODING", "HTTP_IF_NONE_MATCH")}
        chunks = self.application(plain, start_response)
        try:
            body = b"".join(chunks)
        finally:
            getattr(chunks, "close", lambda: None)()
        is_public = answer["status"].startswith("200") and dict(answer["headers"]).get("Cache-Control", "").startswith("public")
        page = (time.monotonic(), answer["status"], *_pack(answer["headers"], body, key[-1], is_public))
        if is_public:
            self._keep(key, page)
        return page

    def _keep(self, key: tuple, page: tuple) -> None:
        self.pages[key] = page
        if len(self.pages) > MOST_PAGES:
            self.pages.popitem(last=False)


def _encoding(accepted: str) -> str:
    offered = {part.split(";")[0].strip() for part in accepted.split(",")}
    return "br" if "br" in offered else "gzip" if "gzip" in offered else ""


def _pack(headers: list, body: bytes, encoding: str, is_public: bool) -> tuple[list, bytes]:
    """Headers and body as `encoding` wants them: as small as can be when the page is kept, quickly when it is not."""
    if encoding == "br":
        packed = brotli.compress(body, quality=11) if is_public else brotli.compress(body, quality=7, lgwin=16)
    elif encoding == "gzip":
        packed = gzip.compress(body, 9 if is_public else 6, mtime=0)
    if not encoding or len(packed) >= len(body):
        return [_vary(header) for header in headers], body
    kept = [_vary(_mark(header, encoding)) for header in headers if header[0] != "Content-Length"]
    return [*kept, ("Content-Encoding", encoding), ("Content-Length", str(len(packed)))], packed


def _mark(header: tuple[str, str], encoding: str) -> tuple[str, str]:
    """Another encoding is another representation, so it has an ETag of its own."""
    name, value = header
    return (name, f'{value[:-1]}-{encoding}"') if name == "ETag" else header


def _vary(header: tuple[str, str]) -> tuple[str, str]:
    name, value = header
    return (name, f"{value}, Accept-Encoding") if name == "Vary" and "Accept-Encoding" not in value else header
