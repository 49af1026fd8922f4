"""What the fast client cannot do for HttpUser is left to `requests`, and told."""

import http.client
import http.cookiejar
import os
import sys
import tempfile
import unittest
from pathlib import Path
from typing import Any
from unittest import mock

# The case is first, as Locust has to be there ahead of requests.
from httpuser_case import THEIRS, HttpUserCase, answer  # isort: split

import gevent
import requests
from locust.clients import HttpSession
from requests.adapters import HTTPAdapter
from requests.auth import AuthBase, HTTPBasicAuth, HTTPDigestAuth
from urllib3 import PoolManager
from urllib3.util import Retry, Timeout

from loadtest import fallbacks, httpheads, httpurls, patching, start


class Bearer(AuthBase):
    def __call__(self, request: Any) -> Any:
        request.headers["Authorization"] = "Bearer token"
        return request


class OwnSession(HttpSession):
    def prepare_request(self, request: Any) -> Any:
        prepared = super().prepare_request(request)
        prepared.headers["X-Signed"] = "yes"
        return prepared


class HttpFastLeftTest(HttpUserCase):
    def _left(self, script: Any, **own: Any) -> dict[str, int]:
        fallbacks.counts.clear()
        self.both(lambda user, notes: notes.append(script(user.client)), **own)
        return dict(fallbacks.counts)

    def test_is_left_by_settings_of_a_session(self) -> None:
        def setting(name: str, value: Any) -> Any:
            def script(client: Any) -> str:
                setattr(client, name, value)
                try:
                    return client.get("/").text
                except (OSError, TypeError) as error:
                    return repr(error)

            return script

        hook = {"response": [lambda *_, **__: None]}
        jar = http.cookiejar.CookieJar()
        for name, value, reason in (
            ("hooks", hook, "hooks"),
            ("proxies", {"http": self.target.url}, "proxies"),
            ("cert", "/nowhere.pem", "cert"),
            ("stream", True, "stream=True"),
            ("cookies", jar, "a cookie jar of the script"),
            ("get_adapter", lambda **_: HTTPAdapter(), "a method of the session that the script replaces"),
            ("verify", Path("/nowhere"), "verify that is no path"),
        ):
            with self.subTest(name):
                self.assertEqual(self._left(setting(name, value)), {reason: 1})

    def test_is_left_by_adapters_of_the_script(self) -> None:
        class Own(HTTPAdapter):
            pass

        def mounting(adapter: HTTPAdapter) -> Any:
            def script(client: Any) -> str:
                first = client.get("/").text
                client.mount(self.target.url, adapter)
                return first + client.get("/").text

            return script

        self.assertEqual(self._left(mounting(HTTPAdapter(pool_maxsize=50))), {})
        self.assertEqual(self._left(mounting(Own())), {"an adapter of the script": 1})
        again = HTTPAdapter(max_retries=Retry(2, status_forcelist=[503]))
        self.assertEqual(self._left(mounting(again)), {"an adapter that tries again": 1})

    def test_is_left_by_own_session_classes(self) -> None:
        def script(client: Any) -> Any:
            own = OwnSession(self.target.url, client.request_event, client.user)
            return own.get("/").request.headers.get("X-Signed")

        self.assertEqual(self._left(script), {"a session class with a prepare_request of its own": 1})

        class Harmless(HttpSession):
            def own(self) -> str:
                return self.get("/own").text

        self.assertEqual(self._left(lambda c: Harmless(self.target.url, c.request_event, c.user).own()), {})

    def test_is_left_by_other_code_that_changes_requests(self) -> None:
        for owner, name in (
            (requests.Session, "send"),
            (HTTPAdapter, "send"),
            (requests.Session, "get_adapter"),
            (requests.sessions, "merge_setting"),
            (http.client.HTTPConnection, "putheader"),
        ):
            theirs = getattr(owner, name)
            called: list[str] = []

            def traced(*args: Any, theirs: Any = theirs, called: list[str] = called, **kwargs: Any) -> Any:
                called.append("")
                return theirs(*args, **kwargs)

            with mock.patch.object(owner, name, traced):
                left = self._left(lambda client: client.get("/").text)
            self.assertEqual(left, {f"{owner.__name__}.{name}, which other code replaces": 1})
            self.assertEqual((len(called) > 0, len(called) % 2), (True, 0))  # as often both times
        self.assertEqual(self._left(lambda client: client.get("/").text), {})

    def test_is_left_while_others_write_of_each_request(self) -> None:
        reason = "what urllib3 and http.client write of each request for debugging"
        with self.assertLogs("urllib3.connectionpool", "DEBUG") as log:
            self.assertEqual(self._left(lambda client: client.get("/").text), {reason: 1})
        self.assertEqual(len([line for line in log.output if '"GET / HTTP/1.1" 200 5' in line]), 2)
        with mock.patch("http.client.HTTPConnection.debuglevel", 1), mock.patch("builtins.print"):
            self.assertEqual(self._left(lambda client: client.get("/").text), {reason: 1})
        self.assertEqual(self._left(lambda client: client.get("/").text), {})

    def test_is_not_left_by_what_requests_prepares_alone(self) -> None:
        self.target.answers["/digest"] = answer(b"", "401 Unauthorized", WWW_Authenticate='Digest realm="r", nonce="n"')

        def script(client: Any) -> Any:
            client.get("/", auth=Bearer())
            client.auth = HTTPBasicAuth("a", "b")
            client.post("/", data={"a": 1}, files={"f": b"x"}, cookies={"c": "d"})
            client.headers = requests.structures.CaseInsensitiveDict({"X": "y"})
            return client.get("/", params=[("a", 1)]).request.headers["Authorization"]

        self.assertEqual(self._left(script), {})
        digest = mock.patch("os.urandom", lambda size: b"r" * size)
        with digest, mock.patch("time.ctime", lambda: "now"):
            left = self._left(lambda client: client.get("/digest", auth=HTTPDigestAuth("a", "b")).status_code)
        self.assertEqual(left, {"authentication that looks at answers": 1})

    def test_goes_by_the_environment(self) -> None:
        proxied = {"http_proxy": self.target.url}

        def script(client: Any) -> Any:
            client.trust_env = True
            told = [client.get("/").url, client.get("http://other.invalid/", timeout=1).status_code]
            with mock.patch.dict(os.environ, proxied):
                told += [client.get("/x").url, client.get("http://other.invalid/").text]
                with mock.patch.dict(os.environ, {"no_proxy": "127.0.0.1"}):
                    told.append(client.get("/y").url)
                client.trust_env = False
                told.append(client.get("/z").url)
            return told

        def logged_in(client: Any) -> Any:
            before = "Authorization" in client.get("/").request.headers
            client.trust_env = True
            return before, client.get("/").request.headers["Authorization"]

        self.assertEqual(self._left(script), {"a proxy": 2})
        with tempfile.TemporaryDirectory() as folder:
            netrc = Path(folder, "netrc")
            netrc.write_text("machine 127.0.0.1 login me password secret\n")
            with mock.patch.dict(os.environ, {"NETRC": str(netrc)}):
                self.assertEqual(self._left(logged_in), {})

    def test_tells_a_reason_once(self) -> None:
        fallbacks._told.clear()
        user = self.user()
        start.choose_http_client()
        with mock.patch.object(fallbacks.logger, "disabled", False), self.assertLogs(fallbacks.logger) as log:
            for _ in range(3):
                user.client.get("/", stream=True)
            user.client.get("/", hooks={"response": lambda *_, **__: None})
        self.assertEqual(len(log.output), 2)
        self.assertIn("which takes more CPU: stream=True", log.output[0])
        reports = [{"httpFallbacks": {"stream=True": 3, "hooks=": 1}}, {}, {"httpFallbacks": {"hooks=": 4}}]
        told = [{"reason": "hooks=", "count": 5}, {"reason": "stream=True", "count": 3}]
        self.assertEqual(fallbacks.merged(reports), told)
        for number in range(50):
            fallbacks.count(str(number))
        self.assertLessEqual(len(fallbacks.counts), 21)

    def test_is_left_and_counted_where_the_fast_client_is_at_a_loss(self) -> None:
        left = self._left(lambda client: client.get("/", timeout=Timeout(3)).text)
        self.assertEqual(left, {"something that the fast client does not know": 1})
        with mock.patch("loadtest.httpplan.find_route", side_effect=KeyError("any")):
            left = self._left(lambda client: client.get("/").text)
        self.assertEqual(left, {"something that the fast client does not know": 1})

    def test_is_chosen_as_asked(self) -> None:
        def chosen(asked: str) -> str:
            HttpSession.request = THEIRS  # type: ignore[method-assign]
            with mock.patch.dict(os.environ, {"LOADTEST_HTTP_CLIENT": asked}):
                start.choose_http_client()
            return "requests" if HttpSession.request is THEIRS else "fast"

        self.assertEqual([chosen(asked) for asked in ("", "auto", "fast", "requests")], ["fast"] * 3 + ["requests"])
        with mock.patch.object(sys, "argv", ["locust", "--otel"]):
            self.assertEqual(chosen("auto"), "requests")
            self._refused(lambda: chosen("fast"), "HttpUser cannot run on the fast client, as httpClient asks: OpenT")
        with mock.patch.dict(patching.TESTED, {"urllib3": ("1.0",)}):
            self.assertEqual(chosen("auto"), "requests")
            self._refused(lambda: chosen("fast"), "not tested with urllib3")
        self._refused(lambda: chosen("best"), "must be auto, requests or fast, not best")

    def _refused(self, choose: Any, text: str) -> None:
        with mock.patch("sys.stderr") as stderr, self.assertRaises(SystemExit) as ended:
            choose()
        self.assertEqual(ended.exception.code, 2)
        self.assertIn(text, stderr.write.call_args[0][0])

    def test_shares_a_pool_of_the_script(self) -> None:
        for block, most in ((False, 6), (True, 2)):
            for choose in (lambda: None, start.choose_http_client):
                choose()
                self.target.forget()
                pool_manager = PoolManager(maxsize=2, block=block)
                users = [self.user(pool_manager=pool_manager) for _ in range(6)]
                greenlets = [gevent.spawn(one.client.get, "/") for one in users for _ in range(3)]
                gevent.joinall(greenlets, timeout=5)
                self.assertEqual([greenlet.value.text for greenlet in greenlets], ["hello"] * 18)
                self.assertLessEqual(self.target.connections, most if block else 18)
                self.assertLessEqual(len(self.reports), 18)
                pool_manager.clear()
        self.assertEqual(dict(fallbacks.counts), {})

    def test_remembers_no_more_than_it_may(self) -> None:
        start.choose_http_client()
        user = self.user()
        known = (httpheads._heads, httpheads._shapes, httpurls._targets)
        for one in known:
            one.clear()
        most = [mock.patch.object(httpheads, name, 5) for name in ("_MOST_HEADS", "_MOST_SHAPES")]
        with most[0], most[1], mock.patch.object(httpurls, "_MOST_TARGETS", 5):
            for number in range(12):
                user.client.get(f"/{number}", headers={f"X-Name-{number}": str(number)})
                self.assertLessEqual(max(map(len, known)), 5)
        paths = [head.split()[1] for _, head, _ in self.target.seen]
        self.assertEqual(paths, [f"/{number}".encode() for number in range(12)])


if __name__ == "__main__":
    unittest.main()
