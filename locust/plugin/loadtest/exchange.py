"""Reads an answer from a connection of gevent: what FastHttpUser and HttpUser have in common.

Nearly all answers tell their length or come in chunks, and are read here. All others are left to the client whose
connection it is, with what came of them.
"""

from __future__ import annotations

import re
from collections.abc import Container
from typing import Any

from .answers import Answer, read_head
from .sockets import receive


def receive_answer(sock: Any, method: str, parts: list[bytes], unread: Container[int] = ()) -> Answer | None:
    """Waits for all of an answer, each time for the socket's timeout; None where the client has to read it.

    `parts`: gets what came, and has all of it where this raises, too. `unread`: statuses of which the rest of a body is
    not waited for.

    Raises:
        TimeoutError: nothing came in the socket's timeout
        OSError: the connection broke in another way
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
