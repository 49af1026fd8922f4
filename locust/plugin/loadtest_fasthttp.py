"""Makes FastHttpUser cheaper, without a change of what it sends, keeps or reports.

geventhttpclient, which is FastHttpUser's client, makes anew for each request what is the same every time. For its own
part each of these puts what was made before in that place, where the installed version has what it needs, and leaves
everything as it is where not. `docs/benchmarks.md` shows what they are worth. `FASTHTTP_AS_IS=1` leaves all
of them out, to see whether they are to blame for something.
"""

from __future__ import annotations

import errno
import os
import select
from functools import lru_cache
from http.cookiejar import CookieJar
from typing import Any

import gevent.ssl
from gevent import monkey
from geventhttpclient import client as ghc_client
from geventhttpclient import connectionpool, header, response, url
from locust.contrib import fasthttp

import loadtest_deadlines

_MOST_HEADS = 1024
"""Heads of requests that are remembered in a process."""
_LONGEST_BODY = 16 * 1024
"""Bytes that a socket takes at once, so that no answer can come before all are sent."""

_poll = monkey.get_original("select", "poll") if hasattr(select, "poll") else None


def install() -> None:
    """Does all of it once, before any user is there."""
    if os.environ.get("FASTHTTP_AS_IS"):
        return
    keep_beyond_1024()
    skip_empty_jars()
    share_contexts()
    remember_urls()
    remember_heads()


def keep_beyond_1024() -> None:
    """Has connections looked at with `poll()` before they are used again.

    The client does with `select()`, which refuses descriptors of 1024 and more. It takes that for a dead connection:
    from about a thousand users in a process on, each request would make a new one.
    """
    if _poll is not None and hasattr(connectionpool.ConnectionPool, "_is_socket_alive"):
        connectionpool.ConnectionPool._is_socket_alive = _is_alive


def skip_empty_jars() -> None:
    """Asks a user's cookie jar only where it has a cookie, or the answer one."""
    if getattr(fasthttp, "CookieJar", None) is CookieJar:
        fasthttp.CookieJar = QuickCookieJar


def share_contexts() -> None:
    """Gives all users that verify in the same way one TLS context, which else costs each about 0.7 MB and 30 ms."""
    theirs = fasthttp.FastHttpSession.__init__

    def init(self: Any, *args: Any, **kwargs: Any) -> None:
        # Who has options of his own would write them into everybody's context.
        if len(args) <= 3 and "ssl_options" not in kwargs and not kwargs.get("ssl_context_factory"):
            kwargs["ssl_context_factory"] = _unverified if kwargs.get("insecure", True) else _verified
        theirs(self, *args, **kwargs)

    fasthttp.FastHttpSession.__init__ = init


def remember_urls() -> None:
    """Takes each URL apart once."""
    if not all(isinstance(getattr(url.URL, name, None), property) for name in _PARTS):
        return
    theirs = fasthttp.FastRequest.set_url

    def set_url(self: Any, target: Any, params: Any = None) -> None:
        if params is not None or type(target) is not str:
            theirs(self, target, params)
            return
        theirs(self, _known_url(target))
        self.url = target

    fasthttp.FastRequest.set_url = set_url


def remember_heads() -> None:
    """Writes the head of a request once for all requests that are the same."""
    needs = ("_build_request", "_connection_pool", "default_headers", "use_proxy", "version")
    made = ghc_client.HTTPClient("127.0.0.1")
    if all(hasattr(made, name) for name in needs) and hasattr(ghc_client, "_may_retry_after_send_error"):
        ghc_client.HTTPClient.request = _request


def _is_alive(_pool: connectionpool.ConnectionPool, sock: Any) -> bool:
    """Whether an idle connection can be used again: what can be read from it now is its end, or nobody's answer."""
    if sock is None or (descriptor := sock.fileno()) < 0:
        return False
    # Not gevent's, which would switch to other users' greenlets: the answer is there at once.
    poller = _poll()
    poller.register(descriptor, select.POLLIN)
    return not poller.poll(0)


class QuickCookieJar(CookieJar):
    """A jar that does nothing where nothing is to be done: finding that out costs its base class 30 µs a request."""

    def add_cookie_header(self, request: Any) -> None:
        if self._cookies:
            super().add_cookie_header(request)

    def extract_cookies(self, response: Any, request: Any) -> None:
        headers = response.info()
        if "set-cookie" in headers or "set-cookie2" in headers:
            super().extract_cookies(response, request)


@lru_cache(maxsize=1)
def _unverified(cafile: str | None = None) -> Any:  # noqa: ARG001 -- nobody is verified, so no authority is needed
    return fasthttp.insecure_ssl_context_factory()


@lru_cache(maxsize=8)
def _verified(cafile: str | None = None) -> Any:
    return gevent.ssl.create_default_context(cafile=cafile)


_PARTS = ("scheme", "netloc", "hostname", "host", "port", "request_uri", "quoted_uri")
"""What a request asks a URL for, which the client finds out each time."""


class _KnownURL(url.URL):
    __slots__ = (*_PARTS, "_text")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in _PARTS:
            setattr(self, name, getattr(super(), name))
        self._text = super().__str__()

    def __str__(self) -> str:
        return self._text


_known_url = lru_cache(maxsize=2048)(_KnownURL)

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
            if loadtest_deadlines.can_wait_for(sock):
                loadtest_deadlines.wait_until_readable(sock)
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
