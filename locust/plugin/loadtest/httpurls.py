"""URLs that HttpUser asks for, and its cookies for them: as `requests` finds them, and remembered."""

from __future__ import annotations

import re
import time
from http.cookiejar import Cookie
from operator import attrgetter
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from requests import PreparedRequest
from requests.cookies import RequestsCookieJar, get_cookie_header, merge_cookies
from requests.structures import CaseInsensitiveDict
from urllib3.util.url import _encode_target

_MOST_TARGETS = 4096
"""What is remembered in a process."""

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
        remember(_targets, _MOST_TARGETS, key, target)
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


def remember(known: dict[Any, Any], most: int, key: Any, value: Any) -> None:
    """Keeps a value; from the beginning, where there are too many."""
    if len(known) >= most:
        known.clear()
    known[key] = value


_STATE = attrgetter("version", "name", "value", "port", "domain", "path", "secure", "expires")
"""What of a cookie its header depends on, and where that is sent."""


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
            _STATE(cookie)
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
