"""HttpUser on the fast client sends, keeps and reports the same as plain HttpUser."""

import unittest
from io import BytesIO
from typing import Any

from httpuser_case import HttpUserCase, answer
from loadtest import fallbacks

_CALLS: list[tuple[Any, ...]] = [
    ("GET", "/"),
    ("GET", "/"),
    ("get", "/lower"),
    ("GET", "/search", {"params": {"q": ["one", "two ü"], "page": 1, "none": None, "flag": True}}),
    ("GET", "/search", {"params": {"page": 1.0}}),
    ("GET", "/search", {"params": {"page": 1}}),
    ("GET", "/search?a=b", {"params": [("q", "x"), ("q", "y&=")]}),
    ("GET", "/search", {"params": "raw=a b&c=ü"}),
    ("GET", "/search", {"params": b"raw=bytes"}),
    ("GET", "/search?q=a b&umlaut=ü#there"),
    ("GET", "/search#there", {"params": {"q": 1}}),
    ("GET", "/empty?"),
    ("GET", ""),
    ("GET", "?only=query"),
    ("GET", "/a/../b/./c;p=1"),
    ("GET", "/.hidden/..."),
    ("GET", "//two//slashes"),
    ("GET", "/enc%7eoded/%2f/%zz/100%"),
    ("GET", "/pünktchen/'quoted'/(x)!*,;:@&=+$~"),
    ("GET", "/[x]|{y}^`\\\"<>"),
    ("GET", " /space"),
    ("GET", "/", {"headers": {"X-One": "1", "accept-encoding": "identity", "User-Agent": "me"}}),
    ("GET", "/", {"headers": {"Accept": None, "X-Bytes": b"bytes"}}),
    ("GET", "/", {"headers": {"Host": "other.example", "Connection": "close"}}),
    ("GET", "/", {"headers": {"Content-Length": "0"}}),
    ("GET", "/", {"headers": {"X-Latin": "\xe4", "Cookie": "own=1"}}),
    ("GET", "/", {"headers": {"X-Bad": "two\r\nlines"}}),
    ("GET", "/", {"headers": {"X-Bad": " leading"}}),
    ("GET", "/", {"headers": {"X-Bad": 1}}),
    ("GET", "/", {"headers": {"X Bad\r\n": "x"}}),
    ("GET", "/", {"headers": {"X-Far": "\u20ac"}}),
    ("GET", "/", {"headers": {"": "x"}}),
    ("GET", "/", {"auth": ("me", "secret ü")}),
    ("GET", "/", {"auth": ("me", "secret"), "headers": {"Authorization": "Bearer x"}}),
    ("GET", "/", {"cookies": {"by": "call"}}),
    ("GET", "/", {"data": {"in": "get"}}),
    ("GET", "/", {"json": [1]}),
    ("HEAD", "/"),
    ("OPTIONS", "/"),
    ("OPTIONS", "*"),
    ("DELETE", "/one"),
    ("DELETE", "/one", {"json": {}}),
    ("POST", "/"),
    ("POST", "/", {"json": {"umlaut": "ü", "n": [1, None, True]}}),
    ("POST", "/", {"json": {"umlaut": "ü"}, "headers": {"Content-Type": "application/x.own+json"}}),
    ("POST", "/", {"json": {}, "data": {}}),
    ("POST", "/", {"json": {"a": 1}, "data": "wins"}),
    ("POST", "/", {"json": float("nan")}),
    ("POST", "/", {"json": {1, 2}}),
    ("POST", "/", {"json": 0}),
    ("POST", "/", {"data": "text ü"}),
    ("POST", "/", {"data": b"\x00\xff" * 30_000}),
    ("POST", "/", {"data": {"form": "field", "and": ["one", "more"], "none": None}}),
    ("POST", "/", {"data": {"none": None}}),
    ("POST", "/", {"data": [("a", "1"), ("a", 2)]}),
    ("POST", "/", {"data": (("a", "1"),), "headers": {"Content-Length": "99"}}),
    ("POST", "/", {"data": bytearray(b"array")}),
    ("POST", "/", {"data": ""}),
    ("POST", "/", {"data": {"a": "1"}, "params": {"b": 2}, "auth": ("x", "y"), "cookies": {"c": "d"}}),
    ("POST", "/", {"files": {"file": ("name.txt", b"content", "text/plain")}, "headers": {"Content-Type": "x/y"}}),
    ("PUT", "/", {"data": "x" * 1000, "name": "a put"}),
    ("PATCH", "/", {"data": "", "headers": {"Content-Type": "text/css"}}),
    ("PURGE", "/odd"),
    ("BAD METHOD", "/"),
    ("GET", "/", {"context": {"a": 1}, "name": "named"}),
    ("GET", "http://127.0.0.1:port/"),
    ("GET", "http://127.0.0.1:99999/"),
    ("GET", "http://127.0.0.1:1/nobody"),
    ("GET", "http://"),
    ("GET", "https://*.example/"),
    ("GET", "/", {"timeout": 5}),
    ("GET", "/", {"timeout": (3, 4.5)}),
    ("GET", "/", {"timeout": 0}),
    ("GET", "/", {"timeout": (1, 2, 3)}),
    ("GET", "/", {"timeout": "soon"}),
    ("GET", "/", {"nonsense": 1}),
    ("GET", "/", {"stream": True}),
    ("GET", "/", {"hooks": {"response": lambda response, **_: setattr(response, "reason", "hooked")}}),
    ("GET", "/", {"verify": False}),
    ("GET", "/", {"allow_redirects": False}),
]  # fmt: skip


