"""The short way of a FastHttpUser's request does what the client's own does: on the wire, to the script, to Locust."""

import re
import unittest
from collections.abc import Callable
from typing import Any

import gevent
from locust import FastHttpUser

from fasthttp_case import LOOKS, FastHttpCase, look, of_request
from loadtest import client
from raw_target import ANSWERS, RawTarget

_ASKED: list[tuple[str, str, dict[str, Any]]] = [
    *[("GET", path, {}) for path in ANSWERS for _ in range(3)],
    *[(method, path, {}) for path in ("/plain", "/404", "/moved") for method in ("HEAD", "POST", "DELETE") * 3],
    *[("GET", path, {"allow_redirects": False}) for path in ("/moved", "/kept", "/plain", "/moved-late") * 2],
    *[
        ("POST", path, {"json": {"ü": [number]}})
        for number, path in enumerate(("/json", "/kept", "/moved", "/404") * 3)
    ],
    *[("POST", "/plain", {"data": "ü" * size}) for size in (1, 5, 50, 0)],
    *[("PUT", "/plain", {"data": b"\xff" * size}) for size in (1, 5, 50, 0, 20_000)],
    *[("POST", "/plain", {"data": {"field": "ü &", "other": size}}) for size in (1, 20, 3000)],
    *[("PATCH", "/plain", {"data": "{}", "headers": {"Content-Type": "text/css"}}) for _ in range(3)],
    *[("GET", "/plain", {"headers": {"X-Id": f"{number}{{0}}", "accept-encoding": "br"}}) for number in range(4)],
    *[("GET", "/plain", {"headers": {"X-Id": value}}) for value in ("", "ü", "€", "two\r\nlines", 5, ["a", "b"])],
    *[
        ("GET", "/plain", {"headers": {name: "5"}})
        for name in ("Content-Length", "Host", "Cookie", "a b")
        for _ in "12"
    ],
    *[("GET", "/plain", {"auth": ("me", word)}) for word in ("secret", "other", "secret")],
    *[("GET", "/plain", {"params": {"q": word, "page": 1, "all": True}}) for word in ("a", "b c", "ü&=", "~%7e")],
    *[("GET", "/plain?a", {"params": params}) for params in ({"q": ["one", "two"]}, {}, "b=1", {"x": None})],
    *[("GET", "/plain", {"context": {"key": "value"}, "name": name}) for name in ("a name", None, "")],
    *[("GET", f"/plain{rest}", {}) for rest in ("?", "?a=b?c", "?a b", "/ü", "/%7e%2F", "/%zz", "#part", ";a?b", ";")],
    *[
        ("GET", path, {})
        for path in ("//plain", "/a/../b", "/{0}/[x]", "plain", "", "http://127.0.0.1:1/", "/a\tb", "/€")
    ],
    *[("get", "/plain", {}), ("get", "/plain", {}), ("G T", "/plain", {})],
    *[("GET", path, {}) for path in ("/cookies", "/plain", "/deep/plain", "/plain", "/deep/plain", "/brief") * 2],
    *[("POST", "/plain", {"json": {}, "headers": {"Cookie": "own=1"}}), ("GET", "/kept", {}), ("GET", "/plain", {})],
    *[("GET", path, {}) for path in ("/forget", "/plain", "/deep/plain")],
]


