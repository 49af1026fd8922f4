"""One request and its answer over a connection: what FastHttpUser and HttpUser have in common.

Nearly all answers tell their length or come in chunks, and are read here by the few fields that say so. All others are
read by geventhttpclient's parser, which is llhttp. It would read the former in the same way: a pattern holds heads
against its rules, and what does not match it is the parser's to judge.
"""

from __future__ import annotations

import re
from contextlib import suppress
from functools import cached_property
from typing import Any

from geventhttpclient.response import HTTPParseError, HTTPResponse

from .sockets import receive, send

_MOST_HEADS = 1024
"""Heads of answers that are remembered in a process."""
_LONGEST_HEAD = 4 * 1024
"""Bytes of a head that is remembered."""


class ConnectionClosed(OSError):  # noqa: N818
    """The connection was closed before anything of an answer came."""


class Incomplete(OSError):  # noqa: N818
    """The connection was closed within an answer."""


class BadAnswer(Exception):  # noqa: N818
    """What came is no answer in HTTP."""


class Head:
    """The head of an answer, which many answers may share.

    `length`: bytes of the body, None where they end with the connection; `chunked`: the body says itself.
    """

    def __init__(self, status: int, reason: str, version: str, fields: list[tuple[str, str]], keeps_open: bool) -> None:
        self.status = status
        self.reason = reason
        self.version = version
        self.fields = fields
        self.keeps_open = keeps_open
        self.length: int | None = None
        self.chunked = False

    @cached_property
    def first(self) -> dict[str, str]:
        """Field in lower case → its first value."""
        return {name.lower(): value for name, value in reversed(self.fields)}


class Answer:
    """An answer as it came: `body` is not unpacked; `version` as in `HTTP/1.1`; `keeps_open`: it can be used again."""

    __slots__ = ("body", "head", "keeps_open", "reason", "status", "version")

    def __init__(self, head: Head, body: bytes) -> None:
        self.head = head
        self.status = head.status
        self.reason = head.reason
        self.version = head.version
        self.keeps_open = head.keeps_open
        self.body = body

    @property
    def fields(self) -> list[tuple[str, str]]:
        """In the order and with the names as they came, in Latin-1."""
        return list(self.head.fields)

    def field(self, name: str) -> str | None:
        """The first value of a field, by its name in any case."""
        return self.head.first.get(name.lower())


def exchange(sock: Any, data: bytes, method: str) -> Answer:
    """Sends a request, head and body in one, and waits for all of its answer, each time for the socket's timeout.

    `sock`: a socket of gevent, or its SSLSocket. Where it raises, the connection is of no use any more.

    Raises:
        ConnectionClosed: before anything came
        Incomplete: the connection was closed within the answer
        BadAnswer: what came is no HTTP
        TimeoutError: nothing came in the socket's timeout
        OSError: the connection broke in another way
    """
    with suppress(BrokenPipeError):  # who takes no more of it may have said why
        send(sock, data)
    received = receive(sock)
    if not received:
        raise ConnectionClosed("connection closed before an answer")
    head = read_head(received)
    if head is not None:
        start = received.find(b"\r\n\r\n") + 4
        if head.chunked and method != "HEAD":
            body = read_chunks(received, start)
            if body is not None:
                return Answer(head, body)
        else:
            length = 0 if method == "HEAD" else head.length
            if length is not None and len(received) <= start + length:
                return Answer(head, _read_rest(sock, received, start, length))
    return _read_by_parser(sock, received, method)


_heads: dict[bytes, Head | None] = {}

_TOKEN = rb"[!#$%&'*+\-.^_`|~0-9A-Za-z]+"
_TEXT = rb"[\t\x20-\x7e\x80-\xff]*"
_HEAD = re.compile(
    rb"(HTTP/1\.1) ([2-9][0-9][0-9]) (" + _TEXT + rb")\r\n((?:" + _TOKEN + rb":" + _TEXT + rb"\r\n)*)\r\n"
)
_FIELD = re.compile(rb"([^:]+):[ \t]*([^\r]*)\r\n")
_BODYLESS = (204, 304)


