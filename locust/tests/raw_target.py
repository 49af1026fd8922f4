"""A target that answers with bytes as they stand here, and keeps the bytes that it is sent."""

import gzip
import socket
import threading
import time
import zlib

_OK = b"HTTP/1.1 200 OK\r\n"
_HELLO = b"Content-Length: 5\r\n\r\nhello"
_CHUNKED = _OK + b"Transfer-Encoding: chunked\r\n\r\n"
_PACKED = gzip.compress(b"hello, packed", mtime=0)
CLOSE = b""
"""Ends the connection."""


def _with(head: bytes, body: bytes, status: bytes = b"200 OK") -> bytes:
    return b"HTTP/1.1 %s\r\n%sContent-Length: %d\r\n\r\n%s" % (status, head, len(body), body)


ANSWERS: dict[str, tuple[bytes | float, ...]] = {
    "/plain": (_OK + _HELLO,),
    "/text": (_with(b"Content-Type: text/html; charset=utf-8\r\nX-A: 1\r\nx-a: 2\r\n", "hällo".encode()),),
    "/json": (_with(b"Content-Type: application/json\r\n", b'{"a": [1, 2]}'),),
    "/bytes": (_with(b"", b"\x00\xff\xfe"),),
    "/empty": (_with(b"", b""),),
    "/gzip": (_with(b"Content-Encoding: GZIP\r\nContent-Type: text/plain\r\n", _PACKED),),
    "/deflate": (_with(b"Content-Encoding: deflate\r\n", zlib.compress(b"hello, deflated")),),
    "/not-gzip": (_with(b"Content-Encoding: gzip\r\n", b"hello"),),
    "/twice": (_with(b"Content-Encoding: gzip\r\nContent-Encoding: deflate\r\n", _PACKED),),
    "/none-first": (_with(b"Content-Encoding:\r\nContent-Encoding: gzip\r\n", _PACKED),),
    "/identity": (_with(b"Content-Encoding: identity\r\nContent-Encoding: gzip\r\n", b"hello"),),
    "/both": (_with(b"Content-Encoding: gzip, gzip\r\n", _PACKED),),
    "/unknown": (_with(b"Content-Encoding: rot13\r\n", b"uryyb"),),
    "/chunked": (_CHUNKED + b"5\r\nhello\r\n0\r\n\r\n",),
    "/chunks": (_CHUNKED + b"5\r\nhel", 0.01, b"lo\r\n7\r\n, there\r", 0.01, b"\n0\r\n", 0.01, b"\r\n"),
    "/trailer": (_CHUNKED + b"5;a=b\r\nhello\r\n0\r\nX-Trailer: 1\r\n\r\n",),
    "/bad-chunk": (_CHUNKED + b"5\r\nhelloX0\r\n\r\n",),
    "/parts": (b"HTTP/1.", 0.01, b"1 200 OK\r\n", 0.01, _HELLO),
    "/late-body": (_OK + b"Content-Length: 5\r\n\r\n", 0.01, b"he", 0.01, b"llo"),
    "/long": (_with(b"", b"0123456789" * 20_000),),
    "/201": (_with(b"Location: /plain\r\n", b"made", b"201 Created"),),
    "/204": (b"HTTP/1.1 204 No Content\r\n\r\n",),
    "/304": (b"HTTP/1.1 304 Not Modified\r\nETag: x\r\n\r\n",),
    "/299": (_with(b"", b"odd", b"299 Odd"),),
    "/404": (_with(b"X-Why: gone\r\n", b"not here", b"404 Not Found"),),
    "/404-late": (b"HTTP/1.1 404 Not Found\r\nContent-Length: 5\r\n\r\n", 0.01, b"hello"),
    "/500": (_with(b"", b"\xff\xfe", b"500 Oh no"),),
    "/100": (b"HTTP/1.1 100 Continue\r\n\r\n" + _OK + _HELLO,),
    "/103": (b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n", 0.01, _OK + _HELLO),
    "/last": (_OK + b"Connection: close\r\n" + _HELLO, CLOSE),
    "/http10": (b"HTTP/1.0 200 OK\r\n" + _HELLO, CLOSE),
    "/until-closed": (_OK + b"\r\nhello", 0.01, b" there", CLOSE),
    "/moved": (_with(b"Location: /plain?after=moving\r\n", b"over there", b"302 Found"),),
    "/moved-late": (b"HTTP/1.1 302 Found\r\nLocation: /plain\r\nContent-Length: 5\r\n\r\n", 0.02, b"hello"),
    "/kept": (_with(b"Location: /plain\r\nSet-Cookie: moved=yes; Path=/\r\n", b"", b"307 Kept"),),
    "/loop": (_with(b"Location: /loop\r\n", b"", b"301 Around"),),
    "/nowhere": (_with(b"", b"?", b"302 Found"),),
    "/ftp": (_with(b"Location: ftp://x/\r\n", b"", b"302 Found"),),
    "/cookies": (_with(b"Set-Cookie: a=1; Path=/\r\nSet-Cookie: b=2; Path=/deep\r\n", b"hello"),),
    "/brief": (_with(b"Set-Cookie: brief=1; Path=/; Max-Age=1000\r\n", b""),),
    "/forget": (_with(b"Set-Cookie: a=; Path=/; Max-Age=0\r\n", b"hello"),),
    "/deep/plain": (_OK + _HELLO,),
    "/bad": (b"SSH-2.0-OpenSSH\r\n", CLOSE),
    "/bad-field": (_OK + b"X : 1\r\n" + _HELLO, CLOSE),
    "/two-lengths": (_OK + b"Content-Length: 5\r\n" + _HELLO, CLOSE),
    "/more": (_OK + _HELLO + b" and more", CLOSE),
    "/cut": (_OK + b"Content-Length: 50\r\n\r\nhello", CLOSE),
    "/cut-late": (_OK + b"Content-Length: 50\r\n\r\n", 0.01, b"hello", 0.01, CLOSE),
    "/cut-head": (_OK + b"Content-Le", CLOSE),
    "/cut-chunks": (_CHUNKED + b"5\r\nhello\r\n", 0.01, CLOSE),
    "/reset": (CLOSE,),
    "/silent": (1.0, CLOSE),
    "/silent-body": (_OK + b"Content-Length: 5\r\n\r\nhe", 1.0, CLOSE),
}


class RawTarget:
    """Answers by the path until it is closed. `seen`: the connection's number and all that came, a request each."""

    def __init__(self) -> None:
        self.seen: list[tuple[int, bytes]] = []
        self._connections = 0
        self._server = socket.create_server(("127.0.0.1", 0))
        self.port = self._server.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        self._server.close()

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._server.accept()
            except OSError:
                return
            self._connections += 1
            threading.Thread(target=self._serve, args=(connection, self._connections), daemon=True).start()

    def _serve(self, connection: socket.socket, number: int) -> None:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        try:
            with connection:
                while request := self._read(connection):
                    self.seen.append((number, request))
                    path = request.split(b" ", 2)[1].decode().partition("?")[0].removeprefix("/base")
                    if not self._answer(connection, ANSWERS.get(path, ANSWERS["/plain"]), request[:5] == b"HEAD "):
                        return
        except OSError:  # the client has gone
            return

    @staticmethod
    def _read(connection: socket.socket) -> bytes:
        data = b""
        while b"\r\n\r\n" not in data:
            data += (part := connection.recv(65_536))
            if not part:
                return b""
        head, _, body = data.partition(b"\r\n\r\n")
        fields = dict(line.lower().split(b": ", 1) for line in head.split(b"\r\n")[1:])
        while len(body) < int(fields.get(b"content-length", b"0")):
            body += (part := connection.recv(65_536))
            if not part:
                break
        return head + b"\r\n\r\n" + body

    @staticmethod
    def _answer(connection: socket.socket, parts: tuple[bytes | float, ...], head_only: bool) -> bool:
        for part in parts:
            if part == CLOSE:
                return False
            if isinstance(part, float):
                time.sleep(part)
            else:
                connection.sendall(part.partition(b"\r\n\r\n")[0] + b"\r\n\r\n" if head_only else part)
        return True
