"""What HttpUser's requests are on the wire: `requests` and urllib3 write each head once for all that are the same.

A head is cut where requests differ: its target, `Cookie` and `Content-Length` are put in for each.
"""

from __future__ import annotations

import re
import time
from http.cookiejar import Cookie
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from requests import PreparedRequest, Request
from requests.cookies import RequestsCookieJar, get_cookie_header, merge_cookies
from requests.structures import CaseInsensitiveDict
from urllib3.connection import HTTPConnection
from urllib3.util.url import _encode_target

_MOST_TARGETS = 4096
_MOST_HEADS = 16384
"""What is remembered in a process: users with a token of their own each have some heads."""

encode_params = PreparedRequest._encode_params

_SEGMENT = r"/[\w~!$&'()*+,;=:@-][\w~!$&'()*+,;=:@.-]*"
_PLAIN = re.compile(
    r"(https?://[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?(?::[1-9]\d{0,4})?)"
    rf"((?=/)(?:{_SEGMENT})*/?(?:\?[\w~!$&'()*+,;=:@./?-]+)?)",
    re.ASCII,
)
"""URLs that `requests` leaves as they are."""


class Target(NamedTuple):
    """A URL as it is asked for. `origin`: scheme, host and port; `line`: within the request line, with its version."""

    url: str
    origin: str
    path: str
    line: bytes


_targets: dict[Any, Target] = {}


def find_target(url: str, params: Any) -> Target:
    """Where a request goes.

    Raises:
        Exception: as `requests` does, which has to tell it
    """
    text = encode_params(params) if params else ""
    key = (url, text) if text else url
    target = _targets.get(key)
    if target is None:
        target = _plain(url, text, params) or _prepared(url, params)
        if len(_targets) >= _MOST_TARGETS:
            _targets.clear()
        _targets[key] = target
    return target


def _plain(url: str, text: Any, params: Any) -> Target | None:
    match = _PLAIN.fullmatch(url)
    if match is None or (text and type(params) is not dict):
        return None
    origin, path = match.groups()
    if text:
        path = f"{path}{'&' if '?' in path else '?'}{text}"
    return Target(origin + path, origin, path, f" {path} HTTP/1.1\r\n".encode())


def _prepared(url: str, params: Any) -> Target:
    request = PreparedRequest()
    request.prepare_url(url, params or {})
    url = request.url or ""
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.netloc:
        raise ValueError(url)
    path = request.path_url
    return Target(url, f"{parts.scheme}://{parts.netloc}", path, f" {_encode_target(path)} HTTP/1.1\r\n".encode())


class Head:
    """A head in parts, each with its last line end: `first`, Cookie, `second`, Content-Length, `third`, an empty line.

    `prepared`: the request that it was made of.
    """

    __slots__ = ("first", "has_length", "method", "prepared", "second", "third")

    def __init__(self, prepared: PreparedRequest, wire: bytes, target: Target, cookie: str | None, size: int) -> None:
        method = (prepared.method or "").encode()
        if not wire.startswith(method + target.line) or not wire.endswith(b"\r\n\r\n"):
            raise ValueError(wire)
        self.prepared = prepared
        self.method = method
        rest = wire[len(method) + len(target.line) : -2]
        first, second = rest, b""
        if cookie is not None:
            first, second = _cut(rest, b"Cookie: " + cookie.encode("latin-1") + b"\r\n")
        self.has_length = size > 0
        third = b""
        if self.has_length:
            length = b"Content-Length: %d\r\n" % size
            if second:
                second, third = _cut(second, length)
            else:
                first, third = _cut(first, length)
        self.first, self.second, self.third = first, second, third + b"\r\n"

    def write(self, target: Target, cookie: str | None, size: int) -> bytes:
        """All of it for a request to a target, with a body of `size` bytes."""
        if cookie is None and not size:
            return self.method + target.line + self.first + self.third
        middle = b"" if cookie is None else b"Cookie: %b\r\n%b" % (cookie.encode("latin-1"), self.second)
        length = b"Content-Length: %d\r\n" % size if size else b""
        return b"%b%b%b%b%b%b" % (self.method, target.line, self.first, middle, length, self.third)


