"""Sends requests of FastHttpUser over the connections of its client, and has others follow the client's own way."""

from __future__ import annotations

import errno
from collections.abc import Container
from typing import Any

import gevent
from geventhttpclient import client as ghc_client
from geventhttpclient import header, response

from .answers import Answer
from .exchange import receive_answer
from .sockets import receive, send

_MOST_HEADS = 1024
"""Heads that are remembered in a process, of requests that `heads.py` knows none for, such as those to whole URLs."""
LONGEST_BODY = 16 * 1024
"""Bytes that a socket takes at once, so that no answer can come before all are sent."""


Outcome = tuple[Answer | None, Any, list[bytes], bool]
"""What came of sending a request: the answer, or None where the client's own way has to go on; the connection; the
bytes that came; whether the connection broke while the request was sent."""


class _Broken:
    """In place of a connection: raises what was raised there."""

    def __init__(self, sock: Any, error: BaseException) -> None:
        self._error = error
        self.close = sock.close

    def recv(self, _size: int) -> bytes:
        raise self._error


def start(pool: Any, data: bytes, method: str | None = None, unread: Container[int] = ()) -> Outcome:
    """Sends a request and waits for its answer, as `receive_answer`; without a method for its first bytes alone.

    The connection is the caller's to return.

    Raises:
        OSError: there was no connection, or it did not take the request
    """
    sock = pool.get_socket()
    parts: list[bytes] = []
    try:
        send(sock, data)
    except BaseException as error:
        if isinstance(error, OSError) and error.errno in (errno.ECONNRESET, errno.EPIPE):
            return None, sock, parts, True
        pool.release_socket(sock)
        raise
    try:
        if method is None:
            return None, sock, [receive(sock)], False
        return receive_answer(sock, method, parts, unread), sock, parts, False
    except BaseException as error:
        return None, _Broken(sock, error), parts, False


class Lesson:
    """What a session gave to the client first, and what the client made of it: `text` is the head that was sent."""

    client: Any = None
    headers: dict[str, str] | None = None
    request_uri = ""
    text = ""


outcomes: dict[gevent.Greenlet, tuple[str, Outcome | BaseException]] = {}
"""Whose request is sent already, with this head: the client's own way goes on from what came of it."""
lessons: dict[gevent.Greenlet, Lesson] = {}
"""Who wants to know what is sent."""


def install() -> None:
    """Has the client write a head once for requests that are the same, wait with one timer, and go on from outcomes."""
    ghc_client.HTTPClient.request = _request


_theirs = ghc_client.HTTPClient.request
_heads: dict[tuple[Any, ...], str | None] = {}


def _request(self: Any, method: str, request_uri: str, body: Any = b"", headers: Any = None) -> Any:
    """A plain request in one go, as often as the client itself would try; the client's own way for all others."""
    me = gevent.getcurrent()
    text: str | None
    outcome: Outcome | BaseException | None
    text, outcome = outcomes.pop(me, None) or (None, None)
    sent = body.encode("utf-8") if isinstance(body, str) else body or b""
    if text is None:
        text = _head(self, method, request_uri, sent, headers)
        if text is None:
            return _theirs(self, method, request_uri, body, headers)
        lesson = lessons.get(me)
        if lesson is not None and lesson.client is None:
            lesson.client, lesson.request_uri, lesson.text = self, request_uri, text
    pool = self._connection_pool
    attempts = pool.size + 2 if ghc_client._may_retry_after_send_error(method) else 1
    while True:
        attempts -= 1
        if isinstance(outcome, BaseException):
            raise outcome
        _, sock, received, unsent = outcome or start(pool, text.encode("latin-1") + sent)
        outcome = None
        try:
            made = response.HTTPSocketPoolResponse(
                sock,
                pool,
                block_size=self.block_size,
                method=method.upper(),
                headers_type=self.headers_type,
                pre_buffered=b"".join(received),
            )
        except (OSError, response.HTTPParseError) as error:
            if attempts and (unsent or isinstance(error, response.HTTPConnectionClosed)):
                continue
            raise
        made._sent_request = text
        return made


def _head(client: Any, method: str, request_uri: str, body: Any, headers: Any) -> str | None:
    """The head of a request; None where it is none that can be sent in one go."""
    own = headers if headers is not None else header.Headers()
    if type(body) is not bytes or len(body) > LONGEST_BODY or client.use_proxy or type(own) is not header.Headers:
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
    text = None
    if not any(field is not None and field[0].lower() in ("expect", "transfer-encoding") for field in fields):
        text = client._build_request(method.upper(), request_uri, body=body, headers=headers, chunked=False)
    if len(_heads) >= _MOST_HEADS:
        _heads.clear()
    _heads[key] = text
    return text