class HttpFastTest(HttpUserCase):
    def test_sends_and_gives_the_same(self) -> None:
        notes, seen = self.ask(*_CALLS)
        self.assertGreater(len(seen), 55)
        self.assertEqual(len(notes), len(_CALLS))
        self.assertEqual(
            dict(fallbacks.counts),
            {"stream=True": 1, "hooks=": 1, "a body that is no plain text or bytes": 2},
        )

    def test_leaves_bodies_that_are_read_to_requests(self) -> None:
        def script(user: Any, notes: list[Any]) -> None:
            bodies = (iter([b"one", b"two"]), BytesIO(b"file"), BytesIO(b""))
            notes += [user.client.put("/", data=data).request.headers.get("Content-Length") for data in bodies]
            file = BytesIO(b"file")
            file.read(2)
            user.client.post("/", files={"one": file, "two": ("name", "text", "text/css", {"X-Part": "1"})})

        notes, _ = self.both(script)
        self.assertEqual(notes, [None, "4", None])
        self.assertEqual(dict(fallbacks.counts), {"a body that is no plain text or bytes": 3})

    def test_sends_a_call_s_own_cookie_and_host_whatever_the_jar_has(self) -> None:
        def script(user: Any, notes: list[Any]) -> None:
            jar = user.client.cookies
            jar.set("a", "1", domain="other.example")
            for value in "112":
                # At first the same as the call's own.
                jar.set("a", value, domain="127.0.0.1")
                answers = [
                    user.client.get("/", headers=own) for own in ({"Cookie": "a=1"}, {"Host": "other.example"}, {})
                ]
                notes += [answer.request.headers.get("Cookie") for answer in answers]

        notes, _ = self.both(script)
        self.assertEqual(notes, ["a=1"] * 8 + ["a=2"])

    def test_sends_the_same_with_settings_of_a_session(self) -> None:
        def prepare(client: Any) -> None:
            client.headers["X-Session"] = "1"
            client.headers["accept"] = "text/html"
            client.params = {"key": "k", "n": [1, 2]}
            client.auth = ("me", "secret")

        calls = [
            ("GET", "/", {}),
            ("GET", "/", {"params": {"key": "mine", "other": "o"}}),
            ("GET", "/", {"params": {"key": None}}),
            ("GET", "/", {"auth": ("you", "own"), "headers": {"x-session": None}}),
            ("POST", "/", {"json": {"a": 1}}),
            ("POST", "/", {"json": {"a": 22}}),
        ]

        def script(user: Any, notes: list[Any]) -> None:
            prepare(user.client)
            for method, path, options in calls:
                notes.append(user.client.request(method, path, **options).text)
            user.client.headers = {"X-Plain": "dict", "User-Agent": "mine"}
            user.client.auth = None
            for method, path, options in calls:
                user.client.request(method, path, **options)
            del user.client.headers["X-Plain"]
            user.client.get("/")

        self.both(script)
        self.assertEqual(dict(fallbacks.counts), {})

    def test_names_requests_alike(self) -> None:
        def script(user: Any, _: list[Any]) -> None:
            client = user.client
            client.get("/one?x=1")
            client.get("/one", name="given")
            with client.rename_request("grouped"):
                client.get("/two")
                client.get("/three", name="own")
            client.request_name = "set"
            client.post("/four", json={})
            client.request_name = None
            client.get(f"{self.target.url}/absolute", name="")

        self.both(script)
        self.assertEqual(
            [report["name"] for report, *_ in self.reports], ["/one?x=1", "given", "grouped", "own", "set", "/absolute"]
        )

    def test_reports_what_scripts_decide(self) -> None:
        self.target.answers["/missing"] = answer(b"no", "404 Not Found")

        def script(user: Any, notes: list[Any]) -> None:
            client = user.client
            for path in ("/", "/missing"):
                with client.get(path, catch_response=True) as response:
                    notes.append(response.text)
                with client.get(path, catch_response=True) as response:
                    response.failure("said so")
                with client.get(path, catch_response=True) as response:
                    response.success()
                with self.assertRaises(KeyError), client.get(path, catch_response=True):
                    raise KeyError
            with user.rest("GET", "/") as response:
                notes.append(response.js)
            for wrong in (lambda r: r.success(), lambda r: r.__enter__(), lambda r: r.nothing):
                try:
                    wrong(client.get("/"))
                except Exception as error:
                    notes.append(told(error))

        def told(error: Exception) -> str:
            return f"{type(error)} {error}"

        self.both(script)

    def test_goes_below_a_path_and_to_other_hosts(self) -> None:
        def script(user: Any, notes: list[Any]) -> None:
            port = self.target.port
            urls = ("/x", "/x y", f"http://localhost:{port}/other", self.target.url, f"http://a:b@127.0.0.1:{port}/c")
            notes += [user.client.get(url).url for url in urls]

        self.both(script, host=f"{self.target.url}/base/path")
        self.both(script, host=f"http://me:s%20t@127.0.0.1:{self.target.port}")

    def test_keeps_users_apart(self) -> None:
        def script(user: Any, notes: list[Any]) -> None:
            other = self.user()
            user.client.headers["X-User"] = "a"
            other.client.headers["X-User"] = "b"
            notes += [one.client.get("/").request.headers["X-User"] for one in (user, other, user)]

        notes, _ = self.both(script)
        self.assertEqual(notes, ["a", "b", "a"])

    def test_tells_how_long_an_answer_took_without_its_body(self) -> None:
        self.target.answers["/slow"] = (answer()[:-5], *([b"h"] * 5))
        took = []

        def script(user: Any, _: list[Any]) -> None:
            took.append(user.client.get("/slow").elapsed.total_seconds())

        self.both(script)
        self.assertLess(max(took), 0.06)  # the body takes 0.1 s


if __name__ == "__main__":
    unittest.main()
