"""What is read of answers is what geventhttpclient's parser reads, and what it refuses is left to the client."""

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
from geventhttpclient.response import HTTPParseError, HTTPResponse

from loadtest import answers
from loadtest.exchange import receive_answer

_OK = b"HTTP/1.1 200 OK\r\n"
_HELLO = _OK + b"Content-Length: 5\r\n\r\nhello"
_CHUNKED = _OK + b"Transfer-Encoding: chunked\r\n"

_READ: list[tuple[str, bytes]] = [
    ("GET", _HELLO),
    ("GET", _OK + b"content-LENGTH:5\r\nA: \r\nB:\r\nC: x y \t\r\nD:\t\xfc\xff\r\n\r\nhello"),
    ("GET", _OK + b"Content-Length: 5\r\nSet-Cookie: a=1\r\nX: y\r\nset-cookie: b=2\r\n\r\nhello"),
    ("GET", _OK + b"Content-Length: 05\r\nConnection: keep-alive\r\n\r\nhello"),
    ("GET", _OK + b"Content-Length: 5\r\nConnection: close\r\n\r\nhello"),
    ("GET", _OK + b"Content-Length: 5\r\nConnection: Close\r\n\r\nhello"),
    ("GET", _OK + b"Content-Length: 0\r\n\r\n"),
    ("GET", _OK + b"Content-Length: 70000\r\n\r\n" + b"x" * 70_000),
    ("GET", b"HTTP/1.1 404 \r\nContent-Length: 5\r\n\r\nhello"),
    ("GET", b"HTTP/1.1 999 \xfcber\r\nContent-Length: 5\r\n\r\nhello"),
    ("GET", b"HTTP/1.1 204 No Content\r\n\r\n"),
    ("GET", b"HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n"),
    ("HEAD", _OK + b"Content-Length: 5\r\n\r\n"),
    ("HEAD", _CHUNKED + b"\r\n"),
    ("HEAD", _OK + b"\r\n"),
    ("GET", _CHUNKED + b"\r\n5\r\nhello\r\n0\r\n\r\n"),
    ("GET", _CHUNKED + b"\r\n0005\r\nhello\r\nA\r\n, my world\r\n0\r\n\r\n"),
    ("GET", _CHUNKED + b"Content-Encoding: gzip\r\n\r\n5\r\nhello\r\n0\r\n\r\n"),
]
_LEFT: list[tuple[str, bytes]] = [
    ("GET", _OK + b"Content-Length: 5 \r\nConnection: Close\r\n\r\nhello"),
    ("GET", _OK + b"Content-Length: 5\r\nConnection: x, close\r\n\r\nhello"),
    ("GET", _OK + b"Content-Length: 5\r\nConnection: keep-alive\r\nConnection: close\r\n\r\nhello"),
    ("GET", _OK + b"Content-Length: 5\r\nProxy-Connection: close\r\n\r\nhello"),
    ("GET", _OK + b"Content-Length: 5\r\nUpgrade: h2,h2c\r\n\r\nhello"),
    ("GET", b"HTTP/1.1 200\r\nContent-Length: 5\r\n\r\nhello"),
    ("GET", b"HTTP/1.0 200 OK\r\nContent-Length: 5\r\n\r\nhello"),
    ("GET", b"HTTP/1.0 200 OK\r\nContent-Length: 5\r\nConnection: keep-alive\r\n\r\nhello"),
    ("GET", b"\r\n" + _HELLO),
    ("POST", b"HTTP/1.1 100 Continue\r\n\r\n" + _HELLO),
    ("GET", b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n" + _HELLO),
    ("GET", _CHUNKED + b"\r\n5;name=value\r\nhello\r\n0\r\nX-Trailer: 1\r\n\r\n"),
    ("GET", _OK + b"Transfer-Encoding: gzip, Chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n"),
    ("GET", _OK + b"\r\nhello"),
    ("GET", _OK + b"Transfer-Encoding: gzip\r\n\r\nhello"),
    ("GET", b"HTTP/1.0 200 OK\r\n\r\n"),
]
"""Some of them go on until the connection is closed."""
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


class _Fields(list[tuple[str, str]]):
    def add(self, field: str, value: str) -> None:
        self.append((field, value))


class _Parser(HTTPResponse):
    """Keeps fields and the reason as they came."""

    def __init__(self, method: str) -> None:
        super().__init__(method, headers_type=_Fields)  # type: ignore[arg-type]

    def _on_message_begin(self) -> None:
        super()._on_message_begin()
        self.status_message = None

    def _on_status(self, msg: str) -> None:
        # Comes in parts, of which its base class keeps the last.
        self.status_message = (self.status_message or "") + msg


def _parse(method: str, text: bytes) -> tuple[Any, ...]:
    parser = _Parser(method)
    parser.feed(text)
    fields = list(parser.info())
    head = (parser.get_code(), parser.status_message or "", parser.get_http_version(), not parser.should_close())
    return (*head, fields, bytes(parser._body_buffer), parser.message_complete)


class ExchangeTest(unittest.TestCase):
    def setUp(self) -> None:
        answers._heads.clear()

    def _pair(self, timeout: float | None = 1) -> tuple[Any, Any]:
        pair = gevent.socket.socketpair()
        for one in pair:
            self.addCleanup(one.close)
        pair[0].settimeout(timeout)
        return pair

    def _ask(self, method: str, *parts: bytes) -> tuple[Any, ...] | None:
        """What is read of an answer that arrives in these parts; None where it is left to the client."""
        near, far = self._pair()

        def serve() -> None:
            for part in parts:
                far.sendall(part)
                # After two turns of the loop it has been read, however late the first one is.
                gevent.sleep(0.001)
                gevent.sleep(0.001)
            far.close()

        server = gevent.spawn(serve)
        received: list[bytes] = []
        answer = receive_answer(near, method, received)
        server.join()
        self.assertTrue(b"".join(parts).startswith(b"".join(received)), "the client goes on from there")
        if answer is None:
            return None
        self.assertEqual(b"".join(received), b"".join(parts))
        head = answer.head
        return (head.status, head.reason, head.version, head.keeps_open, head.fields, answer.body, True)

    def test_reads_as_the_parser_does(self) -> None:
        for method, text in _READ:
            with self.subTest(text=text[:100]):
                self.assertEqual(self._ask(method, text), _parse(method, text))
                # The second time, its head is known.
                self.assertEqual(self._ask(method, text), _parse(method, text))

    def test_gives_what_was_sent(self) -> None:
        text = b"HTTP/1.1 203 Well \xfc\r\nX-A: 1\r\nContent-Length: 5\r\nx-a: 2\r\nConnection: close\r\n\r\nhello"
        fields = [("X-A", "1"), ("Content-Length", "5"), ("x-a", "2"), ("Connection", "close")]
        self.assertEqual(self._ask("GET", text), (203, "Well ü", "HTTP/1.1", False, fields, b"hello", True))
        head = answers.read_head(text)
        assert head is not None
        self.assertEqual(head.first, {"x-a": "1", "content-length": "5", "connection": "close"})

    def test_reads_what_comes_in_parts(self) -> None:
        for method, text in _READ:
            head = text.find(b"\r\n\r\n") + 4
            for at in {1, 20, head - 2, head, head + 2} & set(range(1, len(text))):
                with self.subTest(text=text[:100], at=at):
                    expected = _parse(method, text) if at >= head else None
                    self.assertEqual(self._ask(method, text[:at], text[at:]), expected)

    def test_leaves_what_is_rare(self) -> None:
        for method, text in _LEFT:
            with self.subTest(text=text[:100]):
                self.assertIsNone(self._ask(method, text))
                self.assertGreaterEqual(_parse(method, text)[0], 200)

    def test_leaves_what_the_parser_refuses(self) -> None:
        for method, text in _BAD:
            with self.subTest(text=text[:100]):
                self.assertIsNone(self._ask(method, text))
                with self.assertRaises(HTTPParseError):
                    _parse(method, text)

    def test_leaves_what_breaks_off(self) -> None:
        self.assertIsNone(self._ask("GET"))
        for text in (_OK[:5], _HELLO[:-1], _HELLO[:-8], _CHUNKED + b"\r\n5\r\nhello\r\n", b"HTTP/1.1 100 Go\r\n\r\n"):
            with self.subTest(text=text):
                self.assertIsNone(self._ask("GET", text))

    def test_waits_for_the_socket_s_own_timeout(self) -> None:
        near, _ = self._pair(0.2)
        begun = time.monotonic()
        with self.assertRaises(TimeoutError):
            receive_answer(near, "GET", [])
        self.assertTrue(0.2 <= time.monotonic() - begun < 0.5)
        near, far = self._pair(0.1)
        far.sendall(_HELLO[:-1])
        received: list[bytes] = []
        with self.assertRaises(TimeoutError):
            receive_answer(near, "GET", received)
        self.assertEqual(received, [_HELLO[:-1]])
        near, far = self._pair(None)
        gevent.spawn_later(0.1, far.sendall, _HELLO)
        answer = receive_answer(near, "GET", [])
        assert answer is not None
        self.assertEqual(answer.body, b"hello")

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
            self.assertEqual(len(receive_answer(near, "GET", []).body), size)
            sending.join()
        with self.assertRaisesRegex(TimeoutError, "^The read operation timed out$"):
            receive_answer(near, "GET", [])


if __name__ == "__main__":
    unittest.main()