def read_head(received: bytes) -> Head | None:
    """The head that an answer begins with; None where the parser has to read it: it goes on, or is a rare one."""
    end = received.find(b"\r\n\r\n")
    if end < 0:
        return None
    text = received[: end + 4]
    try:
        return _heads[text]
    except KeyError:
        pass
    head = _parse(text)
    if len(text) <= _LONGEST_HEAD:
        if len(_heads) >= _MOST_HEADS:
            _heads.clear()
        _heads[text] = head
    return head


def _parse(text: bytes) -> Head | None:
    match = _HEAD.fullmatch(text)
    if match is None:
        return None
    version, status, reason, lines = match.groups()
    fields = [(name.decode("latin-1"), value.decode("latin-1")) for name, value in _FIELD.findall(lines)]
    head = Head(int(status), reason.decode("latin-1"), version.decode("latin-1"), fields, keeps_open=True)
    seen = set()
    for field, value in fields:
        name = field.lower()
        if name not in ("content-length", "transfer-encoding", "connection", "proxy-connection", "upgrade"):
            continue
        told = value.lower()
        if name == "content-length" and told.isdecimal() and len(told) < 16:
            head.length = int(told)
        elif name == "transfer-encoding" and told == "chunked":
            head.chunked = True
        elif name == "connection" and told in ("close", "keep-alive"):
            head.keeps_open = told == "keep-alive"
        else:
            return None
        if name in seen:
            return None
        seen.add(name)
    if head.chunked and (head.length is not None or head.status in _BODYLESS):
        return None
    if head.status in _BODYLESS:
        head.length = 0
    return head


_SIZE = re.compile(rb"[0-9a-fA-F]{1,8}")


def read_chunks(received: bytes, start: int) -> bytes | None:
    """The body in chunks from there on; None where the parser has to read it: it goes on, or has more than chunks."""
    parts = []
    while True:
        end = received.find(b"\r\n", start)
        if end < 0 or not _SIZE.fullmatch(received, start, end):
            return None
        size = int(received[start:end], 16)
        start = end + 2
        end = start + size
        if received[end : end + 2] != b"\r\n":
            return None
        if size == 0:
            return b"".join(parts) if len(received) == end + 2 else None
        parts.append(received[start:end])
        start = end + 2


def _read_rest(sock: Any, received: bytes, start: int, length: int) -> bytes:
    parts = [received[start:]]
    missing = start + length - len(received)
    while missing:
        part = receive(sock)
        if not part:
            raise Incomplete("connection closed within an answer")
        if len(part) > missing:
            raise BadAnswer("more than was announced")
        parts.append(part)
        missing -= len(part)
    return b"".join(parts)


class _Fields(list[tuple[str, str]]):
    """What the parser finds, in its order."""

    def add(self, field: str, value: str) -> None:
        self.append((field, value))


class _Parser(HTTPResponse):
    def _on_message_begin(self) -> None:
        super()._on_message_begin()
        self.status_message = None

    def _on_status(self, msg: str) -> None:
        # Comes in parts, of which its base class keeps the last.
        self.status_message = (self.status_message or "") + msg


_SWITCHING = 101


def _read_by_parser(sock: Any, received: bytes, method: str) -> Answer:
    parser = _Parser(method, headers_type=_Fields)
    try:
        parser.feed(received)
        # Others below 200 are ahead of the answer.
        while not parser.message_complete or (parser.get_code() < 200 and parser.get_code() != _SWITCHING):
            received = receive(sock)
            was_complete = parser.message_complete
            parser.feed(received)
            if not received and (was_complete or not parser.message_complete):
                raise Incomplete("connection closed within an answer")
    except HTTPParseError as error:
        if not received:
            raise Incomplete("connection closed within an answer") from error
        raise BadAnswer(*error.args) from error
    keeps_open = not parser.should_close() and parser.get_code() != _SWITCHING
    fields = parser.info()
    head = Head(parser.get_code(), parser.status_message or "", parser.get_http_version(), list(fields), keeps_open)
    return Answer(head, bytes(parser._body_buffer))
