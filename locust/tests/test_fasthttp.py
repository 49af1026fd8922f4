"""FastHttpUser sends, keeps and reports the same with the plugin's short ways as without them."""

import os
import re
import time
import unittest
from collections.abc import Callable
from http.cookiejar import Cookie, DefaultCookiePolicy
from typing import Any
from unittest import mock

from geventhttpclient import response
from geventhttpclient.client import HTTPClientPool
from locust import FastHttpUser

from fasthttp_case import NOTHING, PLACES, THEIRS, FastHttpCase
from loadtest import client, heads, patching, sending

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


class FastHttpTest(FastHttpCase):
    def _run(self) -> tuple[list[Any], list[Any], int]:
        with self.target() as target:
            user = self.user(target.url())
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
        client.install()
        for (place, name), value in zip(PLACES, THEIRS, strict=True):
            self.assertIsNot(vars(place).get(name, NOTHING), value, name)
        after = self._run()
        self.maxDiff = None
        self.assertEqual(after[0], before[0])
        self.assertEqual(after[1], before[1])
        self.assertEqual(after[2], before[2])
        self.assertIn("flavour", repr(before))

    def test_changes_nothing_where_it_is_told_to(self) -> None:
        with mock.patch.dict(os.environ, {"FASTHTTP_AS_IS": "1"}):
            client.install()
        self.assertEqual([vars(place).get(name, NOTHING) for place, name in PLACES], THEIRS)

    def test_leaves_a_client_of_another_version_as_it_is(self) -> None:
        for package in patching.FAST_HTTP_USER:
            with mock.patch.dict(patching.TESTED, {package: ("1.0",)}):
                client.install()
        self.assertEqual([vars(place).get(name, NOTHING) for place, name in PLACES], THEIRS)

    def test_asks_again_where_the_server_has_just_closed(self) -> None:
        client.install()
        with self.target() as target:
            user = self.user(target.url())
            self.assertEqual(user.client.get("/").status_code, 200)
            self.assertEqual(user.client.get("/").status_code, 200)
            for method, requests in (("GET", 3), ("POST", 1)):
                target.closes = 2
                answer = user.client.request(method, "/once")
                self.assertEqual([line for line, *_ in target.seen].count(f"{method} /once HTTP/1.1"), requests)
                self.assertEqual(answer.status_code, 200 if method == "GET" else 0)
            self.assertIsInstance(answer.error, response.HTTPConnectionClosed)

    def test_gives_up_an_answer_as_the_client_itself(self) -> None:
        errors = []
        with self.target() as target:
            for _ in range(2):
                user = self.user(target.url(), network_timeout=0.3)
                begun = time.monotonic()
                answer = user.client.get("/slow")
                errors.append((answer.status_code, repr(answer.error)))
                self.assertGreaterEqual(time.monotonic() - begun, 0.3)
                self.assertLess(time.monotonic() - begun, 0.7)
                self.assertEqual(user.client.get("/").status_code, 200)
                client.install()
        self.assertIn("timed out", errors[0][1])
        self.assertEqual(errors[1], errors[0])

    def test_remembers_no_more_heads_than_it_may(self) -> None:
        client.install()
        with self.target() as target, mock.patch.object(heads, "_MOST", 5):
            user = self.user(target.url())
            for number in range(12):
                self.assertEqual(user.client.get("/", headers={f"X-{number}": "1"}).status_code, 200)
                self.assertLessEqual(len(heads._heads), 5)
            self.assertTrue(all(f"X-{at}" in dict(fields) for at, (_, fields, _) in enumerate(target.seen)))
        with self.target() as target, mock.patch.object(sending, "_MOST_HEADS", 5):
            user, paths = self.user(target.url()), [f"/{number}" for number in (*range(12), *range(12))]
            for path in paths:  # whole URLs go the client's own way
                self.assertEqual(user.client.get(target.url() + path).status_code, 200)
                self.assertLessEqual(len(sending._heads), 5)
            self.assertEqual([line.split()[1] for line, *_ in target.seen], paths)

    def test_keeps_users_apart(self) -> None:
        client.install()
        with self.target() as target:
            first, second = (self.user(target.url(), default_headers={"X-User": name}) for name in ("a", "b"))
            first.client.get("/cookie")
            for user in (first, second, first):
                user.client.get("/")
            seen = [(dict(headers)["X-User"], dict(headers).get("Cookie")) for _, headers, _ in target.seen]
            self.assertEqual(seen, [("a", None), ("a", "flavour=oat; size=large"), ("b", None), seen[1]])

    def _both(self, script: Callable[[FastHttpUser, str], None]) -> list[dict[str, str]]:
        """The headers that a script sends, given the target's URL: the same both ways."""
        found = []
        for install in (self.restore, client.install):
            install()
            with self.target() as target:
                script(self.user(target.url()), target.url())
                found.append([dict(fields) | {"Host": "target"} for _, fields, _ in target.seen])
        self.assertEqual(found[1], found[0])
        return found[1]

    def test_sends_no_cookie_after_its_time(self) -> None:
        def script(user: FastHttpUser, _: str) -> None:
            now = time.time()
            user.client.get("/cookie")
            for cookie in user.client.cookiejar:
                cookie.expires = int(now) + (1000 if cookie.name == "size" else 2000)
            for later in (0, 0, 0, 990, 1010, 1010, 1990, 2010):
                with mock.patch("time.time", return_value=now + later):
                    user.client.get("/")

        sent = [fields.get("Cookie") for fields in self._both(script)[1:]]
        self.assertEqual(sent, ["flavour=oat; size=large"] * 4 + ["flavour=oat"] * 3 + [None])

    def test_asks_a_policy_of_cookies_each_time(self) -> None:
        class Odd(DefaultCookiePolicy):
            def return_ok(self, _cookie: Cookie, request: Any) -> bool:
                return bool(request.selector == "/odd")

        def script(user: FastHttpUser, _: str) -> None:
            for policy in (DefaultCookiePolicy(rfc2965=True), DefaultCookiePolicy(), Odd(), DefaultCookiePolicy()):
                user.client.cookiejar.set_policy(policy)
                for path in ("/cookie", "/", "/odd", "/", "/odd"):
                    user.client.get(path)

        sent = [(fields.get("Cookie"), fields.get("Cookie2")) for fields in self._both(script)]
        self.assertEqual(len(set(sent)), 3)

    def test_sends_headers_of_the_connections_own_client(self) -> None:
        def script(user: FastHttpUser, url: str) -> None:
            for own in ({}, {"X-Pool": "1"}, {"X-Pool": "2", "X-More": "1"}, {}):
                user.client.client.clientpool = HTTPClientPool(headers=own)
                for _ in range(3):
                    user.client.get("/")
                user.client.client.clientpool.get_client(url).default_headers["X-Late"] = "1"
                for _ in range(2):
                    user.client.get("/")

        sent = [(fields.get("X-Pool"), fields.get("X-Late")) for fields in self._both(script)]
        self.assertEqual(len(set(sent)), 6)

    def test_writes_a_known_head_only_for_connections_of_its_kind(self) -> None:
        client.install()
        with self.target() as target:
            user = self.user(target.url())
            user.client.get("/")
            (head,) = heads._heads.values()
            theirs = user.client.client.clientpool.get_client(target.url())
            assert head is not None
            self.assertTrue(head.fits(theirs))
            for name, value in (("ssl", True), ("use_proxy", True), ("version", theirs.HTTP_10)):
                with mock.patch.object(theirs, name, value):
                    self.assertFalse(head.fits(theirs), name)


if __name__ == "__main__":
    unittest.main()
