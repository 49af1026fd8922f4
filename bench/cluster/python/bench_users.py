"""The users that benchmarks measure with, and what the worker adds to its reports for them.

`BENCH_USER`: HttpUser or FastHttpUser. `BENCH_TARGET`: address of the target's certificate, for TLS.
"""

from __future__ import annotations

import os
import tempfile
import urllib.request
from pathlib import Path
from typing import Any

import certifi
import locust.runners
from locust import FastHttpUser, HttpUser, User, between, constant, events, task

import bench_usage

# The controller measures in whole reports, and Locust's 3 s would be coarse.
locust.runners.WORKER_REPORT_INTERVAL = 1.0
# A worker whose users connect with TLS is silent for longer than the 3 s after which Locust ends the test.
locust.runners.HEARTBEAT_LIVENESS = 100
locust.runners.MASTER_HEARTBEAT_TIMEOUT = 100

_CA_FILE = os.path.join(tempfile.gettempdir(), "bench-ca.pem")
_base: type[User] = FastHttpUser if os.environ["BENCH_USER"] == "FastHttpUser" else HttpUser


class BenchUser(_base):  # type: ignore[misc, valid-type]
    abstract = True

    def on_start(self) -> None:
        # As a script would for a target with a certificate of its own: HttpUser verifies, FastHttpUser does not.
        if _base is HttpUser and self.host.startswith("https:"):
            self.client.verify = _CA_FILE


class BusyUser(BenchUser):
    """Asks again at once."""

    wait_time = constant(0)

    @task
    def get(self) -> None:
        self.client.get("/")


class CalmUser(BenchUser):
    """Gets each answer after 20 ms, beside which Locust's rounding to whole milliseconds does not matter."""

    wait_time = between(1, 3)

    @task
    def get(self) -> None:
        self.client.get("/wait")


@events.report_to_master.add_listener
def _add_usage(data: dict[str, Any], **_: Any) -> None:
    data["bench"] = bench_usage.usage()


if "BENCH_TARGET" in os.environ:
    # Beside all the usual ones, as who verifies loads those too.
    with urllib.request.urlopen(os.environ["BENCH_TARGET"]) as _response:
        Path(_CA_FILE).write_bytes(Path(certifi.where()).read_bytes() + _response.read())
