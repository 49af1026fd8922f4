"""Sends requests of FastHttpUser: a head is written once for all that are the same."""

from __future__ import annotations

import errno
from typing import Any

import gevent.socket
from geventhttpclient import client as ghc_client
from geventhttpclient import header, response

from . import sockets

_MOST_HEADS = 1024
"""Heads of requests that are remembered in a process."""
_LONGEST_BODY = 16 * 1024
"""Bytes that a socket takes at once, so that no answer can come before all are sent."""


def can_wait_for(sock: Any) -> bool:
    """TLS may have read already what comes next, so that nothing would ever come."""
    return type(sock) is gevent.socket.socket and bool(sock.gettimeout())


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
                sockets.wait_until_readable(sock)
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
