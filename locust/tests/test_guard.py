"""The guard's decisions without a server."""

import logging
import time
import unittest
from typing import Any

from loadtest.access import Redact, Sessions
from loadtest.guard import Answer, Guard

TOKEN = "t0ken-of-the-run"
HOST = "127.0.0.1:8089"


def decide(method: str = "GET", path: str = "/", query: str = "", **headers: str) -> Answer | None:
    environ: dict[str, Any] = {"REQUEST_METHOD": method, "PATH_INFO": path, "QUERY_STRING": query, "HTTP_HOST": HOST}
    environ.update({f"HTTP_{name.upper()}": value for name, value in headers.items()})
    return Guard(lambda *_: [b""], TOKEN).decide(environ)


class HostTest(unittest.TestCase):
    def test_allowed_names(self) -> None:
        for host in ("localhost", "LOCALHOST:1", "127.0.0.1:8089", "[::1]:8089", "[::1]"):
            self.assertIsNone(decide(host=host), host)

    def test_everything_else_is_refused(self) -> None:
        for host in (
            "",
            "evil.example",
            "localhost.evil.example",
            "evil.example:localhost",
            "x@localhost",
            "localhost:x",
            "localhost:80:80",
            "localhost,evil.example",
            "localhost.",
            "::1",
            "[::1",
            "localhost ",
            "127.0.0.1\n",
            "0.0.0.0:8089",
        ):
            self.assertEqual(refused(decide(host=host)), 403, repr(host))


class TokenTest(unittest.TestCase):
    def test_redirect_keeps_the_rest_of_the_address_on_this_host(self) -> None:
        for path, query, location in (
            ("/", f"token={TOKEN}", "/"),
            ("/stats/report", f"theme=dark&token={TOKEN}&a=%20b", "/stats/report?theme=dark&a=%20b"),
            ("//evil.example/x", f"token={TOKEN}", "/evil.example/x"),
            ("/\\evil.example", f"token={TOKEN}", "/%5Cevil.example"),
            ("/a\r\nSet-Cookie: x=y", f"token={TOKEN}", "/a%0D%0ASet-Cookie%3A%20x%3Dy"),
            ("/", f"t%6Fken={TOKEN}", "/"),
        ):
            answer = decide(path=path, query=query)
            assert answer is not None
            self.assertEqual(answer.status, "303 See Other")
            self.assertEqual(dict(answer.headers)["Location"], location)

    def test_cookie(self) -> None:
        answer = decide(query=f"token={TOKEN}")
        assert answer is not None
        cookie = dict(answer.headers)["Set-Cookie"]
        for part in ("; HttpOnly", "; Path=/", "; SameSite=Strict"):
            self.assertIn(part, cookie)
        self.assertIsNone(decide("POST", "/stop", cookie=f"loadtest_0=no; {cookie.partition(';')[0]}"))

    def test_wrong_tokens(self) -> None:
        self.assertEqual(refused(decide(query="token=")), 403)
        self.assertEqual(refused(decide(query="token=wrong")), 403)
        self.assertEqual(refused(decide(query=f"token=wrong&token={TOKEN}")), 403)
        for value in ("", "Bearer", "Bearer ", "Bearer wrong", f"Basic {TOKEN}", TOKEN, f"Bearer {TOKEN}\xff"):
            self.assertEqual(refused(decide("POST", authorization=value)), 403, value)
        self.assertEqual(refused(decide("POST", query=f"token={TOKEN}")), 403)

    def test_every_method_but_get_and_head_needs_it(self) -> None:
        for method in ("POST", "PUT", "DELETE", "PATCH", "OPTIONS", "get", ""):
            self.assertEqual(refused(decide(method)), 403, method)
            self.assertIsNone(decide(method, authorization=f"bearer {TOKEN}"), method)
        self.assertIsNone(decide("HEAD"))

    def test_a_page_of_its_own_may_learn_why_it_cannot_start(self) -> None:
        own = {"sec_fetch_site": "same-origin"}
        for path, status in (("/swarm", 200), ("/base/swarm", 200), ("/stop", 403)):
            self.assertEqual(refused(decide("POST", path, **own)), status, path)
        self.assertEqual(refused(decide("POST", "/swarm", **own, host="evil.example")), 403)
        self.assertEqual(refused(decide("POST", "/swarm", **own, origin="null")), 403)
        answer = decide("POST", "/swarm", **own)
        assert answer is not None
        self.assertIn(b'"success": false', answer.body)

    def test_people_get_a_page(self) -> None:
        answer = decide(query="token=<b>", accept="text/html,*/*;q=0.8")
        assert answer is not None
        self.assertEqual(dict(answer.headers)["Content-Type"], "text/html; charset=utf-8")
        self.assertNotIn(b"<b>", answer.body)

    def test_refusals_do_not_echo(self) -> None:
        answer = decide(path=f"/{TOKEN}", query="token=wrong-token")
        assert answer is not None
        self.assertNotIn(b"wrong-token", answer.body)
        self.assertNotIn(TOKEN.encode(), answer.body)

    def test_log_records_lose_it(self) -> None:
        record = logging.LogRecord("x", logging.ERROR, "", 0, "Invalid: %r", (f"GET /?token={TOKEN}",), None)
        self.assertTrue(Redact(TOKEN, Sessions()).filter(record))
        self.assertEqual(record.getMessage(), "Invalid: 'GET /?token=***'")

    def test_no_guard_without_a_token(self) -> None:
        with self.assertRaises(ValueError):
            Guard(lambda *_: [b""], "")


