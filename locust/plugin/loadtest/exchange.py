"""One request and its answer over a connection: what FastHttpUser and HttpUser have in common.

Nearly all answers tell their length or come in chunks, and are read here. All others are read by geventhttpclient's
parser.
"""

from __future__ import annotations

import re
from collections.abc import Container
from contextlib import suppress
from typing import Any

from geventhttpclient.response import HTTPParseError

from .answers import Answer, Head, Parser, read_head
from .sockets import receive, send


class ConnectionClosed(OSError):  # noqa: N818
    """The connection was closed before anything of an answer came."""


class Incomplete(OSError):  # noqa: N818
    """The connection was closed within an answer."""


class BadAnswer(Exception):  # noqa: N818
    """What came is no answer in HTTP."""


def exchange(sock: Any, data: bytes, method: str) -> Answer:
    """Sends a request, head and body in one, and waits for all of its answer, each time for the socket's timeout.

    `sock`: a socket of gevent, or its SSLSocket. Where it raises, the connection is of no use any more.

    Raises:
        ConnectionClosed: before anything came
        Incomplete: within the answer
        BadAnswer: what came is no HTTP
        TimeoutError: nothing came in the socket's timeout
        OSError: the connection broke in another way
    """
    with suppress(BrokenPipeError):  # who takes no more of it may have said why
        send(sock, data)
    parts: list[bytes] = []
    answer = receive_answer(sock, method, parts)
    if answer is not None:
        return answer
    received = b"".join(parts)
    if not received:
        raise ConnectionClosed("connection closed before an answer")
    return _read_by_parser(sock, received, method)


def receive_answer(sock: Any, method: str, parts: list[bytes], unread: Container[int] = ()) -> Answer | None:
    """Waits for an answer; None where the parser has to read it, from what came, which is in `parts`.

    `unread`: statuses of which the rest of a body is not waited for.
    """
    received = receive(sock)
    parts.append(received)
    head = read_head(received)
    if head is None:
        return None
    if method == "HEAD":
        return Answer(head, b"") if len(received) == head.size else None
    waits = head.status not in unread
    if head.chunked:
        body = _read_chunks(sock, received, head.size, parts, waits)
        return None if body is None else Answer(head, body)
    if head.length is None:
        return None
    end = head.size + head.length
    if len(received) < end and waits:
        received += _receive(sock, end - len(received), parts)
    return Answer(head, received[head.size :]) if len(received) == end else None


def _receive(sock: Any, size: int, parts: list[bytes]) -> bytes:
    """At least so many bytes; fewer where the connection is closed."""
    began = len(parts)
    while size > 0:
        part = receive(sock)
        parts.append(part)
        if not part:
            break
        size -= len(part)
    return b"".join(parts[began:])


_SIZE = re.compile(rb"[0-9a-fA-F]{1,8}")
_CRLF = b"\r\n"


def _read_chunks(sock: Any, data: bytes, at: int, parts: list[bytes], waits: bool) -> bytes | None:
    """The body in chunks from there on; None where it has more than chunks, or goes on and nobody waits for that."""
    chunks = []
    while True:
        end = data.find(_CRLF, at)
        missing = 1
        if end >= 0:
            if not _SIZE.fullmatch(data, at, end):
                return None
            start, size = end + 2, int(data[at:end], 16)
            end = start + size
            missing = end + 2 - len(data)
            if missing <= 0:
                if data[end : end + 2] != _CRLF:
                    return None
                if size == 0:
                    return b"".join(chunks) if missing == 0 else None
                chunks.append(data[start:end])
                at = end + 2
                continue
        elif len(data) - at > 8:
            return None
        came = _receive(sock, missing, parts) if waits else b""
        if len(came) < missing:
            return None
        data, at = data[at:] + came, 0


_SWITCHING = 101


def _read_by_parser(sock: Any, received: bytes, method: str) -> Answer:
    parser = Parser(method)
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
    head = Head(parser.get_code(), parser.status_message or "", parser.get_http_version(), keeps_open)
    head._fields = list(parser.info())
    return Answer(head, bytes(parser._body_buffer))
