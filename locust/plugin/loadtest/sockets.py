"""Sends to connections of gevent and waits for what comes, with one timer for all who wait.

gevent has a timer for each, which is a tenth of a request.
"""

from __future__ import annotations

import select
from contextlib import suppress
from time import monotonic
from typing import Any

import gevent
from gevent import getcurrent, monkey
from gevent.socket import socket, timeout
from gevent.ssl import SSLSocket

# Not gevent's, which would switch to other users' greenlets: the answer is there at once. Windows has none.
_poll = monkey.get_original("select", "poll") if hasattr(select, "poll") else None

BLOCK = 64 * 1024
"""Bytes that are asked for at once."""
_STEP = 0.1
"""Seconds that a timeout may be late."""


def send(sock: Any, data: bytes) -> None:
    """What `sendall` does, without asking for the size of the socket's buffer first."""
    size = sock.send(data)
    if size < len(data):
        sock.sendall(data[size:])


def receive(sock: Any) -> bytes:
    """What comes next: waits first, as it is hardly ever there; nothing where the connection is closed.

    Raises:
        TimeoutError: nothing came in the socket's timeout
    """
    if type(sock) is socket:
        wait_until_readable(sock)
        with suppress(BlockingIOError):
            return sock._sock.recv(BLOCK)
    elif type(sock) is SSLSocket and not sock.pending():  # what TLS has read already does not come again
        try:
            wait_until_readable(sock)
        except TimeoutError:
            raise timeout("The read operation timed out") from None
    return sock.recv(BLOCK)


def is_idle(sock: Any) -> bool:
    """Whether a connection can be used again: what can be read from it now is its end, or nobody's answer."""
    if (descriptor := sock.fileno()) < 0:
        return False
    if _poll is None:
        return not select.select([sock], [], [], 0)[0]
    poller = _poll()
    poller.register(descriptor, select.POLLIN)
    return not poller.poll(0)


_waiting: dict[float, dict[Any, float]] = {}
"""Timeout in seconds → who waits → since when. Those who began earlier come first."""
_watch: gevent.Greenlet | None = None


def wait_until_readable(sock: Any) -> None:
    """Does what reading from a socket would, without reading.

    Raises:
        TimeoutError: nothing came in the socket's timeout
    """
    global _watch
    if not sock.timeout:
        if sock.timeout is None:
            sock.hub.wait(sock._read_event)
        return
    waiting = _waiting.get(sock.timeout)
    if waiting is None:
        waiting = _waiting[sock.timeout] = {}
    me = getcurrent()
    waiting[me] = monotonic()
    if _watch is None:
        _watch = gevent.spawn(_expire)
    try:
        sock.hub.wait(sock._read_event)
    finally:
        waiting.pop(me, None)


def _expire() -> None:
    global _watch
    run = gevent.get_hub().loop.run_callback
    while _waiting:
        gevent.sleep(_STEP)
        now = monotonic()
        for seconds, waiting in list(_waiting.items()):
            if not waiting:  # scripts make timeouts of what is left of their time: each is another one
                del _waiting[seconds]
            late = []
            for greenlet, since in waiting.items():
                if now - since < seconds:
                    break
                late.append((greenlet, since))
            for one in late:
                run(_throw, waiting, *one)
    _watch = None


def _throw(waiting: dict[Any, float], greenlet: Any, since: float) -> None:
    # In the hub nobody else runs: who is still there does wait.
    if waiting.get(greenlet) == since:
        greenlet.throw(timeout("timed out"))
