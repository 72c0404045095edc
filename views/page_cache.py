"""Answers on their way out: compressed for this browser, and public pages kept compressed for the next one."""

import gzip
import time
from collections import OrderedDict

import brotli
from werkzeug.http import parse_accept_header

from views.guards import changes_style
from views.headers import comes_from_here

KEEP_SECONDS = 60  # content loaded anew is noticed within this time
MOST_PAGES = 2000
LEAST_BYTES = 200  # below it a compressed body is hardly shorter
OF_A_BODY = frozenset({"Content-Length", "Content-Encoding", "Content-Type"})
EMBEDS = "/nhung/"
PACKED_TYPES = ("text/", "application/javascript", "application/json")


class PageCache:
    """A WSGI application in front of the site.

    A page marked public is the same for all who have no cookie: it is compressed once as small as can be, and given away
    as bytes after that. Any other is compressed as quickly as is worth it.
    """

    def __init__(self, application, hosts: list[str]):
        self.application = application
        self.hosts = frozenset(hosts)
        self.pages: OrderedDict[tuple, tuple[float, str, list, bytes]] = OrderedDict()

    def __call__(self, environ, start_response):
        _keep_only_htmx_flags(environ)
        if environ.get("PATH_INFO", "").startswith(EMBEDS):
            _forget_who_asks(environ)
        encoding = _encoding(environ.get("HTTP_ACCEPT_ENCODING", ""))
        key = self._key(environ, encoding)
        page = self._fresh(key)
        if page is None:
            answer, chunks = self._ask(environ)
            if _is_sent_as_it_comes(answer["headers"]):
                # Untouched, down to the kind of its body: the server may have a way of its own to send it.
                start_response(answer["status"], answer["headers"])
                return chunks
            page = self._finish(answer, _joined(chunks), key, encoding)
        _, status, headers, body = page
        if _is_known(environ, headers):
            status, body = "304 NOT MODIFIED", b""
            headers = [header for header in headers if header[0] not in OF_A_BODY]
        start_response(status, headers)
        return [body]

    def _key(self, environ, encoding: str) -> tuple | None:
        """What tells one public answer from another; None for a request that is never answered from here."""
        path = environ.get("PATH_INFO", "")
        is_static = path.startswith("/static/")
        has_cookie = "HTTP_COOKIE" in environ and not is_static
        if environ["REQUEST_METHOD"] != "GET" or environ.get("QUERY_STRING") or has_cookie:
            return None
        host = environ.get("HTTP_HOST", "").rsplit(":", 1)[0]
        if host not in self.hosts:
            return None
        if is_static:
            path = path.split("/", 3)[-1]  # one file is one, or made-up marks would fill the memory
        is_fragment = "HTTP_HX_REQUEST" in environ and "HTTP_HX_HISTORY_RESTORE_REQUEST" not in environ
        if is_fragment and changes_style(environ):
            return None  # answered with an address to load whole
        saves_data = environ.get("HTTP_SAVE_DATA", "").lower() == "on"
        return host, path, comes_from_here(environ), is_fragment, saves_data, encoding

    def _fresh(self, key: tuple | None):
        page = self.pages.get(key) if key else None
        return page if page and time.monotonic() < page[0] else None

    def _ask(self, environ) -> tuple[dict, object]:
        """The application's answer, and the body that it still has to give."""
        answer: dict = {}

        def start_response(status, headers, exc_info=None):
            answer.update(status=status, headers=headers)

        chunks = self.application(environ, start_response)
        return answer, chunks

    def _finish(self, answer: dict, body: bytes, key: tuple | None, encoding: str) -> tuple:
        """The answer compressed; kept when it is public."""
        policy = dict(answer["headers"]).get("Cache-Control", "")
        is_kept = key is not None and answer["status"].startswith("200") and policy.startswith("public")
        keep_until = time.monotonic() + (float("inf") if "immutable" in policy else KEEP_SECONDS)
        page = (keep_until, answer["status"], *_pack(answer["headers"], body, encoding, is_kept))
        if is_kept:
            self._keep(key, page)
        return page

    def _keep(self, key: tuple, page: tuple) -> None:
        self.pages[key] = page
        if len(self.pages) > MOST_PAGES:
            self.pages.popitem(last=False)


