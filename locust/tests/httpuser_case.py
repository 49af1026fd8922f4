"""A target that keeps every byte it is sent, and a case that does the same with plain HttpUser and the fast one."""

import gzip
import pickle
import re
import socket
import ssl
import threading
import unittest
from collections.abc import Callable
from itertools import zip_longest
from typing import Any
from unittest import mock

from gevent.ssl import SSLSocket
from locust import HttpUser
from locust.clients import HttpSession, ResponseContextManager
from locust.env import Environment
from requests.adapters import HTTPAdapter

from loadtest import fallbacks, httpfast

THEIRS = HttpSession.request


def answer(body: bytes = b"hello", status: str = "200 OK", **fields: str) -> bytes:
    """One with a length; `_` in names of fields stands for `-`."""
    lines = [f"HTTP/1.1 {status}", *(f"{name.replace('_', '-')}: {value}" for name, value in fields.items())]
    return "\r\n".join([*lines, f"Content-Length: {len(body)}", "", ""]).encode("latin-1") + body


PACKED = gzip.compress(b"packed " * 100, mtime=0)


class Target:
    """Answers by the path, from `answers`: bytes as they are, pieces with pauses between, or what a function does.

    `seen`: number of the connection, head and body of each request. A path that is not there is answered with `hello`.
    """

    def __init__(self, context: ssl.SSLContext | None = None) -> None:
        self._context = context
        self.answers: dict[str, bytes | tuple[bytes, ...] | Callable[[socket.socket], None]] = {}
        self.seen: list[tuple[int, bytes, bytes]] = []
        self.connections = 0
        self.open: set[Any] = set()
        """A thread for each connection that is not yet closed."""
        self.idle: float | None = None
        """Seconds after which a connection is closed."""
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        self._listener.close()

    def forget(self) -> None:
        self.seen, self.connections = [], 0

    def _accept(self) -> None:
        while True:
            try:
                sock, _ = self._listener.accept()
            except OSError:
                return
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            sock.settimeout(self.idle)
            self.connections += 1
            threading.Thread(target=self._serve, args=(sock, self.connections), daemon=True).start()

    def _serve(self, sock: socket.socket, number: int) -> None:
        self.open.add(threading.current_thread())
        try:
            if self._context is not None:
                sock = self._context.wrap_socket(sock, server_side=True)
            with sock, sock.makefile("rb") as file:
                while self._serve_one(sock, file, number):
                    pass
        except OSError:
            pass
        finally:
            self.open.discard(threading.current_thread())

    def _serve_one(self, sock: socket.socket, file: Any, number: int) -> bool:
        lines = []
        while (line := file.readline()) not in (b"\r\n", b""):
            lines.append(line)
        if not lines:
            return False
        head = b"".join(lines)
        length = re.search(rb"(?i)^content-length: *(\d+)", head, re.MULTILINE)
        body = (
            file.read(int(length[1]))
            if length
            else self._chunks(file)
            if b"transfer-encoding: chunked" in head.lower()
            else b""
        )
        self.seen.append((number, head, body))
        path = lines[0].split()[1].decode("latin-1").partition("?")[0]
        what = self.answers.get(path, answer())
        if callable(what):
            what(sock)
            return False
        for piece in (what,) if isinstance(what, bytes) else what:
            sock.sendall(piece.partition(b"\r\n\r\n")[0] + b"\r\n\r\n" if head.startswith(b"HEAD ") else piece)
            if not isinstance(what, bytes):
                threading.Event().wait(0.02)
        return not isinstance(what, bytes) or b"Connection: close" not in what

    def _chunks(self, file: Any) -> bytes:
        parts = []
        while size := int(file.readline(), 16):
            parts.append(file.read(size))
            file.readline()
        file.readline()
        return b"".join(parts)


def tell(response: Any) -> dict[str, Any]:
    """All that a script can see of an answer."""
    told: dict[str, Any] = {name: getattr(response, name) for name in _SHOWN}
    told["is"] = isinstance(response, ResponseContextManager)
    told["bool"], told["repr"], told["error"] = bool(response), repr(response), repr(getattr(response, "error", None))
    told["headers"] = list(response.headers.items())
    told["cookies"] = [vars(cookie) for cookie in response.cookies]
    told["history"] = [(one.status_code, one.url, one.content) for one in response.history]
    told["next"] = response.next and (response.next.method, response.next.url)
    told["request"] = response.request and tell_request(response.request)
    if response.content is not None:
        told["pieces"], told["lines"] = list(response.iter_content(3)), list(response.iter_lines(decode_unicode=True))
        copy = pickle.loads(pickle.dumps(response))  # noqa: S301 -- our own
        told["copy"] = (type(copy), copy.content, copy.status_code, list(copy.headers.items()), copy.encoding)
        told["seconds"] = response.elapsed.total_seconds() > 0
    raw = response.raw
    told["raw"] = raw and (
        raw.status,
        raw.reason,
        raw.version,
        raw.version_string,
        list(raw.headers.items()),
        raw.read(),
    )
    for name in ("json", "raise_for_status"):
        try:
            told[name] = getattr(response, name)()
        except Exception as error:
            told[name] = repr(error)
    return told


