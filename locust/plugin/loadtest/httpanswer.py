"""Answers to HttpUser: those of `requests` and Locust, with what is hardly ever looked at made when it is."""

from __future__ import annotations

from datetime import timedelta
from functools import lru_cache
from http.client import HTTPMessage
from http.client import HTTPResponse as Plain
from io import BytesIO
from types import SimpleNamespace
from typing import Any

from locust.clients import ResponseContextManager
from requests import PreparedRequest, Response, Session
from requests.cookies import RequestsCookieJar, extract_cookies_to_jar, merge_cookies
from requests.models import CONTENT_CHUNK_SIZE
from requests.structures import CaseInsensitiveDict
from requests.utils import get_encoding_from_headers
from urllib3._collections import HTTPHeaderDict
from urllib3.connectionpool import HTTPConnectionPool
from urllib3.response import HTTPResponse, _get_decoder

from .answers import Head
from .httpheads import Head as SentHead
from .httproute import Route
from .httpurls import Target


class Asked:
    """A request that is ready to be sent, and later its answer as it came.

    `prepared`: the request, or where that is not `whole`, that of its `head`'s shape. `data`: what is sent; `left`:
    why `requests` has to send it, empty where that is to tell what is wrong. `elapsed`: seconds until there was an
    answer, of which `text` is the head, and `packed` the body as it came.
    """

    __slots__ = (
        "allow_redirects",
        "answer",
        "body",
        "cookie",
        "data",
        "elapsed",
        "head",
        "left",
        "name",
        "packed",
        "pool",
        "prepared",
        "route",
        "session",
        "target",
        "text",
        "timeouts",
        "whole",
    )  # fmt: skip

    prepared: PreparedRequest
    head: SentHead
    answer: Head

    def __init__(  # noqa: PLR0913, PLR0917 -- without names, as it is made for each request
        self,
        session: Session,
        name: str | None,
        target: Target,
        route: Route,
        pool: HTTPConnectionPool,
        timeouts: tuple[Any, Any],
        allow_redirects: bool,
    ) -> None:
        self.session = session
        self.name = name
        self.target = target
        self.route = route
        self.pool = pool
        self.timeouts = timeouts
        self.allow_redirects = allow_redirects
        self.whole = False
        self.left: str | None = None
        self.data = self.text = self.packed = b""
        self.cookie: str | None = None
        self.body: Any = None
        self.elapsed = 0.0

    @property
    def timeout(self) -> Any:
        """As `requests` takes it."""
        connect, read = self.timeouts
        return connect if connect == read else self.timeouts

    def request(self) -> PreparedRequest:
        """As `requests` prepares it."""
        if self.whole:
            return self.prepared
        made = PreparedRequest()
        vars(made).update(vars(self.prepared))
        made.url = self.target.url
        made.headers = self.head.fields()
        made.hooks = {event: list(hooks) for event, hooks in made.hooks.items()}
        made._cookies = merge_cookies(RequestsCookieJar(), self.session.cookies)
        made.body = self.body
        if self.cookie is not None:
            made.headers["Cookie"] = self.cookie
        if self.body:
            size = len(self.body.encode()) if isinstance(self.body, str) else len(self.body)
            made.headers["Content-Length"] = str(size)
        vars(made).pop("_explicit_name", None)
        if self.name:
            made._explicit_name = self.name  # type: ignore[attr-defined]
        return made

    def raw(self) -> HTTPResponse:
        """As urllib3 gives it, not yet read."""
        body = self.packed
        if self.answer.chunked and body:
            body = b"%x\r\n%b\r\n0\r\n\r\n" % (len(body), body)
        elif self.answer.chunked:
            body = b"0\r\n\r\n"
        sock: Any = SimpleNamespace(makefile=lambda *_, **__: BytesIO(self.text + body))
        method = self.prepared.method
        plain = Plain(sock, method=method)
        plain.begin()
        return HTTPResponse(
            plain,  # type: ignore[arg-type]
            headers=HTTPHeaderDict(plain.msg.items()),
            status=plain.status,
            version=plain.version,
            version_string=self.answer.version,
            reason=plain.reason,
            preload_content=False,
            decode_content=False,
            original_response=plain,
            request_method=method,
            request_url=self.target.path,
        )

    def keep_cookies(self, jar: RequestsCookieJar) -> None:
        """Puts those that came with the answer into a jar."""
        request = PreparedRequest()
        request.url = self.target.url
        request.headers = self.prepared.headers
        message = HTTPMessage()
        for name, value in self.answer.fields:
            if name.lower() == "set-cookie":
                message[name] = value
        extract_cookies_to_jar(jar, request, SimpleNamespace(_original_response=SimpleNamespace(msg=message)))

    def unpack(self, body: bytes, coding: str) -> bytes:
        """What was sent with a `Content-Encoding`, of which `coding` is the first.

        Raises:
            ContentDecodingError: it cannot be unpacked
        """
        coding = coding.lower()
        if coding in HTTPResponse.CONTENT_DECODERS and self.text.lower().count(b"\ncontent-encoding:") == 1:
            try:
                decoder = _get_decoder(coding)
                return decoder.decompress(body) + decoder.decompress(b"") + decoder.flush()
            except Exception:  # noqa: S110 -- told below
                pass
        response = Response()
        response.raw = self.raw()
        response.status_code = self.answer.status
        return response.content


class Answered(ResponseContextManager):
    """Locust's, of an `Asked`."""

    _asked: Asked

    def __getattr__(self, name: str) -> Any:
        own = vars(self)
        if name == "request_meta" and "_reported" in own:
            value = own[name] = {**own.pop("_reported"), "response": self}
            return value
        make = _MADE.get(name)
        if make is None:
            raise AttributeError(f"'ResponseContextManager' object has no attribute {name!r}")
        value = own[name] = make(self._asked)
        return value

    def _report_request(self, exc: Any = None) -> None:
        super()._report_request(exc)
        # With the answer in it, both would stay until a search for garbage, which stops all users for milliseconds.
        own = vars(self)
        reported = own["_reported"] = own.pop("request_meta").copy()
        del reported["response"]

    def __reduce__(self) -> Any:
        return object.__new__, (ResponseContextManager,), self.__getstate__()

    def close(self) -> None:
        """All of it has been read."""


def _read_raw(asked: Asked) -> HTTPResponse:
    raw = asked.raw()
    for _ in raw.stream(CONTENT_CHUNK_SIZE, decode_content=True):
        pass
    return raw


def _cookies(asked: Asked) -> RequestsCookieJar:
    jar = RequestsCookieJar()
    asked.keep_cookies(jar)
    return jar


@lru_cache(maxsize=256)
def _encoding(content_type: str | None) -> str | None:
    return get_encoding_from_headers({} if content_type is None else {"content-type": content_type})  # type: ignore[arg-type]


def _find_encoding(asked: Asked) -> str | None:
    # Without all headers, which most scripts that look at a text do not look at.
    told = [value for name, value in asked.answer.fields if name.lower() == "content-type"]
    return _encoding(", ".join(told) if told else None)


def _headers(asked: Asked) -> CaseInsensitiveDict[str]:
    return CaseInsensitiveDict(HTTPHeaderDict(asked.answer.fields))


_MADE = {
    "headers": _headers,
    "encoding": _find_encoding,
    "raw": _read_raw,
    "cookies": _cookies,
    "elapsed": lambda asked: timedelta(seconds=asked.elapsed),
    "request": Asked.request,
    "connection": lambda asked: asked.route.adapter,
}
