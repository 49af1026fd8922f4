"""What a script decides itself about its TLS contexts stays as it is."""

import os
import unittest
from types import SimpleNamespace
from typing import Any
from unittest import mock

import gevent.ssl
import locust  # noqa: F401 -- ahead of urllib3, as it makes ssl gevent's
from requests.adapters import HTTPAdapter
from requests.exceptions import SSLError
from urllib3 import PoolManager, connection
from urllib3.exceptions import MaxRetryError
from urllib3.util import ssl_

from loadtest import contexts, patching
from tls_case import THEIRS, TlsCase, answer, context_of, hashed


class _Urllib3:
    """A client of urllib3's own, that asks as the others do."""

    def __init__(self, **how: Any) -> None:
        self._pools = PoolManager(retries=0, **how)

    def get(self, url: str) -> Any:
        answered = self._pools.request("GET", url)
        return SimpleNamespace(status_code=answered.status)


class OwnWaysTest(TlsCase):
    def setUp(self) -> None:
        super().setUp()
        self.ca = self.file("ca.pem")
        self.certificate("good")
        self.certificate("elsewhere", hosts="DNS:elsewhere.test")

    def test_of_adapters_with_a_context_are_left_as_they_are(self) -> None:
        own = gevent.ssl.create_default_context(cafile=self.ca)

        class OwnContext(HTTPAdapter):
            def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
                super().init_poolmanager(*args, **kwargs, ssl_context=own)

        contexts.install()
        with self.tls("good") as target:
            client = self.http_user(target.url("https")).client
            client.mount("https://", OwnContext())
            self.assertEqual(answer(client, verify=self.ca), (200, 0))
            self.assertIs(context_of(client), own)

    def test_of_adapters_that_verify_another_host_are_left_as_they_are(self) -> None:
        class OwnHost(HTTPAdapter):
            def cert_verify(self, conn: Any, *args: Any) -> None:
                super().cert_verify(conn, *args)
                conn.assert_hostname = "elsewhere.test"

        contexts.install()
        with self.tls("elsewhere") as target:
            url = target.url("https")
            refused = answer(self.http_user(url).client, verify=self.ca)
            self.assertIn("IP address mismatch", refused[1])
            client = self.http_user(url).client
            client.mount("https://", OwnHost())
            self.assertEqual(answer(client, verify=self.ca), (200, 0))
            self.assertEqual(answer(self.http_user(url).client, verify=self.ca), refused)

    def test_of_a_pool_for_all_users_are_left_as_they_are(self) -> None:
        contexts.install()
        with self.tls("elsewhere") as target:
            url = target.url("https")
            lax = PoolManager(assert_hostname=False)
            for _ in range(2):
                self.assertEqual(answer(self.http_user(url, pool_manager=lax).client, verify=self.ca), (200, 0))
            self.assertEqual(target.connections, 1)
            pools = PoolManager()
            found = [answer(self.http_user(url, pool_manager=pools).client, verify=way)[0] for way in (self.ca, False)]
            self.assertEqual(found, [SSLError, 200])

    def test_of_urllib3_itself_are_left_as_they_are(self) -> None:
        contexts.install()
        other = self.authority("other")
        with self.tls("good") as target:
            url = target.url("https")
            for bundle, expected in ((self.ca, 200), (other, MaxRetryError), (self.ca, 200)):
                with mock.patch.dict(os.environ, {"SSL_CERT_FILE": bundle}):
                    self.assertEqual(answer(_Urllib3(), url)[0], expected)
            # Both a file and a folder, which must not come into the context of who has the file alone.
            folder = str(hashed(self.ca))
            self.assertEqual(answer(_Urllib3(ca_certs=other, ca_cert_dir=folder), url), (200, 0))
            self.assertEqual(answer(self.http_user(url).client, verify=other)[0], SSLError)

    def test_of_making_contexts_are_left_as_they_are(self) -> None:
        contexts.install()
        another = type("Another", (gevent.ssl.SSLContext,), {})
        with self.tls("elsewhere") as target, mock.patch.object(ssl_, "SSLContext", another):
            made = []
            for _ in range(2):
                client = self.http_user(target.url("https")).client
                self.assertEqual(answer(client, verify=False), (200, 1))
                made.append(context_of(client))
            self.assertIsNot(made[0], made[1])
            self.assertIsInstance(made[0], another)

    def test_of_another_version_are_left_as_they_are(self) -> None:
        for package in ("locust", "gevent", "requests", "urllib3"):
            with mock.patch.dict(patching.TESTED, {package: ("1.0",)}):
                contexts.install()
        self.assertIs(connection._ssl_wrap_socket_and_match_hostname, THEIRS)


if __name__ == "__main__":
    unittest.main()