_SHOWN = (
    "status_code", "ok", "reason", "url", "text", "content", "encoding", "apparent_encoding", "links", "is_redirect",
    "is_permanent_redirect",
)  # fmt: skip


def tell_request(request: Any) -> tuple[Any, ...]:
    cookies = sorted((cookie.name, cookie.value) for cookie in request._cookies or ())
    return (request.method, request.url, request.path_url, list(request.headers.items()), request.body, cookies)


def tell_error(error: BaseException | None) -> list[str]:
    """With those that it came from."""
    told = []
    while error is not None:
        told.append(f"{type(error).__module__}.{type(error).__name__}: {error!r} {error}")
        error = error.__context__
    return told


class HttpUserCase(unittest.TestCase):
    def setUp(self) -> None:
        self.addCleanup(setattr, HttpSession, "request", THEIRS)
        self.target = Target()
        self.addCleanup(self.target.close)
        fallbacks.counts.clear()
        self.enterContext(mock.patch.object(fallbacks.logger, "disabled", True))

    def user(self, **own: Any) -> HttpUser:
        user_class = type("User", (HttpUser,), {"host": self.target.url, **own})
        user = user_class(Environment(user_classes=[user_class]))
        self.reports: list[Any] = []
        user.environment.events.request.add_listener(self._on_request)
        return user

    def _on_request(self, **report: Any) -> None:
        report = {key: value for key, value in report.items() if key not in ("response_time", "start_time")}
        response, error = report.pop("response"), report.pop("exception")
        self.reports.append((report, response.status_code, response.url, tell_error(error)))

    def both(self, script: Callable[[HttpUser, list[Any]], None], **own: Any) -> tuple[list[Any], list[Any]]:
        """What the script notes, and what the target has seen of it: the same both ways."""
        found = []
        for fast in (False, True):
            HttpSession.request = THEIRS  # type: ignore[method-assign]
            if fast:
                httpfast.install()
            self.target.forget()
            user, notes = self.user(**own), []
            script(user, notes)
            cookies = sorted(repr(vars(cookie)) for cookie in user.client.cookies)
            self._check_pools(user.client)
            user.client.close()
            found.append((notes, list(self.target.seen), self.reports, cookies, self.target.connections))
        for what, plain, fast in zip(("notes", "requests", "reports", "cookies", "connections"), *found, strict=True):
            self._compare(what, _told(plain), _told(fast))
        return found[0][0], found[0][1]

    def _check_pools(self, client: HttpSession) -> None:
        """Each has all of its places back, and connections as urllib3 made them."""
        for adapter in client.adapters.values():
            for pool in adapter.poolmanager.pools._container.values() if isinstance(adapter, HTTPAdapter) else ():
                self.assertEqual((len(pool.pool.queue), "_get_conn" in vars(pool)), (pool.pool.maxsize, False))
                for connection in pool.pool.queue:
                    self.assertNotIn("connect", vars(connection or pool))
                    self.assertIn(type(getattr(connection, "sock", None)), (type(None), socket.socket, SSLSocket))

    def _compare(self, what: str, plain: list[str], fast: list[str]) -> None:
        # Whole, a difference in a long body would take minutes to be shown.
        for number, (one, other) in enumerate(zip_longest(plain, fast)):
            if one != other:
                pairs = enumerate(zip(one or "", other or "", strict=False))
                at = next((place for place, (left, right) in pairs if left != right), 0)
                near = slice(max(0, at - 200), at + 200)
                self.fail(f"{what} {number}:\nplain ...{(one or '')[near]}\nfast  ...{(other or '')[near]}")

    def ask(self, *calls: tuple[Any, ...], **own: Any) -> tuple[list[Any], list[Any]]:
        """Does calls of a client, each a method, a URL and its options, and tells all of their answers or errors."""

        def script(user: HttpUser, notes: list[Any]) -> None:
            for method, url, *options in calls:
                try:
                    notes.append(tell(user.client.request(method, url, **(options[0] if options else {}))))
                except Exception as error:
                    notes.append(tell_error(error))

        return self.both(script, **own)


def _told(value: Any) -> list[str]:
    return [
        re.sub(r"0x\w+|\b[0-9a-f]{32}\b", "any", repr(one)) for one in (value if isinstance(value, list) else [value])
    ]
