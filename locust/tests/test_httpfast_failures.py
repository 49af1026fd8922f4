"""What goes wrong fails alike on the fast client: with the same errors, texts and names in reports."""

import socket
import struct
import time
import unittest
from typing import Any

import gevent

from httpuser_case import PACKED, HttpUserCase, answer
from loadtest import fallbacks


def _reset(sock: socket.socket) -> None:
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    gevent.sleep(0.02)  # so that what was sent has come


def cut(data: bytes, reset: bool = False) -> Any:
    """Ends the connection after that."""

    def serve(sock: socket.socket) -> None:
        sock.sendall(data)
        if reset:
            _reset(sock)

    return serve


def stall(data: bytes = b"") -> Any:
    def serve(sock: socket.socket) -> None:
        sock.sendall(data)
        gevent.sleep(1)

    return serve


_CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
_BROKEN: dict[str, Any] = {
    "/closes": cut(b""),
    "/resets": cut(b"", reset=True),
    "/within-head": cut(b"HTTP/1.1 200 OK\r\nContent-"),
    "/within-line": cut(b"HTTP/1"),
    "/resets-head": cut(b"HTTP/1.1 200 OK\r\nContent-", reset=True),
    "/within-body": cut(answer(b"hello")[:-2]),
    "/without-body": cut(answer(b"hello")[:-5]),
    "/resets-body": cut(answer(b"hello" * 50_000)[:-5], reset=True),
    "/within-chunk": cut(_CHUNKED + b"5\r\nhel"),
    "/within-size": cut(_CHUNKED + b"5"),
    "/without-end": cut(_CHUNKED + b"5\r\nhello\r\n"),
    "/resets-chunk": cut(_CHUNKED + b"5\r\nhel", reset=True),
    "/bad-size": cut(_CHUNKED + b"nonsense\r\nhello\r\n0\r\n\r\n"),
    "/long-size": cut(_CHUNKED + b"0" * 300 + b"5\r\nhello\r\n0\r\n\r\n"),
    "/bad-chunk": cut(_CHUNKED + b"5\r\nhello!\r\n0\r\n\r\n"),
    "/until-end": cut(b"HTTP/1.1 200 OK\r\n\r\nuntil the end"),
    "/longer": cut(answer(b"hello") + b" and more"),
    "/no-http": cut(b"SSH-2.0-OpenSSH_9.2\r\n"),
    "/nonsense": cut(b"nonsense"),
    "/bad-status": cut(b"HTTP/1.1 abc OK\r\n\r\n"),
    "/bad-length": cut(answer().replace(b"Length: 5", b"Length: five")),
    "/two-lengths": cut(answer().replace(b"Content-Length: 5", b"Content-Length: 5\r\nContent-Length: 6")),
    "/negative": cut(answer().replace(b"Length: 5", b"Length: -5")),
    "/both": cut(_CHUNKED.replace(b"\r\n\r\n", b"\r\nContent-Length: 5\r\n\r\n") + b"5\r\nhello\r\n0\r\n\r\n"),
    "/many": cut(b"HTTP/1.1 200 OK\r\n" + b"X-Many: 1\r\n" * 101 + b"Content-Length: 0\r\n\r\n"),
    "/most": cut(b"HTTP/1.1 200 OK\r\n" + b"X-Many: 1\r\n" * 99 + b"Content-Length: 0\r\n\r\n"),
    "/nearly": cut(b"HTTP/1.1 200 OK\r\n" + b"X-Many: 1\r\n" * 98 + b"Content-Length: 0\r\n\r\n"),
    "/long-line": cut(b"HTTP/1.1 200 OK\r\nX-Long: " + b"x" * 70_000 + b"\r\nContent-Length: 0\r\n\r\n"),
    "/gzip-cut": cut(answer(PACKED, Content_Encoding="gzip")[:-20]),
    "/moved-cut": cut(answer(b"moved", "302 Found", Location="/")[:-2]),
    "/switches": cut(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n"),
}  # fmt: skip


class HttpFastFailuresTest(HttpUserCase):
    def test_are_the_same_for_broken_answers(self) -> None:
        self.target.answers = dict(_BROKEN)
        calls = [(method, path) for path in _BROKEN for method in ("GET", "POST")]
        self.ask(*calls)
        # On a connection that has served before.
        self.ask(*(call for one in calls for call in (("GET", "/"), one, ("GET", "/"))))
        self.assertEqual(dict(fallbacks.counts), {})

    def test_are_the_same_where_a_large_body_is_refused(self) -> None:
        """By a server that does not read it, and by one that says why."""
        said = answer(b"too large", "413 Content Too Large", Connection="close")
        for what in (b"", said):
            with socket.create_server(("127.0.0.1", 0)) as server:
                greenlet = gevent.spawn(self._refuse, server, what)
                where = f"127.0.0.1:{server.getsockname()[1]}"
                self.ask(("POST", f"http://{where}/", {"data": b"x" * 8_000_000}), ("GET", f"https://{where}/"))
                greenlet.kill()

    def _refuse(self, server: socket.socket, what: bytes) -> None:
        while True:
            sock, _ = server.accept()
            sock.recv(1000)
            sock.sendall(what)
            gevent.sleep(0.05)
            sock.close()

    def test_are_the_same_after_a_timeout(self) -> None:
        self.target.answers = {
            "/stalls": stall(),
            "/stalls-head": stall(b"HTTP/1.1 200 OK\r\nContent-"),
            "/stalls-body": stall(answer()[:-2]),
            "/stalls-chunk": stall(_CHUNKED + b"5\r\nhel"),
        }
        took = []

        def script(user: Any, notes: list[Any]) -> None:
            begun = time.monotonic()
            for path in self.target.answers:
                for timeout in (0.3, (2, 0.25)):
                    response = user.client.get(path, timeout=timeout)
                    notes.append(repr(response.error))
            took.append(time.monotonic() - begun)
            notes.append(user.client.get("/").text)

        notes, _ = self.both(script)
        self.assertIn("Read timed out. (read timeout=0.3)", notes[0])
        # Eight times: one timer is for all, and looks ten times a second.
        self.assertLess(took[1], took[0] + 8 * 0.15)
        self.assertGreaterEqual(took[1], 4 * 0.3 + 4 * 0.25)

    def test_are_the_same_without_a_server(self) -> None:
        with socket.create_server(("127.0.0.1", 0)) as taken:
            port = taken.getsockname()[1]
        self.ask(
            ("GET", f"http://127.0.0.1:{port}/"),
            ("POST", f"http://127.0.0.1:{port}/", {"json": {}}),
            ("GET", f"https://127.0.0.1:{port}/"),
            ("GET", "http://nobody.invalid/"),
            ("GET", "http://127.0.0.1:1/", {"timeout": 0.5}),
        )
        self.assertEqual(dict(fallbacks.counts), {})

    def test_does_not_use_what_was_closed_meanwhile(self) -> None:
        self.target.idle = 0.1

        def script(user: Any, notes: list[Any]) -> None:
            for _ in range(3):
                notes.append(user.client.get("/").text)
                gevent.sleep(0.2)

        self.both(script)
        self.assertEqual(self.target.connections, 3)

    def test_closes_what_a_stopped_user_waits_for(self) -> None:
        self.target.answers["/stalls"] = stall()

        def script(user: Any, notes: list[Any]) -> None:
            client = user.client
            client.get("/")
            with self.assertRaises(gevent.Timeout), gevent.Timeout(0.1):
                client.get("/stalls")
            greenlet = gevent.spawn(client.get, "/stalls")
            gevent.sleep(0.1)
            greenlet.kill()
            notes.append(repr(greenlet.value))
            notes.append(client.get("/").text)
            (pool,) = client.get_adapter(self.target.url).poolmanager.pools._container.values()
            notes.append(len(pool.pool.queue))

        self.both(script)

    def test_are_the_same_where_scripts_catch_them(self) -> None:
        self.target.answers = dict(_BROKEN)

        def script(user: Any, notes: list[Any]) -> None:
            for path in ("/closes", "/within-body"):
                with user.client.get(path, catch_response=True) as response:
                    try:
                        response.raise_for_status()
                    except Exception as error:
                        notes.append(repr(error))
                    response.success()
                with user.client.get(path, catch_response=True) as response:
                    response.failure(f"{response.status_code} {response.text!r} {response.content!r}")
                with user.rest("GET", path) as response:
                    notes.append(response.js)

        self.both(script)


if __name__ == "__main__":
    unittest.main()
