"""FastHttpUsers share a TLS context where they verify in the same way."""

import contextlib
import ssl
import subprocess
import tempfile
import unittest
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import gevent.ssl

from fasthttp_case import FastHttpCase, Target
from loadtest import client


class ContextsTest(FastHttpCase):
    def setUp(self) -> None:
        super().setUp()
        client._unverified.cache_clear()
        client._verified.cache_clear()

    def _context(self, **own: Any) -> ssl.SSLContext:
        user = self.user("https://127.0.0.1:1", **own)
        user.client.get("/")
        (made,) = user.client.client.clientpool.clients.values()
        return made._connection_pool.ssl_context

    def test_are_shared_by_users_that_verify_in_the_same_way(self) -> None:
        self.assertIsNot(self._context(), self._context())
        client.install()
        lax, strict = self._context(), self._context(insecure=False)
        self.assertIs(self._context(), lax)
        self.assertIs(self._context(insecure=False), strict)
        self.assertEqual((lax.verify_mode, lax.check_hostname), (ssl.CERT_NONE, False))
        self.assertEqual((strict.verify_mode, strict.check_hostname), (ssl.CERT_REQUIRED, True))
        self.assertNotEqual(strict.cert_store_stats()["x509_ca"], 0)

    def test_are_a_script_s_own_where_it_makes_them(self) -> None:
        client.install()
        own = gevent.ssl.create_default_context()
        self.assertIs(self._context(ssl_context_factory=staticmethod(lambda: own)), own)

    @contextlib.contextmanager
    def _tls_target(self) -> Iterator[Target]:
        with tempfile.TemporaryDirectory() as folder, self.target() as target:
            files = [str(Path(folder, name)) for name in ("key.pem", "cert.pem")]
            subject = ["-subj", "/CN=target", "-addext", "subjectAltName=IP:127.0.0.1"]
            key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-keyout", files[0]]
            make = ["openssl", "req", "-x509", *key, *subject, "-out", files[1]]
            subprocess.run(make, check=True, capture_output=True)
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(files[1], files[0])
            target.socket = context.wrap_socket(target.socket, server_side=True)
            yield target

    def test_verify_or_not_as_before(self) -> None:
        client.install()
        with self._tls_target() as target:
            user = self.user(target.url("https"))
            self.assertEqual([user.client.get("/").status_code for _ in range(4)], [200] * 4)
            self.assertEqual(target.connections, 1)
            refused = self.user(target.url("https"), insecure=False).client.get("/")
            self.assertEqual(refused.status_code, 0)
            self.assertIn("CERTIFICATE_VERIFY_FAILED", str(refused.error))

    def test_give_an_answer_up_as_before(self) -> None:
        errors = []
        with self._tls_target() as target:
            for install in (self.restore, client.install):
                install()
                user = self.user(target.url("https"), network_timeout=0.2)
                answers = [user.client.get(path) for path in ("/", "/", "/missing", "/", "/slow", "/")]
                errors.append([(one.status_code, one.text, repr(getattr(one, "error", None))) for one in answers])
        self.assertEqual(errors[1], errors[0])
        self.assertIn("The read operation timed out", errors[0][4][2])


if __name__ == "__main__":
    unittest.main()
