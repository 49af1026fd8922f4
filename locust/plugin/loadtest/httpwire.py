"""HttpUser's requests over the connections of urllib3, and their answers in the forms that nearly all have."""

from __future__ import annotations

import re
import select
from typing import Any

from gevent import monkey
from requests.models import REDIRECT_STATI
from urllib3.connectionpool import HTTPConnectionPool

from . import exchange, sockets
from .exchange import Head

_poll = monkey.get_original("select", "poll") if hasattr(select, "poll") else None
_MOST_FIELDS = 100
"""That urllib3 takes."""
_LONGEST_HEAD = 64 * 1024
_SIZE = re.compile(rb"[0-9a-fA-F]{1,8}")
_LONGEST_SIZE = 10
"""Bytes of a line that says how long a chunk is."""


class Unusual(Exception):  # noqa: N818 -- no error yet
    """What urllib3 has to see: `received` of an answer, then `error` or else what comes; `at`: where the error was."""

    def __init__(self, received: bytes = b"", error: BaseException | None = None, at: str = "read") -> None:
        super().__init__(at)
        self.received = received
        self.error = error
        self.at = at


def ask(
    pool: HTTPConnectionPool, data: bytes, method: str, timeouts: tuple[Any, Any]
) -> tuple[Head, bytes, bytes] | tuple[Any, Unusual, None]:
    """Sends a request and reads its answer: the head, the body as it came, and all that came.

    Else the connection, which is no longer in the pool, and what `show` needs. `timeouts`: seconds to connect and to
    send, and from one reading to the next; None waits for ever.
    """
    connection = _take(pool)
    try:
        connect, read = timeouts
        sock = connection.sock
        if sock is not None and not _is_idle(sock):
            connection.close()
            sock = None
        if sock is None:
            try:
                sock = _connect(pool, connection, connect)
            except Exception as error:
                return connection, Unusual(error=error, at="connect"), None
        if sock.timeout != connect:
            sock.settimeout(connect)
        try:
            sockets.send(sock, data)
        except (BrokenPipeError, ConnectionResetError):
            return connection, Unusual(), None  # who takes no more may have said why
        except OSError as error:
            return connection, Unusual(error=error, at="send"), None
        if read != connect:
            sock.settimeout(read)
        try:
            answer = _read(sock, method)
        except Unusual as unusual:
            return connection, unusual, None
        if not answer[0].keeps_open:
            connection.close()
        _put(pool, connection)
    except BaseException:
        connection.close()
        _put(pool, connection)
        raise
    return answer


def _take(pool: HTTPConnectionPool) -> Any:
    # What urllib3 does, without its locks and gevent's slow look at the socket.
    queue = pool.pool
    if queue is None or pool.block:
        return pool._get_conn()
    idle = queue.queue
    return (idle.pop() if idle else None) or pool._new_conn()


def _put(pool: HTTPConnectionPool, connection: Any) -> None:
    queue = pool.pool
    if queue is None or pool.block or len(queue.queue) >= queue.maxsize:
        pool._put_conn(connection)
    else:
        queue.queue.append(connection)


def _is_idle(sock: Any) -> bool:
    """Whether nothing can be read: what can be is the connection's end, or nobody's answer."""
    if _poll is None:
        return not select.select([sock], [], [], 0)[0]
    poller = _poll()
    poller.register(sock.fileno(), select.POLLIN)
    return not poller.poll(0)


def _connect(pool: HTTPConnectionPool, connection: Any, timeout: float | None) -> Any:
    connection.timeout = timeout
    pool._validate_conn(connection)
    if connection.sock is None:
        connection.connect()
    return connection.sock


def _read(sock: Any, method: str) -> tuple[Head, bytes, bytes]:
    received = _more(sock, b"")
    # As long as urllib3 would wait for more of the head, too.
    while b"\n\r\n" not in received and received.startswith(b"HTTP/1.1 ") and b"\n\n" not in received:
        if len(received) > _LONGEST_HEAD:
            raise Unusual(received)
        received += _more(sock, received)
    head = exchange.read_head(received)
    if head is None or len(head.fields) > _MOST_FIELDS or (head.status in REDIRECT_STATI and "location" in head.first):
        raise Unusual(received)
    start = received.find(b"\r\n\r\n") + 4
    if start > _LONGEST_HEAD:  # urllib3 takes no longer lines
        raise Unusual(received)
    if head.chunked and method != "HEAD":
        chunks = exchange.read_chunks(received, start)
        if chunks is None:
            chunks, received = _read_chunks(sock, received, start)
        return head, chunks, received
    length = 0 if method == "HEAD" else head.length
    if length is None or len(received) > start + length:
        raise Unusual(received)
    if len(received) < start + length:
        received = _read_rest(sock, received, start + length)
    return head, received[start:], received


def _more(sock: Any, received: bytes | bytearray) -> bytes:
    try:
        part = sockets.receive(sock)
    except Exception as error:
        raise Unusual(bytes(received), error) from None
    if not part:
        raise Unusual(bytes(received))
    return part


def _read_rest(sock: Any, received: bytes, size: int) -> bytes:
    got = bytearray(received)
    while len(got) < size:
        got += _more(sock, got)
    if len(got) > size:
        raise Unusual(bytes(got))
    return bytes(got)


def _read_chunks(sock: Any, received: bytes, start: int) -> tuple[bytes, bytes]:
    """The body, and all that came. What is more than chunks is for urllib3."""
    got = bytearray(received)
    parts = []
    while True:
        end = got.find(b"\r\n", start)
        if end < 0 and len(got) - start < _LONGEST_SIZE:
            got += _more(sock, got)
            continue
        if end < 0 or not _SIZE.fullmatch(got, start, end):
            raise Unusual(bytes(got))
        size = int(got[start:end], 16)
        start, end = end + 2, end + 4 + size
        while len(got) < end:
            got += _more(sock, got)
        if got[end - 2 : end] != b"\r\n":
            raise Unusual(bytes(got))
        if not size:
            if len(got) > end:
                raise Unusual(bytes(got))
            return b"".join(parts), bytes(got)
        parts.append(bytes(got[start : end - 2]))
        start = end
