"""Heads of FastHttpUser's requests, which are learned from the client: of those that are alike, it makes the first.

What a head is made from is either the same for all that are alike, and part of their key, or has its place in it: the
path, the values of the script's headers, a cookie, the length of a body.
"""

from __future__ import annotations

import json as jsons
import re
import time
from http.cookiejar import DefaultCookiePolicy
from operator import attrgetter
from typing import Any, NamedTuple
from urllib.parse import urlencode

from geventhttpclient.header import Headers
from geventhttpclient.url import _encode_params, requote_uri
from locust.contrib import fasthttp

from .sending import LONGEST_BODY, Lesson

_MOST = 2048
"""Heads that are remembered in a process."""

MOST_MOVED = 256
"""Paths that are remembered of a head."""

_PATH = re.compile(r"/(?!/)[\w.~/:@!$&'()*+,=-]*(?:\?[\w.~/:@!$&'()*+,=?-]+)?", re.ASCII)
"""Is sent as it is."""
_QUOTED = re.compile(r"/(?!/)[!\"$-:<->@-~\xa1-\ud7ff]*(?:\?[!\"$-:<-~\xa1-\ud7ff]+)?")
"""Is quoted as it stands: neither `#` nor `;` is in it."""
_BASE = re.compile(r"https?://[\w.\[\]:-]+(?:/[\w./~-]*)?", re.ASCII)
_VALUE = re.compile(r"[\t\x20-\x7e\x80-\xff]+")
_FIXED = frozenset(("expect", "transfer-encoding", "content-length", "cookie", "host"))
"""Fields that say how a request is sent, or that are set elsewhere too."""
_PARAMETERS = frozenset((str, int, float, bool))
_BODIES = {str: "text", bytes: "bytes", dict: "form"}


class Asked(NamedTuple):
    """A request of a session: those with the same `key` are alike."""

    key: tuple[Any, ...]
    path: str
    values: tuple[str, ...]
    """Of the script's headers."""
    cookie: str | None
    body: bytes
    payload: Any
    """The body as the client is given it."""


class Known(NamedTuple):
    """What alike requests have in common: `text` has the places, `extras` are the headers that Locust adds."""

    text: str
    extras: dict[str, str]
    client_key: tuple[str, int | None]
    client_fields: dict[str, Any]
    ssl: bool
    moved: set[str]
    """Paths whose answers were redirects: the client follows them in its own way, which needs all of its objects."""

    def fits(self, client: Any) -> bool:
        """Whether this one would write it."""
        same = dict.__eq__(client.default_headers, self.client_fields)
        return same and client.ssl == self.ssl and not client.use_proxy and client.version == client.HTTP_11

    def fill(self, asked: Asked) -> str:
        return self.text.format(asked.path, len(asked.body), asked.cookie, *asked.values)


_heads: dict[tuple[Any, ...], Known | None] = {}


def known(key: tuple[Any, ...]) -> Known | None:
    """The head for that; None where the client makes each anew.

    Raises:
        KeyError: there has been none like it
    """
    return _heads[key]


def ask(  # noqa: PLR0913, PLR0917 -- Locust's own
    session: Any, method: str, url: str, data: Any, headers: Any, auth: Any, json: Any, params: Any
) -> Asked | None:
    """What is asked of a session; None where that is a rare thing, which is the client's to do."""
    path = _path(url, params)
    jar = session.client.cookiejar
    if path is None or type(jar) is not fasthttp.CookieJar or (jar._cookies and not _is_plain(jar._policy)):
        return None
    if (headers and not _are_texts(headers)) or (auth is not None and not _is_pair(auth)):
        return None
    names, values = (tuple(headers), tuple(headers.values())) if headers else ((), ())
    kind, body = None, b""
    if not data and json is not None:
        kind, data = "json", jsons.dumps(json)
    if data:
        kind = kind or _BODIES.get(type(data))
        if kind is None:
            return None
        if kind == "form":
            data = dict(data)  # the script may write into its own before it looks at what was sent
        body = data if kind == "bytes" else (urlencode(data) if kind == "form" else data).encode()
        if len(body) > LONGEST_BODY:
            return None
    cookie = _cookie(session, url) if jar._cookies else None
    fields = tuple(dict.values(session.client.default_headers))
    key = (method, session.base_url, session.auth_header, auth, names, fields, kind, cookie is not None)
    return Asked(key, path, values, cookie, body, data)


