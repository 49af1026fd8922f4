"""One exchange over a connection: every form of answer is read as geventhttpclient's parser reads it."""

import ssl
import subprocess
import tempfile
import time
import unittest
from pathlib import Path
from typing import Any
from unittest import mock

import gevent
import gevent.socket
import gevent.ssl

from loadtest import answers, exchange

_OK = b"HTTP/1.1 200 OK\r\n"
_HELLO = _OK + b"Content-Length: 5\r\n\r\nhello"
_CHUNKED = _OK + b"Transfer-Encoding: chunked\r\n"

_WHOLE: list[tuple[str, bytes]] = [
    ("GET", _HELLO),
    ("GET", _OK + b"content-LENGTH:5\r\nA: \r\nB:\r\nC: x y \t\r\nD:\t\xfc\xff\r\n\r\nhello"),
    ("GET", _OK + b"Content-Length: 5\r\nSet-Cookie: a=1\r\nX: y\r\nset-cookie: b=2\r\n\r\nhello"),
    ("GET", _OK + b"Content-Length: 05\r\nConnection: keep-alive\r\n\r\nhello"),
    ("GET", _OK + b"Content-Length: 5 \r\nConnection: Close\r\n\r\nhello"),
    ("GET", _OK + b"Content-Length: 5\r\nConnection: close\r\n\r\nhello"),
    ("GET", _OK + b"Content-Length: 5\r\nConnection: x, close\r\n\r\nhello"),
    ("GET", _OK + b"Content-Length: 5\r\nConnection: keep-alive\r\nConnection: close\r\n\r\nhello"),
    ("GET", _OK + b"Content-Length: 5\r\nProxy-Connection: close\r\n\r\nhello"),
    ("GET", _OK + b"Content-Length: 5\r\nUpgrade: h2,h2c\r\n\r\nhello"),
    ("GET", _OK + b"Content-Length: 0\r\n\r\n"),
    ("GET", _OK + b"Content-Length: 70000\r\n\r\n" + b"x" * 70_000),
    ("GET", b"HTTP/1.1 200\r\nContent-Length: 5\r\n\r\nhello"),
    ("GET", b"HTTP/1.1 404 \r\nContent-Length: 5\r\n\r\nhello"),
    ("GET", b"HTTP/1.1 999 \xfcber\r\nContent-Length: 5\r\n\r\nhello"),
    ("GET", b"HTTP/1.0 200 OK\r\nContent-Length: 5\r\n\r\nhello"),
    ("GET", b"HTTP/1.0 200 OK\r\nContent-Length: 5\r\nConnection: keep-alive\r\n\r\nhello"),
    ("GET", b"\r\n" + _HELLO),
    ("GET", b"HTTP/1.1 204 No Content\r\n\r\n"),
    ("GET", b"HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n"),
    ("HEAD", _OK + b"Content-Length: 5\r\n\r\n"),
    ("HEAD", _CHUNKED + b"\r\n"),
    ("HEAD", _OK + b"\r\n"),
    ("POST", b"HTTP/1.1 100 Continue\r\n\r\n" + _HELLO),
    ("GET", b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n" + _HELLO),
    ("GET", _CHUNKED + b"\r\n5\r\nhello\r\n0\r\n\r\n"),
    ("GET", _CHUNKED + b"\r\n0005\r\nhello\r\nA\r\n, my world\r\n0\r\n\r\n"),
    ("GET", _CHUNKED + b"\r\n5;name=value\r\nhello\r\n0\r\nX-Trailer: 1\r\n\r\n"),
    ("GET", _OK + b"Transfer-Encoding: gzip, Chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n"),
    ("GET", _CHUNKED + b"Content-Encoding: gzip\r\n\r\n5\r\nhello\r\n0\r\n\r\n"),
]
_UNTIL_CLOSED: list[tuple[str, bytes]] = [
    ("GET", _OK + b"\r\nhello"),
    ("GET", _OK + b"Transfer-Encoding: gzip\r\n\r\nhello"),
    ("GET", b"HTTP/1.0 200 OK\r\n\r\n"),
]
_BAD: list[tuple[str, bytes]] = [
    ("GET", b"SSH-2.0-OpenSSH\r\n\r\n"),
    ("GET", b"HTTP/2 200 OK\r\nContent-Length: 5\r\n\r\nhello"),
    ("GET", b"HTTP/1.1 200 OK\nContent-Length: 5\n\nhello"),
    ("GET", _HELLO + b" and more"),
    ("GET", b"HTTP/1.1 204 No Content\r\nContent-Length: 5\r\n\r\nhello"),
    ("GET", _CHUNKED + b"Content-Length: 5\r\n\r\n5\r\nhello\r\n0\r\n\r\n"),
    ("GET", _OK + b"Content-Length: 5\r\nContent-Length: 5\r\n\r\nhello"),
    ("GET", _OK + b"Content-Length: +5\r\n\r\nhello"),
    ("GET", _OK + b"Content-Length:\r\n\r\nhello"),
    ("GET", _OK + b"Content-Length: 99999999999999999999999\r\n\r\nhello"),
    ("GET", _OK + b"Content-Length: 5\r\nA : 1\r\n\r\nhello"),
    ("GET", _OK + b"Content-Length: 5\r\nA: 1\r\n b\r\n\r\nhello"),
    ("GET", _OK + b"Content-Length: 5\r\nA: \x00\r\n\r\nhello"),
    ("GET", _OK + b"Content-Length: 5\r\nno colon\r\n\r\nhello"),
    ("GET", _CHUNKED + b"\r\n0x5\r\nhello\r\n0\r\n\r\n"),
    ("GET", _CHUNKED + b"\r\n5 \r\nhello\r\n0\r\n\r\n"),
    ("GET", _CHUNKED + b"\r\n5\r\nhello0\r\n\r\n"),
    ("GET", _CHUNKED + b"\r\n5\r\nhello\r\n0\r\n\r\nmore"),
]


class ExchangeTest(unittest.TestCase):
    def setUp(self) -> None:
        answers._heads.clear()

    def _pair(self, timeout: float | None = 1) -> tuple[Any, Any]:
        pair = gevent.socket.socketpair()
        for one in pair:
            self.addCleanup(one.close)
        pair[0].settimeout(timeout)
        return pair

    def _ask(self, method: str, parts: list[bytes], closes: bool = False) -> Any:
        """What comes of an answer that arrives in these parts: it, or the class of what is raised."""
        near, far = self._pair()

        def serve() -> None:
            far.recv(1000)
            for part in parts:
                far.sendall(part)
                gevent.sleep(0.002)
            if closes:
                far.close()

        server = gevent.spawn(serve)
        try:
            answer = exchange.exchange(near, b"a request\r\n\r\n", method)
        except Exception as error:
            return type(error)
        finally:
            server.join()
        return (answer.status, answer.reason, answer.version, answer.fields, answer.body, answer.keeps_open)

    def _by_parser(self, method: str, parts: list[bytes], closes: bool = False) -> Any:
        with mock.patch.object(exchange, "read_head", return_value=None):
            return self._ask(method, parts, closes)

    def test_reads_as_the_parser_does(self) -> None:
        for closes, texts in ((False, _WHOLE), (True, _UNTIL_CLOSED)):
            for method, text in texts:
                with self.subTest(text=text[:100]):
                    found = self._ask(method, [text], closes)
                    self.assertEqual(found, self._by_parser(method, [text], closes))
                    self.assertIsInstance(found, tuple)
                    # The second time, its head is known.
                    self.assertEqual(self._ask(method, [text], closes), found)

    def test_gives_what_was_sent(self) -> None:
        text = b"HTTP/1.1 203 Well \xfc\r\nX-A: 1\r\nContent-Length: 5\r\nx-a: 2\r\nConnection: close\r\n\r\nhello"
        fields = [("X-A", "1"), ("Content-Length", "5"), ("x-a", "2"), ("Connection", "close")]
        self.assertEqual(self._ask("GET", [text]), (203, "Well ü", "HTTP/1.1", fields, b"hello", False))
        answer = exchange.Answer(answers.read_head(text), b"")
        self.assertEqual([answer.field(name) for name in ("x-A", "CONTENT-length", "none")], ["1", "5", None])
        answer.fields.clear()
        self.assertEqual(answer.fields, fields)

    def test_reads_what_comes_in_parts(self) -> None:
        for closes, texts in ((False, _WHOLE), (True, _UNTIL_CLOSED)):
            for method, text in texts:
                for at in {1, 20, text.find(b"\r\n\r\n") + 2, text.find(b"\r\n\r\n") + 6} & set(range(len(text))):
                    parts = [text[:at], text[at:]]
                    with self.subTest(parts=[part[:100] for part in parts]):
                        self.assertEqual(self._ask(method, parts, closes), self._by_parser(method, [text], closes))

    def test_refuses_what_the_parser_refuses(self) -> None:
        for method, text in _BAD:
            with self.subTest(text=text[:100]):
                self.assertIs(self._ask(method, [text]), exchange.BadAnswer)
                self.assertIs(self._by_parser(method, [text]), exchange.BadAnswer)

    def test_tells_a_closed_connection_from_an_answer_that_breaks_off(self) -> None:
        self.assertIs(self._ask("GET", [], closes=True), exchange.ConnectionClosed)
        for text in (_OK[:5], _HELLO[:-1], _HELLO[:-8], _CHUNKED + b"\r\n5\r\nhello\r\n", b"HTTP/1.1 100 Go\r\n\r\n"):
            with self.subTest(text=text):
                self.assertIs(self._ask("GET", [text], closes=True), exchange.Incomplete)

    def test_takes_an_answer_to_what_could_not_be_sent(self) -> None:
        near, far = self._pair()
        far.sendall(b"HTTP/1.1 413 Too much\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
        far.close()
        self.assertEqual(exchange.exchange(near, b"x" * 1000, "POST").status, 413)

    def test_waits_for_the_socket_s_own_timeout(self) -> None:
        near, far = self._pair(0.2)
        begun = time.monotonic()
        with self.assertRaises(TimeoutError):
            exchange.exchange(near, b"x", "GET")
        self.assertTrue(0.2 <= time.monotonic() - begun < 0.5)
        for text in (_OK, _HELLO[:-1]):
            near, far = self._pair(0.1)
            far.sendall(text)
            with self.assertRaises(TimeoutError):
                exchange.exchange(near, b"x", "GET")
        near, far = self._pair(None)
        gevent.spawn_later(0.1, far.sendall, _HELLO)
        self.assertEqual(exchange.exchange(near, b"x", "GET").body, b"hello")

    def test_remembers_no_more_heads_than_it_may(self) -> None:
        with mock.patch.object(answers, "_MOST_HEADS", 5):
            for number in range(12):
                self.assertEqual(answers.read_head(_OK + b"X: %d\r\n\r\n" % number).fields, [("X", str(number))])
                self.assertLessEqual(len(answers._heads), 5)

    def test_speaks_tls(self) -> None:
        near, far = self._pair(0.5)
        with tempfile.TemporaryDirectory() as folder:
            files = [str(Path(folder, name)) for name in ("key.pem", "cert.pem")]
            key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-keyout", files[0]]
            make = ["openssl", "req", "-x509", *key, "-subj", "/CN=target", "-out", files[1]]
            subprocess.run(make, check=True, capture_output=True)
            server = gevent.ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            server.load_cert_chain(files[1], files[0])
        context = gevent.ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        accepting = gevent.spawn(server.wrap_socket, far, server_side=True)
        near = context.wrap_socket(near)
        far = accepting.get()
        long = _OK + b"Content-Length: 100000\r\n\r\n" + b"x" * 100_000
        for text, size in ((_HELLO, 5), (long, 100_000), (_CHUNKED + b"\r\n5\r\nhello\r\n0\r\n\r\n", 5)):
            sending = gevent.spawn_later(0.02, far.sendall, text)
            self.assertEqual(len(exchange.exchange(near, b"x", "GET").body), size)
            sending.join()
        with self.assertRaisesRegex(TimeoutError, "^The read operation timed out$"):
            exchange.exchange(near, b"x", "GET")


if __name__ == "__main__":
    unittest.main()