def _cut(text: bytes, line: bytes) -> tuple[bytes, bytes]:
    before, found, after = (b"\r\n" + text).partition(b"\r\n" + line)
    if not found:
        raise ValueError(text)
    before = before[2:]
    return (before + b"\r\n" if before else b""), after


_heads: dict[Any, Head] = {}
find_head = _heads.get


def make_head(asked: Any, key: Any, request: Request, cookie: str | None) -> Head:
    """The head of a request (`Asked`), for all that have the same key.

    Raises:
        ValueError: it cannot be cut, so that it has to be written for each
        Exception: as `requests` does, which has to tell it
    """
    target = asked.target
    prepared = asked.session.prepare_request(request)
    wire = write_prepared(prepared, asked.route.pool)
    if prepared.url != target.url or (cookie is not None and prepared.headers.get("Cookie") != cookie):
        raise ValueError(target)
    wire, _, body = wire.partition(b"\r\n\r\n")
    head = Head(prepared, wire + b"\r\n\r\n", target, cookie, len(body))
    prepared.__dict__.update(body=None, _cookies=None)
    if len(_heads) >= _MOST_HEADS:
        _heads.clear()
    _heads[key] = head
    return head


class _Recorder(HTTPConnection):
    """Keeps what urllib3 would send."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.sent: list[bytes] = []

    def send(self, data: Any) -> None:
        self.sent.append(data)


class _SecureRecorder(_Recorder):
    default_port = 443


def write_prepared(request: PreparedRequest, pool: Any) -> bytes:
    """What urllib3 sends for a request whose body is text or bytes, if it has one.

    Raises:
        Exception: as urllib3 does, which has to tell it
    """
    connection = (_SecureRecorder if pool.scheme == "https" else _Recorder)(pool.host, pool.port)
    path = _encode_target(request.path_url)
    connection.request(request.method or "", path, body=request.body, headers=request.headers)  # type: ignore[arg-type]
    return b"".join(connection.sent)


class Cookies:
    """What a session's jar says of its requests: asked anew when it has changed, or one of its cookies expires."""

    __slots__ = ("_by_path", "_headers", "_seen", "_until")

    def __init__(self) -> None:
        self._seen: Any = None
        self._headers: dict[Any, str | None] = {}
        self._by_path = False
        self._until = 0.0

    def header(self, jar: RequestsCookieJar, target: Target) -> str | None:
        """The field `Cookie`; None without one."""
        # Whatever the jar's own policy is, `requests` asks a new jar with copies of these.
        seen = [
            (cookie, cookie.value, cookie.expires)
            for paths in jar._cookies.values()  # type: ignore[attr-defined]
            for names in paths.values()
            for cookie in names.values()
        ]
        if seen != self._seen or time.time() >= self._until or len(self._headers) > 64:
            self._renew(jar, seen)
        key = (target.origin, urlsplit(target.url).path) if self._by_path else target.origin
        try:
            return self._headers[key]
        except KeyError:
            self._headers[key] = header = _ask(jar, target)
            return header

    def _renew(self, jar: RequestsCookieJar, seen: list[Any]) -> None:
        cookies: list[Cookie] = list(jar)
        self._seen = seen
        self._headers = {}
        self._by_path = any(cookie.path != "/" for cookie in cookies)
        now = time.time()
        expiring = [cookie.expires for cookie in cookies if cookie.expires is not None and cookie.expires > now]
        self._until = min(expiring, default=float("inf"))


def _ask(jar: RequestsCookieJar, target: Target) -> str | None:
    request = PreparedRequest()
    request.url = target.url
    request.headers = CaseInsensitiveDict()
    return get_cookie_header(merge_cookies(RequestsCookieJar(), jar), request)
