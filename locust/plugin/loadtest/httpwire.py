"""HttpUser's requests over the connections of urllib3, and their answers in the forms that nearly all have."""

from __future__ import annotations

import select
from time import perf_counter
from typing import Any

from gevent import monkey
from requests.models import REDIRECT_STATI
from urllib3.connectionpool import HTTPConnectionPool

from .answers import Head
from .exchange import receive_answer
from .sockets import send

_poll = monkey.get_original("select", "poll") if hasattr(select, "poll") else None
_MOST_FIELDS = 100
_LONGEST_HEAD = 64 * 1024
"""What urllib3 does not take any more, and what it does."""


class Unusual(Exception):  # noqa: N818 -- no error yet
    """What urllib3 has to see: `received` of an answer, then `error` or else what comes; `at`: where the error was."""

    def __init__(self, received: bytes = b"", error: BaseException | None = None, at: str = "read") -> None:
        super().__init__(at)
        self.received = received
        self.error = error
        self.at = at


def ask(
    pool: HTTPConnectionPool, data: bytes, method: str, timeouts: tuple[Any, Any]
) -> tuple[Head, bytes, bytes, float] | tuple[Any, Unusual, None, float]:
    """Sends a request and reads its answer: its head, its body as it came, the head's text, and when that had come.

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
                return connection, Unusual(error=error, at="connect"), None, perf_counter()
        if sock.timeout != connect:
            sock.settimeout(connect)
        try:
            send(sock, data)
        except (BrokenPipeError, ConnectionResetError):
            return connection, Unusual(), None, perf_counter()  # who takes no more may have said why
        except OSError as error:
            return connection, Unusual(error=error, at="send"), None, perf_counter()
        if read != connect:
            sock.settimeout(read)
        try:
            answer = _read(sock, method)
        except Unusual as unusual:
            return connection, unusual, None, perf_counter()
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


class _Parts(list[bytes]):
    """What comes of an answer. `came`: when its first part was there, which has the head."""

    came = 0.0

    def append(self, part: bytes) -> None:
        if not self:
            self.came = perf_counter()
        super().append(part)


def _read(sock: Any, method: str) -> tuple[Head, bytes, bytes, float]:
    parts = _Parts()
    try:
        answer = receive_answer(sock, method, parts)
    except Exception as error:
        raise Unusual(b"".join(parts), error) from None
    received = parts[0] if len(parts) == 1 else b"".join(parts)
    if answer is None:
        raise Unusual(received)
    head = answer.head
    if head.size > _LONGEST_HEAD or received.count(b"\n", 0, head.size) - 2 >= _MOST_FIELDS:
        raise Unusual(received)
    if head.status in REDIRECT_STATI and "location" in head.first:
        raise Unusual(received)
    return head, answer.body, received[: head.size], parts.came
