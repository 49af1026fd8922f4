"""Sends requests of FastHttpUser: a head is written once for all that are the same, and one timer is for all answers.

gevent has a timer for each, which is a tenth of a request.
"""

from __future__ import annotations

import errno
import time
from typing import Any

import gevent
import gevent.socket
from geventhttpclient import client as ghc_client
from geventhttpclient import header, response

_MOST_HEADS = 1024
"""Heads of requests that are remembered in a process."""
_LONGEST_BODY = 16 * 1024
"""Bytes that a socket takes at once, so that no answer can come before all are sent."""

_STEP = 0.1
"""Seconds that a timeout may be late."""

_waiting: dict[float, dict[Any, float]] = {}
"""Timeout in seconds → who waits → since when. Those who began earlier come first."""
_watch: gevent.Greenlet | None = None


def can_wait_for(sock: Any) -> bool:
    """TLS may have read already what comes next, so that nothing would ever come."""
    return type(sock) is gevent.socket.socket and bool(sock.gettimeout())


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


def remember_heads() -> None:
    """Writes the head of a request once for all requests that are the same."""
    ghc_client.HTTPClient.request = _request


_theirs = ghc_client.HTTPClient.request
_heads: dict[tuple[Any, ...], tuple[str, bytes] | None] = {}


def _request(self: Any, method: str, request_uri: str, body: Any = b"", headers: Any = None) -> Any:
    """A plain request in one go, as often as the client itself would try; the client's own way for all others."""
    sent = body.encode("utf-8") if isinstance(body, str) else body or b""
    head = _head(self, method, request_uri, sent, headers)
    if head is None:
        return _theirs(self, method, request_uri, body, headers)
    text, encoded = head
    pool = self._connection_pool
    attempts = pool.size + 2 if ghc_client._may_retry_after_send_error(method) else 1
    while True:
        attempts -= 1
        sock = pool.get_socket()
        try:
            _send(sock, encoded + sent)
        except OSError as error:
            pool.release_socket(sock)
            if attempts and error.errno in (errno.ECONNRESET, errno.EPIPE):
                continue
            raise
        try:
            if can_wait_for(sock):
                wait_until_readable(sock)
        except BaseException:
            pool.release_socket(sock)
            raise
        try:
            made = response.HTTPSocketPoolResponse(
                sock, pool, block_size=self.block_size, method=method.upper(), headers_type=self.headers_type
            )
        except response.HTTPConnectionClosed:
            if attempts:
                continue
            raise
        made._sent_request = text
        return made


def _send(sock: Any, data: bytes) -> None:
    # What `sendall` does, without asking for the size of the socket's buffer first.
    size = sock.send(data)
    if size < len(data):
        sock.sendall(data[size:])


def _head(client: Any, method: str, request_uri: str, body: Any, headers: Any) -> tuple[str, bytes] | None:
    """The head of a request, as text and as bytes; None where it is none that can be sent in one go."""
    own = headers if headers is not None else header.Headers()
    if type(body) is not bytes or len(body) > _LONGEST_BODY or client.use_proxy or type(own) is not header.Headers:
        return None
    # `dict.values` has the fields as they are written, which a Headers' own has not.
    fields = (*dict.values(client.default_headers), None, *dict.values(own))
    key = (method, request_uri, len(body), client.host, client.port, client.ssl, client.version, *fields)
    try:
        return _heads[key]
    except KeyError:
        pass
    except TypeError:  # a field with several lines is a list
        return None
    if any(field is not None and field[0].lower() in ("expect", "transfer-encoding") for field in fields):
        head = None
    else:
        text = client._build_request(method.upper(), request_uri, body=body, headers=headers, chunked=False)
        head = (text, text.encode("latin-1"))
    if len(_heads) >= _MOST_HEADS:
        _heads.clear()
    _heads[key] = head
    return head
