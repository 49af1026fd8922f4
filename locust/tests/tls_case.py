"""Servers with certificates of every kind, and a case in which HttpUser's contexts are afterwards as they were."""

import contextlib
import shutil
import ssl
import subprocess
import tempfile
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from locust import HttpUser
from locust.env import Environment
from urllib3 import connection
from urllib3.exceptions import InsecureRequestWarning

from fasthttp_case import Answer, FastHttpCase, Target
from loadtest import contexts

THEIRS = connection._ssl_wrap_socket_and_match_hostname
_KEY = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1"]


class _TlsAnswer(Answer):
    def setup(self) -> None:
        peer = self.request.getpeercert() or {}
        names = [value for part in peer.get("subject", ()) for name, value in part if name == "commonName"]
        self.server.presented.append(names[0] if names else None)
        super().setup()


class TlsTarget(Target):
    """Keeps, by connection, the host that a client asked for, and the name in the certificate that it presented."""

    def __init__(self, context: ssl.SSLContext) -> None:
        super().__init__()
        self.RequestHandlerClass = _TlsAnswer
        self.asked: list[str | None] = []
        self.presented: list[str | None] = []
        context.sni_callback = lambda _socket, name, _context: self.asked.append(name)
        self.socket = context.wrap_socket(self.socket, server_side=True)


class TlsCase(FastHttpCase):
    def setUp(self) -> None:
        super().setUp()
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.addCleanup(setattr, connection, "_ssl_wrap_socket_and_match_hostname", THEIRS)
        contexts._made.cache_clear()
        self.folder = Path(folder.name)
        self.authority("ca")

    def file(self, name: str) -> str:
        return str(self.folder / name)

    def authority(self, name: str) -> str:
        """Makes one that signs, or one server's that is its own; the file with its certificate."""
        names = ["-subj", f"/CN={name}", "-addext", "subjectAltName=IP:127.0.0.1"]
        use = ["-addext", "keyUsage=critical,keyCertSign,digitalSignature"]
        files = ["-keyout", self.file(f"{name}.key"), "-out", self.file(f"{name}.pem")]
        openssl("req", "-x509", *_KEY, "-nodes", *names, *use, *files)
        return self.file(f"{name}.pem")

    def certificate(self, name: str, hosts: str = "IP:127.0.0.1,DNS:localhost", days: int = 2) -> tuple[str, str]:
        """Makes one that `ca` has signed; the files with it and with its key."""
        cert, key, asked, more = (self.file(f"{name}.{kind}") for kind in ("pem", "key", "csr", "ext"))
        openssl("req", *_KEY, "-nodes", "-subj", f"/CN={name}", "-keyout", key, "-out", asked)
        Path(more).write_text(
            f"subjectAltName={hosts}\nsubjectKeyIdentifier=hash\nauthorityKeyIdentifier=keyid\n", encoding="utf8"
        )
        signs = ["-CA", self.file("ca.pem"), "-CAkey", self.file("ca.key"), "-CAcreateserial"]
        openssl("x509", "-req", "-in", asked, *signs, "-days", str(days), "-extfile", more, "-out", cert)
        return cert, key

    @contextlib.contextmanager
    def tls(self, name: str) -> Iterator[TlsTarget]:
        """A server with the certificate of this name, that takes a client's."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.file(f"{name}.pem"), self.file(f"{name}.key"))
        context.load_verify_locations(self.file("ca.pem"))
        context.verify_mode = ssl.CERT_OPTIONAL
        target = TlsTarget(context)
        try:
            yield target
        finally:
            target.shutdown()
            target.server_close()

    def http_user(self, host: str, **own: Any) -> HttpUser:
        user_class = type("User", (HttpUser,), {"host": host, **own})
        return user_class(Environment(user_classes=[user_class]))


def answer(client: Any, url: str = "/", **how: Any) -> tuple[Any, ...]:
    """What becomes of a request: its status or its error in all its words, and how often it was called insecure."""
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        try:
            response = client.get(url, **how)
            error = getattr(response, "error", None)
        except Exception as raised:
            error = raised
    insecure = sum(issubclass(one.category, InsecureRequestWarning) for one in said)
    return (type(error), str(error), insecure) if error else (response.status_code, insecure)


def context_of(client: Any) -> ssl.SSLContext:
    """That of the one connection which a client has open."""
    (pool,) = client.get_adapter("https://").poolmanager.pools._container.values()
    (open_one,) = [one for one in pool.pool.queue if one is not None]
    return open_one.sock.context


def hashed(ca: str) -> Path:
    """Makes a folder with this authority alone, as OpenSSL looks for it."""
    folder = Path(ca).with_suffix(".folder")
    folder.mkdir()
    shutil.copy(ca, folder)
    openssl("rehash", str(folder))
    return folder


def openssl(*words: str) -> None:
    command = ["openssl", *words]
    subprocess.run(command, check=True, capture_output=True)
