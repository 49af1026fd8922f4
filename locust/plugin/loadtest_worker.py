"""What a worker adds to its reports, and when it sends more of them, so that no sample is lost or late."""

from __future__ import annotations

import logging
import os
import socket
import time
from typing import Any

import gevent
from locust.env import Environment
from locust.exception import RPCError
from locust.runners import STATE_CLEANUP, STATE_RUNNING, STATE_SPAWNING, WorkerRunner

import loadtest_usage
from loadtest_unanswered import Unanswered

logger = logging.getLogger("locust.loadtest.worker")

# The master's run number travels to the workers in the options that each spawn message carries.
RUN_OPTION = "loadtest_run"


class WorkerReports:
    """Adds `data["loadtest"]` to each report; create it in `events.init`, behind the script's own listeners.

    `{"name", "cpu", "cpuLimit", "memory", "memoryLimit", "run", "drained", "leaving", "underWay", "oldestWait",
    "cutOff"}`: CPU in cores, memory in bytes (`memoryLimit` None without one); `drained`: all users of run `run` have
    stopped and this report has their last samples; `leaving`: this worker is about to quit; `underWay`: requests
    without an answer yet, of which the oldest waits for `oldestWait` seconds; `cutOff`: those of this run that got
    none.
    """

    def __init__(self, environment: Environment, runner: WorkerRunner) -> None:
        self._environment = environment
        self._runner = runner
        self._drained = False
        self._leaving = False
        self._meter = loadtest_usage.CpuMeter()
        self._unanswered = Unanswered(environment, runner)
        self._fixed = {
            "name": os.environ.get("LOADTEST_WORKER_NAME") or socket.gethostname(),
            "cpuLimit": loadtest_usage.cpu_limit(),
            "memoryLimit": loadtest_usage.memory_limit(),
        }
        environment.events.report_to_master.add_listener(self._on_report)
        environment.events.test_start.add_listener(self._on_test_start)
        environment.events.test_stop.add_listener(self._on_test_stop)
        environment.events.quitting.add_listener(self._on_quitting)

    def _on_report(self, data: dict[str, Any], **_: Any) -> None:
        data["loadtest"] = {
            **self._fixed,
            "cpu": self._meter.sample(),
            "memory": loadtest_usage.memory(),
            "run": getattr(self._environment.parsed_options, RUN_OPTION, 0),
            "drained": self._drained,
            "leaving": self._leaving,
            "underWay": self._unanswered.count,
            "oldestWait": round(self._unanswered.oldest, 1),
            "cutOff": self._unanswered.cut_off,
        }

    def _on_test_start(self, **_: Any) -> None:
        self._drained = False
        self._unanswered.cut_off = 0

    def _on_test_stop(self, **_: Any) -> None:
        self._drained = True
        self._send()

    def _on_quitting(self, **_: Any) -> None:
        """Stop the users and send their last samples; `quitting` runs backwards, so Locust says goodbye after this."""
        runner = self._runner
        self._leaving = True
        # Locust drops spawn messages older than this: one that comes now would start users nobody stops.
        runner.last_received_spawn_timestamp = float("inf")
        if runner.state in (STATE_SPAWNING, STATE_RUNNING):
            runner.stop()
        elif runner.state == STATE_CLEANUP:  # the master has asked for a stop, which goes on elsewhere
            end = time.monotonic() + self._environment.stop_timeout + 5
            while runner.state == STATE_CLEANUP and time.monotonic() < end:
                gevent.sleep(0.05)
        self._send()

    def _send(self) -> None:
        send = getattr(self._runner, "_send_stats", None)  # private: without it the next regular report has it all
        if send is None:
            return
        try:
            send()
        except RPCError as error:
            logger.warning("Could not report to the master: %s", error)
