"""Answers in every form, cookies and redirects are the same to a script, on the fast client as with `requests`."""

import copy
import time
import unittest
import zlib
from typing import Any

import brotli
import gevent

from httpuser_case import PACKED, HttpUserCase, answer
from loadtest import fallbacks
from loadtest.httpanswer import Answered


def chunked(*chunks: bytes, status: str = "200 OK", end: bytes = b"0\r\n\r\n", **fields: str) -> bytes:
    head = answer(b"", status, **fields, Transfer_Encoding="chunked").replace(b"Content-Length: 0\r\n", b"")
    return head + b"".join(b"%x\r\n%b\r\n" % (len(chunk), chunk) for chunk in chunks) + end


_LONG = b"line one\nline two\r\n\r\nlast " * 9000
_ANSWERS: dict[str, Any] = {
    "/html": answer("größe".encode("latin-1"), Content_Type="text/html"),
    "/utf8": answer("größe €".encode(), Content_Type="text/plain; charset=utf-8"),
    "/quoted": answer("größe €".encode(), Content_Type='text/plain; charset="UTF-8"'),
    "/odd": answer("größe €".encode(), Content_Type="text/plain; charset=nonsense"),
    "/guess": answer("größe € и другие слова".encode(), Content_Type="application/octet-stream"),
    "/json": answer('{"größe": [1, null]}'.encode(), Content_Type="application/json"),
    "/json16": answer('{"größe": 1}'.encode("utf-16"), Content_Type="application/json"),
    "/nojson": answer(b'{"cut": ', Content_Type="application/json"),
    "/two-types": answer("größe".encode(), Content_Type="text/html", content_type="text/plain; charset=utf-8"),
    "/empty": answer(b""),
    "/nothing": answer(b"", "204 No Content").replace(b"Content-Length: 0\r\n", b""),
    "/same": answer(b"", "304 Not Modified", ETag='"x"').replace(b"Content-Length: 0", b"Content-Length: 5"),
    "/missing": answer(b"not there", "404 Not Found"),
    "/broken": answer(b"oh", "500 Größe".encode().decode("latin-1")),
    "/silent": answer(b"", "503 "),
    "/odd-status": answer(b"x", "799 Odd"),
    "/created": answer(b"", "201 Created", Location="/elsewhere"),
    "/choice": answer(b"", "300 Multiple Choices", Location="/elsewhere"),
    "/no-location": answer(b"moved", "302 Found"),
    "/links": answer(Link='</next?page=2>; rel="next", </last>; rel=last'),
    "/many": answer(X_Twice="1").replace(b"X-Twice: 1", b"X-Twice: 1\r\nx-twice: 2\r\nX-Empty:\r\nX-Tab:\t a \t"),
    "/latin": answer(X_Latin="größe"),
    "/long": answer(_LONG),
    "/pieces": (answer(_LONG)[:100], answer(_LONG)[100:70_000], answer(_LONG)[70_000:]),
    "/slow-head": (b"HTTP/1.1 200 OK\r\nContent-", b"Length: 5\r\n\r\n", b"hel", b"lo"),
    "/chunked": chunked(b"hello ", b"world"),
    "/chunked-pieces": (chunked(b"hello ", b"world")[:70], chunked(b"hello ", b"world")[70:]),
    "/trailers": chunked(b"hello", end=b"0\r\nX-Trailer: 1\r\n\r\n"),
    "/extension": chunked(end=b"5;name=value\r\nhello\r\n0\r\n\r\n"),
    "/gzip": answer(PACKED, Content_Encoding="gzip"),
    "/gzip-upper": answer(PACKED, Content_Encoding="GZip"),
    "/gzip-chunked": chunked(PACKED[:10], PACKED[10:], Content_Encoding="gzip"),
    "/gzip-twice": answer(PACKED + PACKED + b"rest", Content_Encoding="x-gzip"),
    "/gzip-empty": answer(b"", Content_Encoding="gzip"),
    "/gzip-cut": answer(PACKED[:-9], Content_Encoding="gzip"),
    "/gzip-wrong": answer(b"this is no gzip", Content_Encoding="gzip"),
    "/deflate": answer(zlib.compress(b"deflated " * 50), Content_Encoding="deflate"),
    "/deflate-raw": answer(zlib.compress(b"deflated " * 50)[2:-4], Content_Encoding="deflate"),
    "/br": answer(brotli.compress(b"brotli " * 50), Content_Encoding="br"),
    "/br-wrong": answer(b"this is no brotli", Content_Encoding="br"),
    "/both": answer(brotli.compress(PACKED), Content_Encoding="gzip, br"),
    "/twice": answer(brotli.compress(PACKED), Content_Encoding="gzip", content_encoding="br"),
    "/identity": answer(Content_Encoding="identity"),
    "/unknown": answer(Content_Encoding="unknown"),
    "/lengths": answer().replace(b"Content-Length: 5", b"Content-Length: 5\r\nContent-Length: 5"),
    "/early": b"HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n" + answer(),
    "/continue": b"HTTP/1.1 100 Continue\r\n\r\n" + answer(),
    "/old": b"HTTP/1.0 200 OK\r\nContent-Length: 5\r\n\r\nhello",
    "/line-feeds": b"HTTP/1.1 200 OK\nContent-Length: 5\nX-One: 1\n\nhello",
    "/folded": b"HTTP/1.1 200 OK\r\nX-Long: one\r\n  two\r\nContent-Length: 5\r\n\r\nhello",
    "/bad-field": b"HTTP/1.1 200 OK\r\nConnection: close\r\nno field\r\nContent-Length: 5\r\n\r\nhello",
    "/last": answer(Connection="close"),
    "/after": answer(),
}  # fmt: skip