KEY = "k" * 32


class SessionTest(unittest.TestCase):
    def setUp(self) -> None:
        self.guard = Guard(lambda *_: [b""], TOKEN)

    def change(self, key: str, seconds: str, bearer: str = TOKEN) -> int:
        return self.guard.change_session({"HTTP_AUTHORIZATION": f"Bearer {bearer}"}, key, seconds)[0]

    def asks(self, query: str = "", **headers: str) -> Answer | None:
        environ = {"REQUEST_METHOD": "GET" if query else "POST", "PATH_INFO": "/", "QUERY_STRING": query}
        headers_given = {f"HTTP_{name.upper()}": value for name, value in headers.items()}
        return self.guard.decide({**environ, "HTTP_HOST": HOST, **headers_given})

    def test_a_key_is_a_token_for_a_while(self) -> None:
        self.assertEqual(refused(self.asks(f"token={KEY}")), 403)
        self.assertEqual(self.change(KEY, "60"), 200)
        answer = self.asks(f"token={KEY}")
        assert answer is not None
        cookie = dict(answer.headers)["Set-Cookie"].partition(";")[0]
        self.assertIn(KEY, cookie)
        self.assertIsNone(self.asks(cookie=cookie))
        self.assertEqual(self.change(KEY, "0"), 200)
        self.assertEqual(refused(self.asks(cookie=cookie)), 403)

    def test_it_ends_by_itself(self) -> None:
        self.assertEqual(self.change(KEY, "0.05"), 200)
        self.assertIsNone(self.asks(authorization=f"Bearer {KEY}"))
        time.sleep(0.06)
        self.assertEqual(refused(self.asks(authorization=f"Bearer {KEY}")), 403)

    def test_it_does_not_prolong_itself(self) -> None:
        self.assertEqual(self.change(KEY, "60"), 200)
        self.assertEqual(self.change(KEY, "60", bearer=KEY), 403)
        self.assertEqual(self.change("x" * 32, "60", bearer="wrong"), 403)

    def test_only_long_keys_for_a_bounded_time(self) -> None:
        for key, seconds in (("k" * 31, "60"), ("", "60"), (f"{KEY} ", "60"), (KEY, "3601"), (KEY, "-1"), (KEY, "nan")):
            self.assertEqual(self.change(key, seconds), 400, (key, seconds))
        self.assertEqual(self.change(KEY, "soon"), 400)

    def test_there_is_an_end_to_them(self) -> None:
        for number in range(Sessions.MOST):
            self.assertEqual(self.change(f"{number:032}", "60"), 200)
        self.assertEqual(self.change(KEY, "60"), 400)
        self.assertEqual(self.change(f"{0:032}", "60"), 200)

    def test_log_records_lose_keys(self) -> None:
        self.change(KEY, "60")
        record = logging.LogRecord("x", logging.ERROR, "", 0, "Invalid: %r", (f"GET /?token={KEY}",), None)
        self.assertTrue(Redact(TOKEN, self.guard.sessions).filter(record))
        self.assertEqual(record.getMessage(), "Invalid: 'GET /?token=***'")