def _is_sent_as_it_comes(headers: list) -> bool:
    """Whether nothing is done to the body: somebody's own, which may be half a gigabyte, or a recording, asked for in parts
    and too large to be kept by the dozen."""
    said = dict(headers)
    kind = said.get("Content-Type", "")
    is_private = said.get("Cache-Control", "").startswith("no-store")
    return kind.startswith("audio/") or (is_private and bool(kind) and not kind.startswith(PACKED_TYPES))


def _joined(chunks) -> bytes:
    try:
        return b"".join(chunks)
    finally:
        getattr(chunks, "close", lambda: None)()


def _is_known(environ, headers: list) -> bool:
    """Whether the browser already holds this very representation (RFC 9110 §13.1.2)."""
    asked = environ.get("HTTP_IF_NONE_MATCH", "")
    etag = dict(headers).get("ETag")
    return bool(
        etag and environ["REQUEST_METHOD"] == "GET" and etag in (part.strip().removeprefix("W/") for part in asked.split(","))
    )


def _keep_only_htmx_flags(environ) -> None:
    """htmx itself writes "true". Any other spelling is taken away, so that the site reads the flag as the cache does:
    request.htmx takes TRUE too, and one visitor's fragment would become everybody's page."""
    for name in ("HTTP_HX_REQUEST", "HTTP_HX_HISTORY_RESTORE_REQUEST"):
        if environ.get(name) != "true":
            environ.pop(name, None)


def _forget_who_asks(environ) -> None:
    """What stands in frames of other sites is the same for all: nothing of the site sees a cookie there, or whence one comes."""
    for name in ("HTTP_COOKIE", "HTTP_REFERER", "HTTP_HX_REQUEST", "HTTP_HX_HISTORY_RESTORE_REQUEST"):
        environ.pop(name, None)


def _encoding(accepted: str) -> str:
    offered = parse_accept_header(accepted)
    return next((name for name in ("br", "gzip") if accepted and offered[name] > 0), "")


def _pack(headers: list, body: bytes, encoding: str, is_kept: bool) -> tuple[list, bytes]:
    """Headers and body as `encoding` wants them."""
    is_text = dict(headers).get("Content-Type", "").startswith(PACKED_TYPES)
    headers = [_vary(header, is_kept) for header in headers]
    if not encoding or not is_text or len(body) < LEAST_BYTES:
        return headers, body
    packed = _compress(body, encoding, is_kept)
    kept = [_mark(header, encoding) for header in headers if header[0] != "Content-Length"]
    return [*kept, ("Content-Encoding", encoding), ("Content-Length", str(len(packed)))], packed


def _compress(body: bytes, encoding: str, is_kept: bool) -> bytes:
    if encoding == "gzip":
        return gzip.compress(body, 9 if is_kept else 6, mtime=0)
    # 11 takes ten times an answer's time, right for what is given a thousand times; 7 with a small window, a tenth of it.
    return brotli.compress(body, quality=11) if is_kept else brotli.compress(body, quality=7, lgwin=16)


def _mark(header: tuple[str, str], encoding: str) -> tuple[str, str]:
    """Another encoding is another representation, so it has an ETag of its own."""
    name, value = header
    return (name, f'{value[:-1]}-{encoding}"') if name == "ETag" else header


def _vary(header: tuple[str, str], is_kept: bool) -> tuple[str, str]:
    # What no cache may keep needs no word on how its encoding was chosen.
    name, value = header
    return (name, f"{value}, Accept-Encoding") if name == "Vary" and is_kept else header