def _path(url: str, params: Any) -> str | None:
    """What of a URL is sent, behind the base URL; None for those that are not simply below it."""
    if params is not None:
        if not params or type(params) is not dict or not _PARAMETERS.issuperset(map(type, params.values())):
            return None
        url = f"{url}{'&' if '?' in url else '?'}{_encode_params(params)}"
    if _PATH.fullmatch(url):
        return url
    return requote_uri(url) if _QUOTED.fullmatch(url) else None


def _are_texts(headers: Any) -> bool:
    return type(headers) is dict and all(type(one) is str and _VALUE.fullmatch(one) for one in headers.values())


def _is_plain(policy: Any) -> bool:
    # One of a script's own may look at each request, and one of RFC 2965 adds a field of its own.
    return type(policy) is DefaultCookiePolicy and not policy.rfc2965


def _is_pair(auth: Any) -> bool:
    # What is equal must be the same text, too.
    return type(auth) is tuple and {*map(type, auth)} <= {str, bytes}


def learn(asked: Asked, headers: dict[str, str] | None, lesson: Lesson) -> None:
    """Remembers what the client has made of it. `headers`: the script's own."""
    if len(_heads) >= _MOST:
        _heads.clear()
    _heads[asked.key] = _head_of(asked, headers or {}, lesson)


def _head_of(asked: Asked, headers: dict[str, str], lesson: Lesson) -> Known | None:
    method, base, _, _, _, fields, kind, _ = asked.key
    client = lesson.client
    if not _BASE.fullmatch(base or "") or client.version != client.HTTP_11:
        return None
    if not _FIXED.isdisjoint(name.lower() for name in (*headers, *(field[0] for field in fields))):
        return None
    first, *lines = lesson.text.replace("{", "{{").replace("}", "}}").split("\r\n")
    prefix = lesson.request_uri.removesuffix(asked.path)
    if first != f"{method.upper()} {prefix}{asked.path} HTTP/1.1" or prefix + asked.path != lesson.request_uri:
        return None
    places = {f"{name}: {value}": f"{name}: {{{at}}}" for at, (name, value) in enumerate(headers.items(), start=3)}
    if asked.cookie is not None:
        places[f"Cookie: {asked.cookie}"] = "Cookie: {2}"
    if kind is not None:
        places.update({f"{name}: {len(asked.body)}": f"{name}: {{1}}" for name in ("Content-Length", "content-length")})
    made = [places.get(line.replace("{{", "{").replace("}}", "}"), line) for line in lines]
    if sum(line != before for line, before in zip(made, lines, strict=True)) != len(places) - (kind is not None):
        return None
    text = "\r\n".join([f"{method.upper()} {prefix}{{0}} HTTP/1.1", *made])
    extras = {name: value for name, value in (lesson.headers or {}).items() if name not in headers}
    key = (client.host, client.port)
    return Known(text, extras, key, dict(dict.items(client.default_headers)), client.ssl, set())


_STATE = attrgetter("version", "name", "value", "port", "domain", "path", "secure", "expires")


def _cookie(session: Any, url: str) -> str | None:
    """The session's cookies for a URL, as its jar would write them."""
    jar = session.client.cookiejar
    cookies = [one for paths in jar._cookies.values() for names in paths.values() for one in names.values()]
    state = [_STATE(one) for one in cookies]
    now = time.time()
    where = url if any(one.path != "/" for one in cookies) else None
    ends = min((one.expires for one in cookies if one.expires is not None), default=now + 1)
    key = (session.base_url, where, state)
    known = session.__dict__.get("loadtest_cookie")
    if known is not None and known[0] == key and ends > now:
        return known[1]
    request = fasthttp.FastRequest(session._build_url(url), headers=Headers())
    jar.add_cookie_header(request)
    value = request.headers.get("Cookie")
    session.loadtest_cookie = (key, value)
    return value
