"""Waits for answers with one timer for all of them, where gevent has one for each, which is a tenth of a request."""

from __future__ import annotations

import time
from typing import Any

import gevent
import gevent.socket

_STEP = 0.1
"""Seconds that a timeout may be late."""

_waiting: dict[float, dict[Any, float]] = {}
"""Timeout in seconds → who waits → since when. Those who began earlier come first."""
_watch: gevent.Greenlet | None = None


def can_wait_for(sock: Any) -> bool:
    """TLS may have read already what comes next, so that nothing would ever come."""
    return type(sock) is gevent.socket.socket and bool(sock.gettimeout()) and hasattr(sock, "_read_event")


def wait_until_readable(sock: Any) -> None:
    """Does what reading from a socket would, without reading.

    Raises:
        TimeoutError: nothing came in the socket's timeout
    """
    global _watch
    waiting = _waiting.setdefault(sock.timeout, {})
    me = gevent.getcurrent()
    waiting[me] = time.monotonic()
    if _watch is None:
        _watch = gevent.spawn(_expire)
    try:
        gevent.get_hub().wait(sock._read_event)
    finally:
        waiting.pop(me, None)


def _expire() -> None:
    global _watch
    run = gevent.get_hub().loop.run_callback
    while any(_waiting.values()):
        gevent.sleep(_STEP)
        now = time.monotonic()
        for timeout, waiting in _waiting.items():
            late = []
            for greenlet, since in waiting.items():
                if now - since < timeout:
                    break
                late.append((greenlet, since))
            for one in late:
                run(_throw, waiting, *one)
    _watch = None


def _throw(waiting: dict[Any, float], greenlet: Any, since: float) -> None:
    # In the hub nobody else runs: who is still there does wait.
    if waiting.get(greenlet) == since:
        greenlet.throw(gevent.socket.timeout("timed out"))