class LeanTest(FastHttpCase):
    def _both(self, ask: Callable[[FastHttpUser, list[Any]], Any], **own: Any) -> Any:
        """What is seen with the short way, which is the same as without."""
        found = []
        host = own.pop("host", "127.0.0.1")
        for install in (self.restore, client.install):
            install()
            target = RawTarget()
            self.addCleanup(target.close)
            user = self.user(f"http://{host}:{target.port}", network_timeout=0.3, **own)
            reports: list[Any] = []
            user.environment.events.request.add_listener(lambda told=reports, **report: told.append(report))
            seen = ask(user, reports)
            found.append([self._plain(one, target.port) for one in (*seen, *target.seen)])
        self.maxDiff = None
        for before, after in zip(*found, strict=False):
            self.assertEqual(after, before)
        self.assertEqual(len(found[1]), len(found[0]))
        return found[1]

    @staticmethod
    def _plain(value: Any, port: int) -> str:
        return re.sub(r"0x\w+", "an address", repr(value).replace(str(port), "PORT"))

    def _report(self, reports: list[Any]) -> list[Any]:
        told = [{key: repr(value) for key, value in one.items() if "time" not in key} for one in reports]
        for one, report in zip(reports, told, strict=True):
            report["response"] = type(one["response"]).__name__
            report["keys"] = ",".join(one)
            report["times"] = 0 < one["response_time"] < 1000 and one["start_time"] > 0
        return told

    def test_gives_the_same_for_every_request(self) -> None:
        lean: list[bool] = []

        def ask(user: FastHttpUser, reports: list[Any]) -> list[Any]:
            seen = []
            for method, path, options in _ASKED:
                reports.clear()
                lean.append(False)
                try:
                    answer = user.client.request(method, path, **options)
                except Exception as error:
                    seen.append((method, path, options, repr(error), self._report(reports)))
                    continue
                lean[-1] = "loadtest" in vars(answer)
                looks = {name: look(lambda see=see, answer=answer: see(answer)) for name, see in LOOKS.items()}
                jar = sorted((one.name, one.value) for one in user.client.cookiejar)
                seen.append((method, path, options, looks, self._report(reports), jar))
            return seen

        self._both(ask)
        self.assertFalse(any(lean[: len(_ASKED)]))
        short = [one for one, is_short in zip(_ASKED, lean[len(_ASKED) :], strict=True) if is_short]
        self.assertGreater(len(short), len(_ASKED) // 3)
        for path in (
            "/plain",
            "/gzip",
            "/chunks",
            "/late-body",
            "/long",
            "/404",
            "/299",
            "/204",
            "/304",
            "/last",
            "/cookies",
        ):
            self.assertIn(path, [path for _, path, _ in short])
        for options in ("json", "data", "params", "auth", "headers", "allow_redirects"):
            self.assertTrue(any(options in one for _, _, one in short), options)

    def test_looks_the_same_in_any_order(self) -> None:
        def ask(user: FastHttpUser, _: list[Any]) -> list[Any]:
            seen = []
            for path in ("/text", "/gzip", "/not-gzip", "/chunks", "/cookies", "/404"):
                for names in (
                    ("parser", "headers"),
                    ("request", "parser", "content"),
                    ("rest", "text"),
                    ("length", "json"),
                ):
                    for options in ({}, {"catch_response": True}):
                        answer = user.client.get(path, **options)
                        seen.append([path, *[look(lambda n=n, a=answer: LOOKS[n](a)) for n in names]])
            return seen

        self._both(ask)

    def test_reports_what_the_script_decides(self) -> None:
        def ask(user: FastHttpUser, reports: list[Any]) -> list[Any]:
            http, seen = user.client, []
            for path in ("/plain", "/404", "/cut", "/silent", "/not-gzip", "/moved") * 2:
                for decide in ("nothing", "success", "failure", "raise", "assert"):
                    reports.clear()
                    try:
                        with http.get(path, catch_response=True) as answer:
                            looks = [answer.status_code, answer.text, answer.headers and list(answer.headers.items())]
                            if decide in ("success", "failure"):
                                getattr(answer, decide)(*["no"] * (decide == "failure"))
                            elif decide != "nothing":
                                raise (AssertionError if decide == "assert" else ValueError)("mine")
                    except Exception as error:
                        looks.append(repr(error))
                    seen.append([path, decide, looks, self._report(reports)])
            for path in ("/json", "/plain", "/404", "/empty", "/reset") * 2:
                reports.clear()
                with user.rest("POST", path, json={"a": 1}) as answer:
                    looks = [answer.js, answer.status_code]
                    assert path != "/json", "never this,"
                seen.append([path, looks, self._report(reports)])
            with http.rename_request("renamed"):
                seen += [(http.get("/plain").status_code, self._report(reports[-1:])) for _ in range(3)]
            seen.append([next(iter(http.iter_lines("/long")))[:10], http.get("/chunks", stream=True).text])
            return seen

        self._both(ask)

    def test_shows_what_was_sent_after_the_script_has_written_on(self) -> None:
        def ask(user: FastHttpUser, _: list[Any]) -> list[Any]:
            seen: list[Any] = []
            data, params, headers = {"a": "1"}, {"q": "1"}, {"X-A": "1"}
            for path in ("/plain", "/404", "/kept") * 3:
                answer = user.client.post(path, data=data, params=params, headers=headers)
                for given in (data, params, headers):
                    given.update({name: f"{value}0" for name, value in given.items()})
                seen.append([path, of_request(answer), answer._sent_request])
            return seen

        self._both(ask)

    def test_is_the_same_for_other_kinds_of_users(self) -> None:
        def ask(user: FastHttpUser, reports: list[Any]) -> list[Any]:
            answers = [user.client.get(path) for path in ("/plain", "/a?b", "/ü", "/404", "/plain") * 2]
            return [[one.text, one.url, of_request(one), one._sent_request] for one in answers] + self._report(reports)

        self._both(ask, default_headers={"X-Own": "{0}", "User-Agent": "me"})
        self._both(ask, host="you:secret@127.0.0.1")
        self._both(ask, max_redirects=0)
        self._both(ask, max_retries=2, concurrency=2)

    def test_leaves_a_request_that_is_ended_from_outside(self) -> None:
        def ask(user: FastHttpUser, reports: list[Any]) -> list[Any]:
            seen = [user.client.get("/plain").status_code for _ in range(3)]
            for path in ("/silent", "/silent-body"):
                waits = gevent.spawn(user.client.get, path)
                gevent.sleep(0.05)
                waits.kill()
                seen.append(repr(waits.value))
                with gevent.Timeout(0.1, False):
                    seen.append(user.client.get(path).status_code)
                seen.append(look(lambda path=path: self._timed(user, path)))
                seen.append(user.client.get("/plain").status_code)
            return [*seen, self._report(reports)]

        self._both(ask)

    @staticmethod
    def _timed(user: FastHttpUser, path: str) -> str:
        with gevent.Timeout(0.1):
            return repr(user.client.get(path).error)


if __name__ == "__main__":
    unittest.main()
