"""Answers of all other forms, and what goes wrong: shown to urllib3 and `requests` as if they had asked.

So that errors and their texts, redirects, and what is made of odd answers are theirs. What was sent is not sent again.
"""

from __future__ import annotations

import io
from datetime import timedelta
from typing import Any

from requests import Response

from .httpanswer import Asked
from .httpwire import Unusual


def show(asked: Asked, connection: Any, unusual: Unusual) -> Response:
    """What `requests` makes of it: an answer with all that it leads to, such as redirects, or an error."""
    taken = False

    def take(timeout: float | None = None) -> Any:  # noqa: ARG001 -- urllib3's
        nonlocal taken
        del pool._get_conn
        taken = True
        return connection

    pool = asked.pool
    try:
        if unusual.at == "connect":
            connection.close()
            connection.connect = _raiser(unusual.error)
        else:
            connection.sock = _Shown(connection.sock, unusual)
        prepared, settings = asked.request(), asked.route.settings
        pool = asked.route.adapter.get_connection_with_tls_context(prepared, settings["verify"], settings["proxies"])
        pool._get_conn = take
        response = asked.session.send(
            prepared, timeout=asked.timeout, allow_redirects=asked.allow_redirects, **settings
        )
    finally:
        if type(connection.sock) is _Shown:
            connection.sock = connection.sock.real
        if not taken:
            pool.__dict__.pop("_get_conn", None)
            connection.close()
            asked.pool._put_conn(None)
    first = response.history[0] if response.history else response
    first.elapsed += timedelta(seconds=asked.elapsed)
    return response


def _raiser(error: Any) -> Any:
    def connect() -> None:
        raise error

    return connect


class _Shown:
    """A connection that is told once more what was sent, and gives what came of it, and then what follows."""

    def __init__(self, real: Any, unusual: Unusual) -> None:
        self.real = real
        self._unusual: Unusual | None = unusual

    def sendall(self, data: bytes) -> None:
        if self._unusual is None:
            self.real.sendall(data)
        elif self._unusual.at == "send" and self._unusual.error is not None:
            raise self._unusual.error

    def makefile(self, *args: Any, **kwargs: Any) -> Any:
        if self._unusual is None:
            return self.real.makefile(*args, **kwargs)
        unusual, self._unusual = self._unusual, None
        return io.BufferedReader(_Reader(unusual, self.real.makefile("rb", buffering=0)))

    def __getattr__(self, name: str) -> Any:
        return getattr(self.real, name)


class _Reader(io.RawIOBase):
    def __init__(self, unusual: Unusual, rest: Any) -> None:
        self._received = memoryview(unusual.received)
        self._error = unusual.error
        self._rest = rest

    def readable(self) -> bool:
        return True

    def readinto(self, into: Any) -> int | None:
        if self._received:
            size = min(len(into), len(self._received))
            into[:size] = self._received[:size]
            self._received = self._received[size:]
            return size
        if self._error is not None:
            raise self._error
        return self._rest.readinto(into)

    def close(self) -> None:
        if not self.closed:
            self._rest.close()
        super().close()