class OtherPagesTest(unittest.TestCase):
    def test_origin(self) -> None:
        bearer = f"Bearer {TOKEN}"
        for origin in (f"http://{HOST}", f"https://{HOST}", f"HTTP://{HOST}"):
            self.assertIsNone(decide("POST", origin=origin, authorization=bearer), origin)
        for origin in ("", "null", "http://evil.example", "http://127.0.0.1", "http://localhost:8089", f"ftp://{HOST}"):
            self.assertEqual(refused(decide("POST", origin=origin, authorization=bearer)), 403, origin)
            self.assertEqual(refused(decide(origin=origin)), 403, origin)

    def test_fetch_metadata(self) -> None:
        link = {"sec_fetch_mode": "navigate", "sec_fetch_dest": "document"}
        for site in ("cross-site", "same-site", "unheard-of"):
            self.assertIsNone(decide(sec_fetch_site=site, **link), site)
            self.assertEqual(refused(decide("POST", sec_fetch_site=site, authorization=f"Bearer {TOKEN}", **link)), 403)
            self.assertEqual(refused(decide(sec_fetch_site=site)), 403)
            self.assertEqual(refused(decide(sec_fetch_site=site, sec_fetch_mode="no-cors")), 403)
            self.assertEqual(
                refused(decide(sec_fetch_site=site, sec_fetch_mode="navigate", sec_fetch_dest="iframe")), 403
            )
        for site in ("same-origin", "none"):
            self.assertIsNone(decide(sec_fetch_site=site))


class ResponseTest(unittest.TestCase):
    def call(self, app: Any) -> tuple[str, dict[str, str], bytes]:
        seen: list[Any] = []
        environ = {"REQUEST_METHOD": "GET", "HTTP_HOST": HOST}
        body = Guard(app, TOKEN)(environ, lambda status, headers, _=None: seen.extend([status, dict(headers)]))
        return seen[0], seen[1], b"".join(body)

    def test_headers(self) -> None:
        def app(_: Any, start: Any) -> list[bytes]:
            start("404 Not Found", [("ACCESS-CONTROL-ALLOW-ORIGIN", "*"), ("x-frame-options", "SAMEORIGIN")])
            return [b"no"]

        status, headers, body = self.call(app)
        self.assertEqual((status, body), ("404 Not Found", b"no"))
        self.assertEqual(
            headers,
            {
                "x-frame-options": "SAMEORIGIN",
                "Content-Security-Policy": "frame-ancestors 'none'",
                "Referrer-Policy": "same-origin",
                "X-Content-Type-Options": "nosniff",
            },
        )

    def test_a_crash_is_guarded_too(self) -> None:
        def app(*_: Any) -> list[bytes]:
            raise RuntimeError("inside")

        with self.assertLogs("locust.loadtest.guard", logging.ERROR):
            status, headers, body = self.call(app)
        self.assertEqual(status, "500 Internal Server Error")
        self.assertEqual(headers["X-Frame-Options"], "DENY")
        self.assertNotIn(b"inside", body)


def refused(answer: Answer | None) -> int | None:
    return None if answer is None else int(answer.status[:3])


if __name__ == "__main__":
    unittest.main()
