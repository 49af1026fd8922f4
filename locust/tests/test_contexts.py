"""HttpUsers share a TLS context where they verify in the same way, and nothing else of theirs changes."""

import os
import shutil
import ssl
import unittest
from pathlib import Path
from typing import Any
from unittest import mock

import gevent.ssl
from locust import clients
from requests import Session
from requests.exceptions import SSLError
from urllib3.util import create_urllib3_context

from loadtest import contexts
from tls_case import TlsCase, answer, context_of, hashed, openssl


class ContextsTest(TlsCase):
    def setUp(self) -> None:
        super().setUp()
        self.ca = self.file("ca.pem")
        self.other = self.authority("other")
        self.certificate("good")

    def _context(self, url: str, client: Any = None, **how: Any) -> ssl.SSLContext:
        client = client or self.http_user(url).client
        self.assertEqual(answer(client, url, **how)[0], 200)
        return context_of(client)

    def test_are_shared_by_users_that_verify_in_the_same_way(self) -> None:
        with self.tls("good") as target:
            url = target.url("https")
            ways: list[dict[str, Any]] = [
                {"verify": self.ca},
                {"verify": False},
                {"verify": self.ca, "cert": self.certificate("alice")},
                {"verify": self.ca, "cert": self.certificate("bob")},
            ]
            for how in ways:
                self.assertIsNot(self._context(url, **how), self._context(url, **how))
            contexts.install()
            made = [self._context(url, **how) for how in ways]
            self.assertEqual(len({id(one) for one in made}), len(ways))
            for how, context in zip(ways, made, strict=True):
                self.assertIs(self._context(url, **how), context)
                with mock.patch.object(gevent.ssl.SSLContext, "load_verify_locations") as read_again:
                    self.assertIs(self._context(url, Session(), **how), context)
                read_again.assert_not_called()
            self.assertEqual((made[0].verify_mode, made[0].check_hostname), (ssl.CERT_REQUIRED, True))
            self.assertEqual((made[1].verify_mode, made[1].check_hostname), (ssl.CERT_NONE, False))

    def test_accept_and_refuse_in_the_same_words(self) -> None:
        self.certificate("expired", days=-1)
        self.certificate("elsewhere", hosts="DNS:elsewhere.test")
        folder = str(hashed(self.ca))
        nothing = self.folder / "nothing.pem"
        nothing.write_text("no certificate", encoding="utf8")
        ways = [True, False, None, self.ca, folder, self.other, str(nothing), self.file("missing.pem")]

        def ask(names: list[str]) -> dict[Any, Any]:
            return {
                (name, way): answer(self.http_user(urls[name]).client, verify=way) for name in names for way in ways
            }

        with (
            self.tls("good") as good,
            self.tls("expired") as expired,
            self.tls("elsewhere") as elsewhere,
            self.tls("other") as other,
        ):
            targets = {"good": good, "expired": expired, "elsewhere": elsewhere, "other": other}
            urls = {name: target.url("https") for name, target in targets.items()}
            self.maxDiff = None
            before = ask([*targets])
            contexts.install()
            self.assertEqual(ask([*targets]), before)
            # What one has done to a context must not change what the next one finds.
            self.assertEqual(ask([*targets][::-1]), before)
        accepted = {one for one, found in before.items() if found[0] == 200}
        self.assertLessEqual({("good", self.ca), ("good", folder), ("other", self.other)}, accepted)
        self.assertEqual({name for name, way in accepted if way}, {"good", "other"})
        self.assertIn("certificate has expired", before["expired", self.ca][1])
        self.assertIn("IP address mismatch", before["elsewhere", self.ca][1])
        self.assertIn("self-signed certificate", before["other", self.ca][1])
        self.assertEqual(before["good", False], (200, 1))

    def test_ask_for_the_host_by_its_name(self) -> None:
        self.certificate("good", hosts="DNS:localhost")
        with self.tls("good") as target:
            names = f"https://localhost:{target.server_port}"
            before = [answer(self.http_user(url).client, verify=self.ca) for url in (names, target.url("https"))]
            contexts.install()
            after = [answer(self.http_user(url).client, verify=self.ca) for url in (names, target.url("https"))]
            self.assertEqual(after, before)
            self.assertEqual((before[0], before[1][0]), ((200, 0), SSLError))
            self.assertEqual(target.asked[::2], ["localhost"] * 2)

    def test_take_the_environment_s_bundle_where_requests_does(self) -> None:
        with self.tls("good") as target:
            url = target.url("https")
            found = []
            for install in (lambda: None, contexts.install):
                install()
                for name in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE"):
                    with mock.patch.dict(os.environ, {name: self.ca}, clear=True):
                        user = self.http_user(url)
                        plain = answer(user.client)[0]
                        user.client.trust_env = True
                        found.append((name, plain, answer(user.client)[0], answer(Session(), url)[0]))
                session = self.http_user(url).client
                session.verify = self.ca
                found.append(("session.verify", answer(session), answer(session, verify=False), answer(session)))
        self.assertEqual(found[4:], found[:4])
        refused = SSLError
        self.assertEqual(found[0], ("REQUESTS_CA_BUNDLE", refused, 200, 200))
        self.assertEqual(found[1], ("CURL_CA_BUNDLE", refused, 200, 200))
        self.assertEqual(found[2][1:], (refused, refused, refused))
        self.assertEqual(found[3][1:], ((200, 0), (200, 1), (200, 0)))

    def test_present_nobody_else_s_certificate(self) -> None:
        alice, bob = self.certificate("alice"), self.certificate("bob")

        def present(**how: Any) -> list[str | None]:
            ours = create_urllib3_context()
            ours.load_verify_locations(self.ca)
            with (
                self.tls("good") as target,
                mock.patch.object(clients, "_preloaded_ssl_context", ours),
                mock.patch.object(clients, "DEFAULT_CA_BUNDLE_PATH", self.ca),
            ):
                for cert in (None, alice, bob, None, alice):
                    self.assertEqual(answer(self.http_user(target.url("https")).client, cert=cert, **how)[0], 200)
                return target.presented

        apart = [None, "alice", "bob", None, "alice"]
        before = [present(verify=way) for way in (True, self.ca, False)]
        # Locust's own mistake: once it is gone, contexts.py need not know of Locust's context.
        self.assertEqual(before, [[None, "alice", "bob", "bob", "alice"], apart, apart])
        contexts.install()
        self.assertEqual([present(verify=way) for way in (True, self.ca, False)], [apart] * 3)

    def test_refuse_a_certificate_that_cannot_be_used_in_the_same_words(self) -> None:
        cert, key = self.certificate("alice")
        locked = self.file("locked.key")
        openssl("ec", "-in", key, "-aes256", "-passout", "pass:secret", "-out", locked)
        ways = [(cert, locked), (cert, self.ca), (cert, self.file("missing.key")), self.file("missing.pem"), cert]
        with self.tls("good") as target:
            asks = [
                lambda one=one, way=way: answer(self.http_user(target.url("https")).client, verify=way, cert=one)
                for one in ways
                for way in (self.ca, False)
            ]
            before = [ask() for ask in asks]
            contexts.install()
            self.assertEqual([ask() for ask in asks], before)
        self.assertIn("Client private key is encrypted", before[0][1])
        self.assertNotIn(200, [found[0] for found in before])

    def test_are_made_anew_when_a_file_changes(self) -> None:
        contexts.install()
        bundle = self.file("bundle.pem")
        shutil.copy(self.ca, bundle)
        with self.tls("good") as target:
            url = target.url("https")
            first = self._context(url, verify=bundle)
            self.assertIs(self._context(url, verify=bundle), first)
            shutil.copy(self.other, bundle)
            self.assertEqual(answer(self.http_user(url).client, verify=bundle)[0], SSLError)
            Path(bundle).write_bytes(Path(self.other).read_bytes() + Path(self.ca).read_bytes())
            self.assertIsNot(self._context(url, verify=bundle), first)
            # In place, with the same size and time.
            now = os.stat(bundle)
            Path(bundle).write_bytes(Path(self.other).read_bytes() * 2 + b"\n" * now.st_size)
            os.truncate(bundle, now.st_size)
            os.utime(bundle, ns=(now.st_atime_ns, now.st_mtime_ns))
            self.assertEqual(answer(self.http_user(url).client, verify=bundle)[0], SSLError)


if __name__ == "__main__":
    unittest.main()
