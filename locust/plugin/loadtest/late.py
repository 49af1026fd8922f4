"""Responses of FastHttpUser of which the status and the body are there, and all else is made when somebody looks.

It is made by the client's own classes, from the bytes that came: what they would have made of them at once.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable
from contextlib import suppress
from typing import Any, NamedTuple

from geventhttpclient.header import Headers
from geventhttpclient.response import HTTPSocketPoolResponse
from locust.contrib.fasthttp import FastResponse, LocustBadStatusCode

from .answers import Answer
from .heads import Asked


class Kept(NamedTuple):
    """What a response is made from, when somebody looks."""

    answer: Answer
    received: list[bytes]
    agent: Any
    method: str
    url: str
    asked: Asked
    headers: dict[str, str]
    params: Any
    text: str

    def request(self) -> Any:
        """As the client makes one."""
        headers = self.agent.default_headers.copy()
        headers.update(self.headers)
        payload, params = self.asked.payload, self.params
        request = self.agent._make_request(self.url, self.method, headers=headers, payload=payload, params=params)
        if self.asked.cookie is not None:
            request.add_unredirected_header("Cookie", self.asked.cookie)
        return request

    def response(self) -> HTTPSocketPoolResponse:
        """As the client makes one, after all of it was read."""
        data = b"".join(self.received)
        made = HTTPSocketPoolResponse(_Nowhere(), _Nowhere(), method=self.method, pre_buffered=data)
        made._sent_request = self.text
        return made


class _Nowhere:
    """In place of a connection and of those that are kept: it has gone back to them."""

    def return_socket(self, _sock: Any) -> None: ...

    release_socket = return_socket

    def close(self) -> None: ...


class _Late:
    """An attribute of a response that is made when somebody looks; None where there is nothing to make it from."""

    def __init__(self, name: str, make: Callable[[FastResponse, Kept], Any]) -> None:
        self._name, self._make = name, make

    def __get__(self, one: Any, _owner: type) -> Any:
        kept = None if one is None else one.__dict__.get("loadtest")
        if kept is None:
            return None
        value = one.__dict__[self._name] = self._make(one, kept)
        return value


def _headers(_: FastResponse, kept: Kept) -> Headers:
    headers = Headers()
    for name, value in kept.answer.head.fields:
        headers.add(name, value)
    return headers


def _parsed(one: FastResponse, kept: Kept) -> HTTPSocketPoolResponse:
    made = kept.response()
    if hasattr(one, "_cached_content"):
        made.read()
    return made


def _status_code(one: FastResponse) -> int:
    kept = one.__dict__.get("loadtest")
    return _their_status_code(one) if kept is None else kept.answer.head.status


class _OfError:
    """The same for the error of a response, where the client sets it."""

    def __init__(self, name: str, make: Callable[[FastResponse], Any]) -> None:
        self._name, self._make = name, make

    def __get__(self, one: Any, _owner: type) -> Any:
        if one is None or "loadtest" not in one.__dict__:
            raise AttributeError(self._name)
        value = one.__dict__[self._name] = self._make(one.loadtest)
        return value


def _http_log(one: FastResponse) -> str:
    agent, request = one.loadtest.agent, one.request
    return agent._conversation_str(request.url, one, payload=request.payload)


def set_error(response: FastResponse) -> bool:
    """Gives it the client's error for its status; not where its body is none that the client could log."""
    try:
        response.content.decode()
    except (ValueError, zlib.error):
        return False
    kept = response.loadtest
    response.error = error = LocustBadStatusCode(kept.url, code=kept.answer.head.status)
    error.loadtest = error.response = response
    return True


def response_of(kept: Kept, spent: float) -> FastResponse:
    """A response to that. `spent`: seconds until it was there."""
    response = FastResponse.__new__(FastResponse)
    response.loadtest = kept
    response._sent_request = kept.text
    response._elapsed = spent
    response._history = []
    head, body = kept.answer
    encoding = head.encoding
    if encoding is None:
        response._cached_content = body
    elif encoding.lower() == "gzip":
        with suppress(zlib.error):  # the client's own way raises it again
            response._cached_content = zlib.decompress(body, 16 + zlib.MAX_WBITS)
    return response


_their_status_code = FastResponse.status_code.fget


def install() -> None:
    FastResponse.headers = _Late("headers", _headers)
    FastResponse.request = _Late("request", lambda _, kept: kept.request())
    FastResponse._response = _Late("_response", _parsed)
    FastResponse.status_code = property(_status_code)
    LocustBadStatusCode.request = _OfError("request", lambda response: response.request)
    LocustBadStatusCode.http_log = _OfError("http_log", _http_log)
