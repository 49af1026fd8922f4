"""FastHttpUser sends, keeps and reports the same with the plugin's short ways as without them."""

import contextlib
import os
import re
import ssl
import subprocess
import tempfile
import threading
import time
import unittest
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from unittest import mock

import gevent
import gevent.ssl
from geventhttpclient import client, connectionpool, response, url
from locust import FastHttpUser
from locust.contrib import fasthttp
from locust.env import Environment

import loadtest_fasthttp

_places = [
    (connectionpool.ConnectionPool, "_is_socket_alive"),
    (fasthttp, "CookieJar"),
    (fasthttp.FastHttpSession, "__init__"),
    (fasthttp.FastRequest, "set_url"),
    (client.HTTPClient, "request"),
]
_theirs = [getattr(place, name) for place, name in _places]


class Target(ThreadingHTTPServer):
    """Keeps what it is sent, and answers by the path."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Answer)
        self.seen: list[tuple[Any, ...]] = []
        self.connections = 0
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


_REQUESTS: list[tuple[str, str, dict[str, Any]]] = [
    ("GET", "/", {}),
    ("GET", "/", {}),
    ("GET", "/search?q=a b&umlaut=ü#there", {}),
    ("GET", "/search", {"params": {"q": ["one", "two"], "page": 1}}),
    ("GET", "/a/../b/./c;p=1", {"headers": {"X-One": "1", "accept-encoding": "identity"}}),
    ("GET", "/", {"headers": {"X-Many": ["1", "2"]}}),
    ("GET", "/", {"headers": {"Expect": "100-continue"}}),
    ("GET", "/", {"auth": ("me", "secret")}),
    ("GET", "/cookie", {}),
    ("GET", "/", {}),
    ("GET", "/crumbs", {}),
    ("GET", "/", {}),
    ("GET", "/moved", {}),
    ("GET", "/moved", {"allow_redirects": False}),
    ("GET", "/missing", {}),
    ("GET", "/last", {}),
    ("GET", "/", {}),
    ("GET", "/reset", {}),
    ("GET", "/", {"stream": True}),
    ("HEAD", "/", {}),
    ("OPTIONS", "/", {}),
    ("DELETE", "/one", {}),
    ("POST", "/", {}),
    ("POST", "/", {"json": {"umlaut": "ü"}}),
    ("POST", "/", {"data": "text"}),
    ("POST", "/", {"data": {"form": "field", "and": "one more"}}),
    ("POST", "/", {"data": b"\x00\xff" * 30_000}),
    ("POST", "/reset", {"data": "once"}),
    ("PUT", "/", {"data": b"short", "headers": {"Transfer-Encoding": "chunked"}}),
    ("PATCH", "/", {"data": "", "headers": {"Content-Type": "text/css"}}),
    ("GET", "/bad\tpath", {}),
    ("GET", "/", {"headers": {"X-Bad": "two\r\nlines"}}),
    ("GET", "http://127.0.0.1:1/nobody", {}),
    ("GET", "http://127.0.0.1:port/", {}),
]


class FastHttpCase(unittest.TestCase):
    def setUp(self) -> None:
        for (place, name), value in zip(_places, _theirs, strict=True):
            self.addCleanup(setattr, place, name, value)
        loadtest_fasthttp._heads.clear()

    def _user(self, host: str, **own: Any) -> FastHttpUser:
        user_class = type("User", (FastHttpUser,), {"host": host, **own})
        return user_class(Environment(user_classes=[user_class]))

    @contextlib.contextmanager
    def _target(self) -> Iterator[Target]:
        target = Target()
        try:
            yield target
        finally:
            target.shutdown()
            target.server_close()


class FastHttpTest(FastHttpCase):
    def _run(self) -> tuple[list[Any], list[Any], int]:
        with self._target() as target:
            user = self._user(target.url())
            reports: list[Any] = []
            user.environment.events.request.add_listener(lambda **report: reports.append(report))
            results = [self._ask(user, reports, *one) for one in _REQUESTS]
            port = str(target.server_port)
            return self._plain(results, port), self._plain(target.seen, port), target.connections

    def _ask(self, user: FastHttpUser, reports: list[Any], method: str, path: str, options: dict[str, Any]) -> Any:
        reports.clear()
        try:
            answer = user.client.request(method, path, **options)
        except Exception as error:
            return (method, path, repr(error))
        report = {key: repr(value) for key, value in reports[0].items() if key not in ("response_time", "start_time")}
        report["response"] = None
        sent = (answer.request.url, answer.request.method, answer.request.get_host(), answer.request.selector)
        jar = sorted((one.name, one.value) for one in user.client.cookiejar)
        headers = list(answer.headers.items()) if answer.headers is not None else None
        return (method, path, answer.status_code, answer.text, headers, sent, jar, report)

    def _plain(self, values: Any, port: str) -> Any:
        times = re.sub(r"\w{3}, \d\d \w{3} \d{4} [\d:]{8} GMT", "a date", repr(values).replace(port, "PORT"))
        return re.sub(r"0x\w+", "an address", times).split("), (")

    def test_does_all_as_the_client_itself(self) -> None:
        before = self._run()
        loadtest_fasthttp.install()
        for (place, name), value in zip(_places, _theirs, strict=True):
            self.assertIsNot(getattr(place, name), value, name)
        after = self._run()
        self.maxDiff = None
        self.assertEqual(after[0], before[0])
        self.assertEqual(after[1], before[1])
        self.assertEqual(after[2], before[2])
        self.assertIn("flavour", repr(before))

    def test_changes_nothing_where_it_is_told_to(self) -> None:
        with mock.patch.dict(os.environ, {"FASTHTTP_AS_IS": "1"}):
            loadtest_fasthttp.install()
        self.assertEqual([getattr(place, name) for place, name in _places], _theirs)

    def test_leaves_a_client_of_another_version_as_it_is(self) -> None:
        with (
            mock.patch.object(url.URL, "quoted_uri", None),
            mock.patch.object(fasthttp, "CookieJar", object),
            mock.patch.object(client, "_may_retry_after_send_error", None),
            mock.patch.object(loadtest_fasthttp, "_poll", None),
        ):
            del client._may_retry_after_send_error
            loadtest_fasthttp.install()
            now = [getattr(place, name) for place, name in _places if name not in {"__init__", "CookieJar"}]
            self.assertEqual(now, [_theirs[0], *_theirs[3:]])
            self.assertIs(fasthttp.CookieJar, object)

    def test_asks_again_where_the_server_has_just_closed(self) -> None:
        loadtest_fasthttp.install()
        with self._target() as target:
            user = self._user(target.url())
            self.assertEqual(user.client.get("/").status_code, 200)
            theirs = response.HTTPSocketPoolResponse
            failures = iter([response.HTTPConnectionClosed("gone")])

            def once(*args: Any, **kwargs: Any) -> Any:
                for failure in failures:
                    args[1].release_socket(args[0])
                    raise failure
                return theirs(*args, **kwargs)

            with mock.patch.object(response, "HTTPSocketPoolResponse", once):
                self.assertEqual(user.client.get("/").status_code, 200)
            self.assertEqual([line for line, *_ in target.seen].count("GET / HTTP/1.1"), 3)

    def test_gives_up_an_answer_as_the_client_itself(self) -> None:
        errors = []
        with self._target() as target:
            for _ in range(2):
                user = self._user(target.url(), network_timeout=0.3)
                begun = time.monotonic()
                answer = user.client.get("/slow")
                errors.append((answer.status_code, repr(answer.error)))
                self.assertGreaterEqual(time.monotonic() - begun, 0.3)
                self.assertLess(time.monotonic() - begun, 0.7)
                self.assertEqual(user.client.get("/").status_code, 200)
                loadtest_fasthttp.install()
        self.assertIn("timed out", errors[0][1])
        self.assertEqual(errors[1], errors[0])

    def test_remembers_no_more_heads_than_it_may(self) -> None:
        loadtest_fasthttp.install()
        with self._target() as target, mock.patch.object(loadtest_fasthttp, "_MOST_HEADS", 5):
            user = self._user(target.url())
            for number in range(12):
                self.assertEqual(user.client.get(f"/{number}").status_code, 200)
                self.assertLessEqual(len(loadtest_fasthttp._heads), 5)
            self.assertEqual([line.split()[1] for line, *_ in target.seen], [f"/{number}" for number in range(12)])

    def test_keeps_users_apart(self) -> None:
        loadtest_fasthttp.install()
        with self._target() as target:
            first, second = (self._user(target.url(), default_headers={"X-User": name}) for name in ("a", "b"))
            first.client.get("/cookie")
            for user in (first, second, first):
                user.client.get("/")
            seen = [(dict(headers)["X-User"], dict(headers).get("Cookie")) for _, headers, _ in target.seen]
            self.assertEqual(seen, [("a", None), ("a", "flavour=oat; size=large"), ("b", None), seen[1]])


class ContextsTest(FastHttpCase):
    def setUp(self) -> None:
        super().setUp()
        loadtest_fasthttp._unverified.cache_clear()
        loadtest_fasthttp._verified.cache_clear()

    def _context(self, **own: Any) -> ssl.SSLContext:
        user = self._user("https://127.0.0.1:1", **own)
        user.client.get("/")
        (made,) = user.client.client.clientpool.clients.values()
        return made._connection_pool.ssl_context

    def test_are_shared_by_users_that_verify_in_the_same_way(self) -> None:
        self.assertIsNot(self._context(), self._context())
        loadtest_fasthttp.install()
        lax, strict = self._context(), self._context(insecure=False)
        self.assertIs(self._context(), lax)
        self.assertIs(self._context(insecure=False), strict)
        self.assertEqual((lax.verify_mode, lax.check_hostname), (ssl.CERT_NONE, False))
        self.assertEqual((strict.verify_mode, strict.check_hostname), (ssl.CERT_REQUIRED, True))
        self.assertNotEqual(strict.cert_store_stats()["x509_ca"], 0)

    def test_are_a_script_s_own_where_it_makes_them(self) -> None:
        loadtest_fasthttp.install()
        own = gevent.ssl.create_default_context()
        self.assertIs(self._context(ssl_context_factory=staticmethod(lambda: own)), own)

    def test_verify_or_not_as_before(self) -> None:
        loadtest_fasthttp.install()
        with tempfile.TemporaryDirectory() as folder, self._target() as target:
            files = [str(Path(folder, name)) for name in ("key.pem", "cert.pem")]
            subject = ["-subj", "/CN=target", "-addext", "subjectAltName=IP:127.0.0.1"]
            key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-keyout", files[0]]
            make = ["openssl", "req", "-x509", *key, *subject, "-out", files[1]]
            subprocess.run(make, check=True, capture_output=True)
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(files[1], files[0])
            target.socket = context.wrap_socket(target.socket, server_side=True)
            self.assertEqual(self._user(target.url("https")).client.get("/").status_code, 200)
            refused = self._user(target.url("https"), insecure=False).client.get("/")
            self.assertEqual(refused.status_code, 0)
            self.assertIn("CERTIFICATE_VERIFY_FAILED", str(refused.error))


if __name__ == "__main__":
    unittest.main()
