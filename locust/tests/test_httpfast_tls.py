"""HttpUser on the fast client verifies a server as `requests` does, and asks it over the same connections."""

import ssl
import subprocess
import tempfile
import unittest
from pathlib import Path
from typing import Any

from httpuser_case import HttpUserCase, Target
from loadtest import fallbacks
from loadtest.httpanswer import Answered


def certificate(folder: str, name: str) -> list[str]:
    """A new one of its own: key and certificate."""
    files = [str(Path(folder, f"{name}-{kind}.pem")) for kind in ("key", "cert")]
    subject = ["-subj", f"/CN={name}", "-addext", "subjectAltName=IP:127.0.0.1"]
    key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-keyout", files[0]]
    make = ["openssl", "req", "-x509", *key, *subject, "-out", files[1]]
    subprocess.run(make, check=True, capture_output=True)
    return files


class HttpFastTlsTest(HttpUserCase):
    def setUp(self) -> None:
        super().setUp()
        folder = self.enterContext(tempfile.TemporaryDirectory())
        key, self.certificate = certificate(folder, "target")
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.certificate, key)
        self.target.close()
        self.target = Target(context)
        self.addCleanup(self.target.close)
        self.target.url = f"https://127.0.0.1:{self.target.port}"

    def test_is_verified_alike(self) -> None:
        def script(user: Any, notes: list[Any]) -> None:
            client = user.client
            notes.append(repr(client.get("/").error))
            ways = (self.certificate, False, None, False, self.certificate)
            notes += [(client.get("/", verify=verify).status_code, verify) for verify in ways]
            for verify in (self.certificate, False, True):
                client.verify = verify
                notes.append((client.get("/").status_code, verify))
                notes.append((client.post("/", json={"a": "x" * 20_000}).status_code, verify))
            notes.append(client.get(f"https://localhost:{self.target.port}/", verify=self.certificate).status_code)

        notes, seen = self.both(script)
        self.assertIn("CERTIFICATE_VERIFY_FAILED", notes[0])
        self.assertEqual([note[0] for note in notes[1:6]], [200, 200, 0, 200, 200])
        self.assertEqual([note[0] for note in notes[6:12]], [200, 200, 200, 200, 0, 0])
        self.assertEqual(notes[12], 0)
        self.assertEqual(len(seen), 8)
        self.assertEqual(dict(fallbacks.counts), {})

    def test_goes_the_short_way(self) -> None:
        def script(user: Any, _: list[Any]) -> None:
            user.client.verify = self.certificate
            self.kinds = {type(user.client.get("/")) for _ in range(3)}

        self.both(script)
        self.assertEqual(self.kinds, {Answered})
        self.assertEqual(self.target.connections, 1)


if __name__ == "__main__":
    unittest.main()
