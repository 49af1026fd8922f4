"""Lets FastHttpUser keep its connections beyond a thousand of them.

geventhttpclient, its client, looks with `select()` whether a connection still stands before it is used again. That
refuses descriptors of 1024 and more, which geventhttpclient takes for a dead connection: from about a thousand users in
a process on, each request would make a new one. `poll()` has no such limit.
"""

from __future__ import annotations

import select
from typing import Any

from gevent import monkey
from geventhttpclient.connectionpool import ConnectionPool

_METHOD = "_is_socket_alive"


def keep_beyond_1024() -> None:
    """Has connections looked at with `poll()`; changes nothing where it, or the method, is not there."""
    if hasattr(select, "poll") and hasattr(ConnectionPool, _METHOD):
        setattr(ConnectionPool, _METHOD, _is_alive)


def _is_alive(_pool: ConnectionPool, sock: Any) -> bool:
    """Whether an idle connection can be used again: what can be read from it now is its end, or nobody's answer."""
    if sock is None or sock.fileno() < 0:
        return False
    # Not gevent's, which would switch to other users' greenlets: the answer is there at once.
    poller = monkey.get_original("select", "poll")()
    poller.register(sock.fileno(), select.POLLIN)
    return not poller.poll(0)