class HttpFastAnswersTest(HttpUserCase):
    def test_are_the_same_in_every_form(self) -> None:
        self.target.answers = dict(_ANSWERS)
        self.ask(*(("GET", path) for path in _ANSWERS))
        whole = [path for path, said in _ANSWERS.items() if isinstance(said, bytes)]
        self.ask(*(("HEAD", path) for path in whole if path not in ("/early", "/continue")))
        self.ask(*(("POST", path, {"json": {"a": 1}}) for path in _ANSWERS))
        self.assertEqual(dict(fallbacks.counts), {})

    def test_are_read_in_the_short_way_where_they_are_plain(self) -> None:
        self.target.answers = dict(_ANSWERS)
        plain = (
            "/html",
            "/missing",
            "/nothing",
            "/many",
            "/long",
            "/pieces",
            "/chunked",
            "/chunked-pieces",
            "/gzip",
            "/br",
            "/last",
        )

        def script(user: Any, _: list[Any]) -> None:
            self.others = [path for path in plain if type(user.client.get(path)) is not Answered]

        self.both(script)
        self.assertEqual(self.others, [])

    def test_can_be_changed_and_copied(self) -> None:
        self.target.answers = dict(_ANSWERS)

        def script(user: Any, notes: list[Any]) -> None:
            response = user.client.get("/html")
            response.encoding = "utf-16"
            response.own = "own"
            again = copy.copy(response)
            notes.append((response.text, again.encoding, response.own, hasattr(response, "other")))
            response.close()
            notes.extend(user.client.get("/json").iter_lines(chunk_size=4, delimiter=b","))
            notes.append((response == again, len({response, again}), [*response]))

        self.both(script)

    def test_keeps_cookies_alike(self) -> None:
        def cookies(*lines: str) -> bytes:
            text = "\r\n".join(f"Set-Cookie: {line}" for line in lines)
            return answer(X_Y="z").replace(b"X-Y: z", text.encode("latin-1"))

        self.target.answers = {
            "/login": cookies("session=1; Path=/; HttpOnly", 'quoted="a b"; Path=/', "shop=x; Path=/shop"),
            "/turn": cookies("session=2; Path=/", "other=3"),
            "/short": cookies("brief=1; Max-Age=1; Path=/"),
            "/logout": cookies(
                "session=; Max-Age=0; Path=/", "shop=; Expires=Thu, 01 Jan 1970 00:00:00 GMT; Path=/shop"
            ),
            "/foreign": cookies("a=1; Domain=example.com", "b=2; Secure", "c=3; Domain=127.0.0.1; Path=/", "bad"),
            "/gone": answer(b"", "404 Not Found", Set_Cookie="seen=1; Path=/"),
        }

        def script(user: Any, notes: list[Any]) -> None:
            client = user.client

            def get(path: str, **options: Any) -> None:
                response = client.get(path, **options)
                sent = response.request.headers.get("Cookie")
                notes.append((path, sent, sorted(response.cookies.items()), sorted(client.cookies.get_dict().items())))

            for path in (
                "/",
                "/login",
                "/",
                "/shop",
                "/shop/one?x=1",
                "/shopping",
                "/turn",
                "/deep/er",
                "/foreign",
                "/",
            ):
                get(path)
            get("/", cookies={"call": "1", "session": "mine"})
            get("/", headers={"Cookie": "own=1"})
            get("/", headers={"Host": "example.com"})
            client.cookies.set("by", "script")
            get("/")
            client.cookies["by"] = "again"
            get("/")
            client.cookies.set("for", "others", domain="example.com")
            get("/")
            for cookie in client.cookies:
                cookie.value = f"{cookie.value}!"
            get("/shop")
            client.post("/", json={"a": 1})
            client.post("/", json={"a": 22}, auth=("x", "y"))
            get("/short")
            get("/")
            gevent.sleep(2.1)
            get("/")
            get("/logout")
            get("/shop")
            get("/gone")
            client.cookies.clear()
            get("/")
            client.cookies.update({"two": "2", "one": "1"})
            get(f"http://localhost:{self.target.port}/")

        _, seen = self.both(script)
        self.assertIn(b"Cookie: session=1", b"".join(head for _, head, _ in seen))
        self.assertEqual(dict(fallbacks.counts), {})

    def test_follows_redirects_alike(self) -> None:
        port = self.target.port
        for status in (301, 302, 303, 307, 308):
            self.target.answers[f"/{status}"] = answer(b"moved", f"{status} Moved", Location="/there?x=1")
        self.target.answers |= {
            "/relative": answer(b"", "302 Found", Location="../there#part"),
            "/host": answer(b"", "302 Found", Location=f"http://localhost:{port}/there"),
            "/port": answer(b"", "307 Found", Location=f"//127.0.0.1:{port}/302"),
            "/loop": answer(b"", "302 Found", Location="/loop"),
            "/nowhere": answer(b"", "302 Found", Location="http://127.0.0.1:1/"),
            "/scheme": answer(b"", "302 Found", Location="ftp://127.0.0.1/"),
            "/bad": answer(b"", "302 Found", Location="http://"),
            "/utf8": answer(b"", "302 Found", Location="/größe".encode().decode("latin-1")),
            "/cookie": answer(b"", "302 Found", Location="/there", Set_Cookie="on=way; Path=/"),
            "/close": answer(b"", "302 Found", Location="/there", Connection="close"),
            "/chunks": chunked(b"moved", status="302 Found", Location="/there"),
            "/there": answer(b"arrived"),
        }
        calls: list[tuple[Any, ...]] = [("GET", path) for path in self.target.answers]
        calls += [
            (method, f"/{status}") for status in (301, 302, 303, 307, 308) for method in ("HEAD", "PUT", "DELETE")
        ]
        calls += [("POST", f"/{status}", {"json": {"a": 1}}) for status in (301, 302, 303, 307, 308)]
        calls += [("POST", f"/{status}", {"data": {"a": "ü"}, "auth": ("a", "b")}) for status in (302, 307)]
        calls += [("GET", path, {"auth": ("me", "secret")}) for path in ("/host", "/port", "/302")]
        calls += [("GET", path, {"headers": {"Authorization": "Bearer x"}}) for path in ("/host", "/port")]
        calls += [("GET", path, {"allow_redirects": False}) for path in ("/301", "/307", "/cookie", "/bad", "/there")]
        calls += [("GET", "/302", {"name": "named", "timeout": (3, 4), "cookies": {"by": "call"}})]
        self.ask(*calls)
        self.assertEqual(dict(fallbacks.counts), {})

    def test_take_as_long_as_they_took(self) -> None:
        self.target.answers = {
            "/late": lambda sock: (gevent.sleep(0.1), sock.sendall(answer())),
            "/moved": lambda sock: (gevent.sleep(0.1), sock.sendall(answer(b"", "302 Found", Location="/"))),
        }  # type: ignore[dict-item]

        def script(user: Any, notes: list[Any]) -> None:
            begun = time.time()
            for path in ("/late", "/moved"):
                response = user.client.get(path)
                first = response.history[0] if response.history else response
                notes.append(0.1 <= first.elapsed.total_seconds() < 0.15)
                notes.append(100 <= response.request_meta["response_time"] < 200)
                notes.append(0 <= response.request_meta["start_time"] - begun < 0.5)

        notes, _ = self.both(script)
        self.assertEqual(notes, [True] * 6)


if __name__ == "__main__":
    unittest.main()
