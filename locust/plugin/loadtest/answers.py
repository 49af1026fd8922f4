"""Answers in HTTP, and their heads, read by the few fields that say how long they are.

What is read here is read by geventhttpclient's parser, which is llhttp, in the same way: a pattern holds heads against
its rules. What does not match it is left to the client, whose parser judges it.
"""

from __future__ import annotations

import re
from typing import NamedTuple

_MOST_HEADS = 128
"""Heads of answers that are remembered in a process."""
_LONGEST_HEAD = 4 * 1024
"""Bytes of a head that is remembered."""


class Head:
    """The head of an answer, which many answers may share.

    `size`: its own bytes; `length`: those of the body, None where they end with the connection or are `chunked`;
    `encoding`: the first `Content-Encoding`; `keeps_open`: the connection can be used again; `sets_cookies`: it may
    have `Set-Cookie`; `version`: as in `HTTP/1.1`.
    """

    __slots__ = ("_fields", "_first", "_lines", "chunked", "encoding", "keeps_open", "length", "reason")
    __slots__ += ("sets_cookies", "size", "status", "version")

    def __init__(self, status: int, reason: str, version: str) -> None:
        self.status = status
        self.reason = reason
        self.version = version
        self.keeps_open = True
        self.length: int | None = None
        self.chunked = self.sets_cookies = False
        self.encoding: str | None = None
        self.size = 0
        self._lines = b""
        self._fields: list[tuple[str, str]] | None = None
        self._first: dict[str, str] | None = None

    @property
    def fields(self) -> list[tuple[str, str]]:
        """Read when somebody looks. Do not change it."""
        if self._fields is None:
            found = _FIELD.findall(self._lines)
            self._fields = [(name.decode("latin-1"), value.decode("latin-1")) for name, value in found]
        return self._fields

    @property
    def first(self) -> dict[str, str]:
        """Field in lower case → its first value."""
        if self._first is None:
            self._first = {name.lower(): value for name, value in reversed(self.fields)}
        return self._first


class Answer(NamedTuple):
    """An answer as it came: the body is not unpacked."""

    head: Head
    body: bytes


_heads: dict[bytes, Head | None] = {}

_TOKEN = rb"[!#$%&'*+\-.^_`|~0-9A-Za-z]+"
_TEXT = rb"[\t\x20-\x7e\x80-\xff]*"
_HEAD = re.compile(
    rb"(HTTP/1\.1) ([2-9][0-9][0-9]) (" + _TEXT + rb")\r\n((?:" + _TOKEN + rb":" + _TEXT + rb"\r\n)*)\r\n"
)
_FIELD = re.compile(rb"([^:]+):[ \t]*([^\r]*)\r\n")
_TOLD = re.compile(
    rb"\n(content-(?:length|encoding)|transfer-encoding|(?:proxy-)?connection|upgrade|set-cookie2?):[ \t]*([^\r]*)",
    re.IGNORECASE,
)
_BODYLESS = (204, 304)


def read_head(received: bytes) -> Head | None:
    """The head that an answer begins with; None where the client has to read it: it goes on, or is a rare one."""
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
    head = Head(int(status), reason.decode("latin-1"), version.decode("latin-1"))
    head.size, head._lines = len(text), lines
    seen = set()
    for field, value in _TOLD.findall(text):
        name, told = field.lower(), value.lower()
        if name in (b"set-cookie", b"set-cookie2"):
            head.sets_cookies = True
            continue
        if name == b"content-encoding":
            head.encoding = value.decode("latin-1") if head.encoding is None else head.encoding
            continue
        if name == b"content-length" and told.isdigit() and len(told) < 16:
            head.length = int(told)
        elif name == b"transfer-encoding" and told == b"chunked":
            head.chunked = True
        elif name == b"connection" and told in (b"close", b"keep-alive"):
            head.keeps_open = told == b"keep-alive"
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
