"""Others' code is changed only where its version was tested, and the log and the status say which it is."""

import functools
import os
import re
import sys
import unittest
from pathlib import Path
from unittest import mock

from locust import FastHttpUser, User

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

    def test_of_the_clients_is_told(self) -> None:
        packages = ("geventhttpclient", "gevent", "requests", "urllib3")
        parts = {name: patching.versions()[name] for name in packages}
        self.assertEqual(patching.client([FastHttpUser]), {"client": "patched", **parts}, "without an HttpUser")
        fast = {"httpUser": "fast", **parts}
        self.assertEqual(patching.client(), {"client": "patched", **fast})
        with self._another("geventhttpclient"):
            self.assertEqual(patching.client([User])["client"], "original")
        with self._another("urllib3"):
            self.assertEqual(patching.client([User])["client"], "patched")
        with mock.patch.dict(os.environ, {"FASTHTTP_AS_IS": "1"}):
            self.assertEqual(patching.client(), {"client": "original", **fast})

    def test_of_http_user_is_told_with_its_cause_where_nobody_asked_for_it(self) -> None:
        asked = functools.partial(mock.patch.dict, os.environ)

        def told() -> dict[str, str]:
            return {name: text for name, text in patching.client().items() if name.startswith("httpUser")}

        for client in ("auto", "fast"):
            with asked({"LOADTEST_HTTP_CLIENT": client}):
                self.assertEqual(told(), {"httpUser": "fast"})
                for package in ("locust", "requests", "urllib3"):
                    cause = f"the fast client was not tested with {package} {patching.versions()[package]}"
                    with self._another(package):
                        self.assertEqual(told(), {"httpUser": "requests", "httpUserCause": cause})
                with mock.patch.object(sys, "argv", ["locust", "--otel"]):
                    cause = "OpenTelemetry looks at what requests does"
                    self.assertEqual(told(), {"httpUser": "requests", "httpUserCause": cause})
        with asked({"LOADTEST_HTTP_CLIENT": "requests"}), self._another("requests"):
            self.assertEqual(told(), {"httpUser": "requests"})

    def test_of_http_user_the_log_tells_where_nobody_asked_for_it(self) -> None:
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

    def test_of_fast_http_user_s_client_does_not_depend_on_http_user_s(self) -> None:
        for package in ("requests", "urllib3"):
            with self._another(package):
                self.assertEqual(patching.client()["client"], "patched")


if __name__ == "__main__":
    unittest.main()
