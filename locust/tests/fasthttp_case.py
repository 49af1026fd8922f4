"""A target that keeps what it is sent, and a case in which FastHttpUser's client is afterwards as it was."""

import contextlib
import threading
import unittest
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import gevent
from geventhttpclient import client, connectionpool
from locust import FastHttpUser
from locust.contrib import fasthttp
from locust.env import Environment

from loadtest import heads, sending

PLACES = [
    (connectionpool.ConnectionPool, "_is_socket_alive"),
    (fasthttp, "CookieJar"),
    (fasthttp.FastHttpSession, "__init__"),
    (fasthttp.FastHttpSession, "request"),
    (fasthttp.FastHttpSession, "_send_request_safe_mode"),
    (fasthttp.FastResponse, "headers"),
    (fasthttp.FastResponse, "request"),
    (fasthttp.FastResponse, "_response"),
    (fasthttp.FastResponse, "status_code"),
    (fasthttp.FastRequest, "set_url"),
    (fasthttp.LocustBadStatusCode, "request"),
    (fasthttp.LocustBadStatusCode, "http_log"),
    (client.HTTPClient, "request"),
]
NOTHING = object()
"""What is not there before."""
THEIRS = [vars(place).get(name, NOTHING) for place, name in PLACES]


class Target(ThreadingHTTPServer):
    """Keeps what it is sent, and answers by the path."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Answer)
        self.seen: list[tuple[Any, ...]] = []
        self.connections = 0
        self.closes = 0
        """Requests for `/once` that are not answered."""
        threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()

    def handle_error(self, *_: object) -> None:
        """Clients that are gone are no fault here."""

    def url(self, scheme: str = "http") -> str:
        return f"{scheme}://127.0.0.1:{self.server_port}"


class Answer(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Target

    def setup(self) -> None:
        super().setup()
        self.server.connections += 1

    def answer(self) -> None:
        coded = self.headers.get("transfer-encoding") == "chunked"
        body = self._chunks() if coded else self.rfile.read(int(self.headers.get("content-length", 0)))
        self.server.seen.append((self.requestline, self.headers.items(), body))
        path = self.path.partition("?")[0]
        if path == "/reset":  # says nothing more, as a server that has just ended
            self.close_connection = True
            return
        if path == "/once" and self.server.closes:
            self.server.closes -= 1
            self.close_connection = True
            return
        if path == "/slow":
            gevent.sleep(1)
        self.send_response({"/moved": 302, "/missing": 404}.get(path, 200))
        if path == "/moved":
            self.send_header("Location", "/cookie?after=moving")
        if path == "/cookie":
            self.send_header("Set-Cookie", "flavour=oat; Path=/")
            self.send_header("Set-Cookie", "size=large; Path=/")
        if path == "/crumbs":
            self.send_header("Set-Cookie", "flavour=; Max-Age=0; Path=/")
        if path == "/last":
            self.send_header("Connection", "close")
        text = b"" if self.command == "HEAD" else b"hello"
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("do_"):
            return self.answer
        raise AttributeError(name)

    def _chunks(self) -> bytes:
        parts = []
        while size := int(self.rfile.readline(), 16):
            parts.append(self.rfile.read(size))
            self.rfile.readline()
        self.rfile.readline()
        return b"".join(parts)

    def log_message(self, *_: object) -> None:
        pass


def look(make: Callable[[], Any]) -> Any:
    """What a script sees by that: a value, or the error's text."""
    try:
        found = make()
    except Exception as error:
        return repr(error)
    return found if isinstance(found, (str, bytes, int, list, dict, type(None))) else repr(found)


def of_request(answer: Any) -> list[Any]:
    request = answer.request
    names = ("url", "full_url", "method", "body", "selector", "host", "type", "origin_req_host", "unverifiable")
    return [*[getattr(request, name) for name in names], list(request.headers.items()), request.get_host()]


def _of_error(answer: Any) -> Any:
    error = answer.error
    if error is None:
        return None
    named = ("url", "code", "text", "http_log")
    told = [repr(error), str(error), *[getattr(error, name, "none") for name in named]]
    return [*told, error.response is answer, error.request is answer.request] if hasattr(error, "response") else told


def _of_parser(answer: Any) -> list[Any]:
    names = ("status_code", "version", "status_message", "message_complete", "content_length", "method", "block_size")
    parser = answer._response
    return [*[getattr(parser, name) for name in names], list(parser.headers), parser.read(), parser.should_close()]


LOOKS: dict[str, Callable[[Any], Any]] = {
    "class": lambda answer: type(answer).__name__,
    "status": lambda answer: [answer.status_code, answer.ok, answer.status],
    "content": lambda answer: answer.content,
    "text": lambda answer: [answer.text, answer.encoding],
    "json": lambda answer: answer.json(),
    "url": lambda answer: answer.url,
    "headers": lambda answer: [
        list(answer.headers.items()),
        answer.headers.get("x-A"),
        answer.info() is answer.headers,
    ],
    "length": len,
    "request": of_request,
    "parser": _of_parser,
    "sent": lambda answer: answer._sent_request,
    "history": lambda answer: [one.status_code for one in answer.history],
    "elapsed": lambda answer: answer.elapsed is not None,
    "rest": lambda answer: [
        answer.isclosed(),
        answer.read(),
        list(answer.iter_content()),
        answer.data,
        answer.release(),
    ],
    "error": lambda answer: answer.raise_for_status(),
    "its parts": _of_error,
    "success": lambda answer: answer.success(),
}
"""What a script can look at in a response."""


class FastHttpCase(unittest.TestCase):
    def setUp(self) -> None:
        self.addCleanup(self.restore)
        heads._heads.clear()
        sending._heads.clear()

    @staticmethod
    def restore() -> None:
        for (place, name), value in zip(PLACES, THEIRS, strict=True):
            if value is not NOTHING:
                setattr(place, name, value)
            elif name in vars(place):
                delattr(place, name)

    def user(self, host: str, **own: Any) -> FastHttpUser:
        user_class = type("User", (FastHttpUser,), {"host": host, **own})
        return user_class(Environment(user_classes=[user_class]))

    @contextlib.contextmanager
    def target(self) -> Iterator[Target]:
        target = Target()
        try:
            yield target
        finally:
            target.shutdown()
            target.server_close()
