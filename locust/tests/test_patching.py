"""Others' code is changed only where its version was tested, and the log and the status say which it is."""

import os
import re
import sys
import unittest
from pathlib import Path
from unittest import mock

from loadtest import patching


class PatchingTest(unittest.TestCase):
    def setUp(self) -> None:
        self.done: list[str] = []

    @patching.only_tested("locust", "gevent")
    def _patch(self, what: str) -> None:
        self.done.append(what)

    def _another(self, package: str) -> mock._patch_dict:
        return mock.patch.dict(patching.TESTED, {package: ("0.9", "1.0")})

    def test_is_done_with_tested_versions_without_a_word(self) -> None:
        self._patch("one")
        with self._another("geventhttpclient"):
            self._patch("two")
        self.assertEqual(self.done, ["one", "two"])
        with self.assertNoLogs("locust.loadtest.patching"):
            patching.tell()

    def test_is_left_out_with_others_and_told_in_one_line(self) -> None:
        for package in ("locust", "gevent"):
            with self._another(package):
                self._patch(package)
        self.assertEqual(self.done, [])
        with self._another("gevent"), self.assertLogs("locust.loadtest.patching") as log:
            patching.tell()
        (line,) = log.output
        self.assertIn(f"here is gevent {patching.versions()['gevent']}, and it was tested with gevent 0.9 or 1.0", line)

    def test_of_the_client_is_told(self) -> None:
        parts = {name: version for name, version in patching.versions().items() if name != "locust"}
        fast = {"client": "patched", "httpUser": "fast", **parts}
        self.assertEqual(patching.client(), fast)
        with self._another("geventhttpclient"):
            self.assertEqual(patching.client(), {"client": "original", "httpUser": "requests", **parts})
        with self._another("urllib3"):
            self.assertEqual(patching.client(), {**fast, "httpUser": "requests"})
        with mock.patch.dict(os.environ, {"FASTHTTP_AS_IS": "1"}):
            self.assertEqual(patching.client(), {**fast, "client": "original"})
        with mock.patch.dict(os.environ, {"LOADTEST_HTTP_CLIENT": "requests"}):
            self.assertEqual(patching.client(), {**fast, "httpUser": "requests"})
        with mock.patch.object(sys, "argv", ["locust", "--otel"]):
            self.assertEqual(patching.client(), {**fast, "httpUser": "requests"})

    def test_says_why_http_user_stays_on_requests(self) -> None:
        self.assertIsNone(patching.stays_on_requests())
        with self._another("requests"):
            self.assertIn("not tested with requests", patching.stays_on_requests() or "")
        with mock.patch.object(sys, "argv", ["locust", "--otel"]):
            with self.assertLogs("locust.loadtest.patching") as log:
                patching.tell()
            self.assertIn("HttpUser stays on requests, which takes more CPU: OpenTelemetry", log.output[0])
            with mock.patch.dict(os.environ, {"LOADTEST_HTTP_CLIENT": "requests"}), self.assertNoLogs():
                patching.tell()

    def test_knows_the_versions_that_are_installed_here_and_in_pods(self) -> None:
        pinned = (Path(__file__).parents[1] / "constraints.txt").read_text()
        for package, versions in patching.TESTED.items():
            (version,) = re.findall(rf"^{package}==(\S+)", pinned, re.MULTILINE)
            self.assertIn(version, versions, package)


if __name__ == "__main__":
    unittest.main()
