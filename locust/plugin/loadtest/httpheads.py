"""What HttpUser's requests are on the wire: `requests` and urllib3 write each head once for all that are alike.

They write its shape, with a place for each value of a header and for a name and a password. A shape with its values is
a head, which is cut where its requests differ: target, `Cookie` and `Content-Length` are put in for each.
"""

from __future__ import annotations

import re
from typing import Any
from uuid import uuid4

from requests import PreparedRequest, Request
from requests.auth import AuthBase, _basic_auth_str
from requests.structures import CaseInsensitiveDict
from urllib3.connection import HTTPConnection
from urllib3.util import SKIP_HEADER
from urllib3.util.url import _encode_target

from .httpurls import Target, remember

_MOST_SHAPES = 512
_MOST_HEADS = 2048
"""What is remembered in a process. A head that is forgotten is soon made of its shape."""


class Shape:
    """What heads have in common that differ in values.

    `prepared`: a request with places for the values, of which `places` has the names, each with the value's number.
    """

    __slots__ = ("method", "parts", "places", "prepared")

    def __init__(self, prepared: PreparedRequest, wire: bytes, target: Target, cookie: str | None, size: int) -> None:
        method = (prepared.method or "").encode()
        if not wire.startswith(method + target.line) or not wire.endswith(b"\r\n\r\n"):
            raise ValueError(wire)
        first, second, third = wire[len(method) + len(target.line) : -2], b"", b""
        if cookie is not None:
            first, second = _cut(first, b"Cookie: " + cookie.encode("latin-1") + b"\r\n")
        if size:
            length = b"Content-Length: %d\r\n" % size
            if second:
                second, third = _cut(second, length)
            else:
                first, third = _cut(first, length)
        self.method = method
        self.parts = [_with_places(part) for part in (first, second, third + b"\r\n")]
        self.prepared = prepared
        self.places = [
            (name, int(_PLACED.fullmatch(value)[1]))  # type: ignore[index]
            for name, value in prepared.headers.items()
            if type(value) is str and _PLACED.fullmatch(value)
        ]


class Head:
    """A shape with values, in parts that have their line ends.

    In turn: `first`, Cookie, `second`, Content-Length, and `third` with the empty line.
    """

    __slots__ = ("first", "second", "shape", "third", "values")

    def __init__(self, shape: Shape, values: tuple[str, ...]) -> None:
        self.shape = shape
        self.values = values
        self.first, self.second, self.third = [part.format(*values).encode("latin-1") for part in shape.parts]

    def write(self, target: Target, cookie: str | None, size: int) -> bytes:
        """All of it for a request to a target, with a body of `size` bytes."""
        method = self.shape.method
        if cookie is None and not size:
            return method + target.line + self.first + self.third
        middle = b"" if cookie is None else b"Cookie: %b\r\n%b" % (cookie.encode("latin-1"), self.second)
        length = b"Content-Length: %d\r\n" % size if size else b""
        return b"%b%b%b%b%b%b" % (method, target.line, self.first, middle, length, self.third)

    def fields(self) -> CaseInsensitiveDict[Any]:
        """Those of a request with this head, but for `Cookie` and `Content-Length`."""
        fields = self.shape.prepared.headers.copy()
        for name, number in self.shape.places:
            fields[name] = self.values[number]
        return fields


_MARK = uuid4().hex
_PLACED = re.compile(rf"{_MARK}-(\d+)")
_VALUE = re.compile(r"(?:[!-~][\t -~]*)?")
"""Is sent as it is."""
_LOOKED_AT = frozenset(("content-length", "cookie", "expect", "host", "transfer-encoding"))
"""Fields whose values say how a request is sent."""


def _place(number: int) -> str:
    return f"{_MARK}-{number}"


def _with_places(part: bytes) -> str:
    return _PLACED.sub(r"{\1}", part.decode("latin-1").replace("{", "{{").replace("}", "}}"))


def _cut(text: bytes, line: bytes) -> tuple[bytes, bytes]:
    before, found, after = (b"\r\n" + text).partition(b"\r\n" + line)
    if not found:
        raise ValueError(text)
    before = before[2:]
    return (before + b"\r\n" if before else b""), after


_heads: dict[Any, Head] = {}
_shapes: dict[Any, Shape] = {}
find_head = _heads.get


def make_head(asked: Any, key: tuple[Any, ...], request: tuple[Any, ...], cookie: str | None) -> Head:
    """The head of a request (`Asked`), for all that have the same key.

    Raises:
        ValueError: it cannot be cut, so that it has to be written for each
        Exception: as `requests` does, which has to tell it
    """
    origin, method, kind, fields, given, auth, token, has_cookie = key
    values: list[str] = []
    named = [_take_values(some, values) for some in (fields, given or ())]
    if auth is not None:
        values.append(_basic_auth_str(*auth))
    like = (origin, method, kind, *map(tuple, named), auth is not None, token, has_cookie)
    shape = _shapes.get(like)
    if shape is None:
        shape = _make_shape(asked, [pair for some in named for pair in some], len(values), auth, request, cookie)
        remember(_shapes, _MOST_SHAPES, like, shape)
    head = Head(shape, tuple(values))
    remember(_heads, _MOST_HEADS, key, head)
    return head


def _take_values(fields: tuple[Any, ...], values: list[str]) -> list[tuple[Any, Any]]:
    """The fields with places for the values, which are added to `values`."""
    named = []
    for name, value in fields:
        texts = type(name) is str and type(value) is str and value != SKIP_HEADER
        if texts and _VALUE.fullmatch(value) and name.lower() not in _LOOKED_AT:
            named.append((name, _place(len(values))))
            values.append(value)
        else:
            named.append((name, value))
    return named


def _make_shape(  # noqa: PLR0913, PLR0917 -- what `make_head` has found out
    asked: Any, fields: list[tuple[Any, Any]], size: int, auth: Any, request: tuple[Any, ...], cookie: str | None
) -> Shape:
    made = Request(*request)
    # What is None here takes the session's away; all others of the session are here, too.
    made.headers = CaseInsensitiveDict(fields)
    if auth is not None:
        made.auth = _Placed(size - 1)
    target = asked.target
    prepared = asked.session.prepare_request(made)
    wire = write_prepared(prepared, asked.pool)
    if prepared.url != target.url or (cookie is not None and prepared.headers.get("Cookie") != cookie):
        raise ValueError(target)
    wire, _, body = wire.partition(b"\r\n\r\n")
    prepared.__dict__.update(body=None, _cookies=None)
    return Shape(prepared, wire + b"\r\n\r\n", target, cookie, len(body))


class _Placed(AuthBase):
    """A place where HTTPBasicAuth has a name and a password."""

    def __init__(self, number: int) -> None:
        self._value = _place(number)

    def __call__(self, request: PreparedRequest) -> PreparedRequest:
        request.headers["Authorization"] = self._value
        return request


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
