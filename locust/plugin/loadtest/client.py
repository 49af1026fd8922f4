"""Makes FastHttpUser cheaper, without a change of what it sends, keeps or reports.

geventhttpclient, which is FastHttpUser's client, makes anew for each request what is the same every time, and much of
an answer that nobody looks at. `docs/benchmarks.md` shows what leaving that out is worth.
`FASTHTTP_AS_IS=1` leaves all of them out, to see whether they are to blame for something.
"""

from __future__ import annotations

import os
from functools import lru_cache
from http.cookiejar import CookieJar
from typing import Any

import gevent.ssl
from geventhttpclient import connectionpool, url
from locust.contrib import fasthttp

from . import lean, sending
from .patching import FAST_HTTP_USER, only_tested
from .sockets import is_idle


@only_tested(*FAST_HTTP_USER)
def install() -> None:
    """Does all of it once, before any user is there."""
    if os.environ.get("FASTHTTP_AS_IS"):
        return
    keep_beyond_1024()
    fasthttp.CookieJar = QuickCookieJar
    share_contexts()
    remember_urls()
    sending.install()
    lean.install()


def keep_beyond_1024() -> None:
    """Has connections looked at with `poll()` before they are used again.

    The client does with `select()`, which refuses descriptors of 1024 and more. It takes that for a dead connection:
    from about a thousand users in a process on, each request would make a new one.
    """
    connectionpool.ConnectionPool._is_socket_alive = _is_alive


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
    theirs = fasthttp.FastRequest.set_url

    def set_url(self: Any, target: Any, params: Any = None) -> None:
        if params is not None or type(target) is not str:
            theirs(self, target, params)
            return
        theirs(self, _known_url(target))
        self.url = target

    fasthttp.FastRequest.set_url = set_url


def _is_alive(_pool: connectionpool.ConnectionPool, sock: Any) -> bool:
    return sock is not None and is_idle(sock)


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
