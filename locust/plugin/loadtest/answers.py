"""Answers in HTTP, and their heads, read by the few fields that say how long they are.

What is read here is read by geventhttpclient's parser, which is llhttp, in the same way: a pattern holds heads against
its rules, and what does not match it is the parser's to judge.
"""

from __future__ import annotations

import re
from functools import cached_property

from geventhttpclient.response import HTTPResponse

_MOST_HEADS = 1024
"""Heads of answers that are remembered in a process."""
_LONGEST_HEAD = 4 * 1024
"""Bytes of a head that is remembered."""


class Head:
    """The head of an answer, which many answers may share.

    `size`: its own bytes; `length`: those of the body, None where they end with the connection or are `chunked`.
    """

    def __init__(self, status: int, reason: str, version: str, fields: list[tuple[str, str]], keeps_open: bool) -> None:
        self.status = status
        self.reason = reason
        self.version = version
        self.fields = fields
        self.keeps_open = keeps_open
        self.length: int | None = None
        self.chunked = False
        self.size = 0

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
    head.size = len(text)
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


class Fields(list[tuple[str, str]]):
    """What the parser finds, in its order."""

    def add(self, field: str, value: str) -> None:
        self.append((field, value))


class Parser(HTTPResponse):
    """The parser, which keeps fields as they came."""

    def __init__(self, method: str) -> None:
        super().__init__(method, headers_type=Fields)  # type: ignore[arg-type]

    def _on_message_begin(self) -> None:
        super()._on_message_begin()
        self.status_message = None

    def _on_status(self, msg: str) -> None:
        # Comes in parts, of which its base class keeps the last.
        self.status_message = (self.status_message or "") + msg
