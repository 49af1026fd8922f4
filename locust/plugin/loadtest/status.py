"""What the master knows of the run and its workers: one consistent view."""

from __future__ import annotations

import json
import logging
import os
import platform
import time
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import locust
from locust.env import Environment
from locust.runners import STATE_INIT, STATE_MISSING, STATE_RUNNING, STATE_SPAWNING, MasterRunner, WorkerNode

from . import patching, process, tally
from .course import GOING, Beginning, Dispatcher, Stops
from .openload import OpenLoad
from .patching import before
from .run import ONCE_A_SECOND, RUN_OPTION, SILENT_AFTER, LatestRun, Rates
from .script import Script
from .tally import Caller, Report, describe
from .targets import Targets

logger = logging.getLogger("locust.loadtest.status")

# Locust waits for users this much longer than the stop timeout.
LOCUST_PATIENCE = 60.0


def utc_text(moment: datetime) -> str:
    """ISO 8601 with milliseconds, as JavaScript writes it."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


class MasterStatus:
    """Follows the runs and the workers' reports; create it in `events.init`."""

    def __init__(
        self, environment: Environment, runner: MasterRunner, script: Script, allowed_hosts: str | None = None
    ) -> None:
        self.environment = environment
        self.run = LatestRun()
        secrets = json.loads(os.environ.get("LOADTEST_SECRET_ARGUMENTS", "[]"))
        self._secret_arguments = {"secretArguments": secrets} if secrets else {}
        self.targets = Targets(environment, runner, allowed_hosts)
        self.open_load = OpenLoad(environment, runner, self.run, lambda: self.stops.end(Caller("time")))
        self.runner = runner
        self.script = script
        self.stops = Stops(runner, self.run, script.count)
        self._rates = Rates(environment, self.run)
        Dispatcher.install(environment)
        self._id = uuid4().hex
        self._started_at: datetime | None = None
        self._meter = process.Meter(shortest=ONCE_A_SECOND)
        self._cpu_limit = process.cpu_limit()
        self._client = patching.client(environment.user_classes)
        self.reports: dict[str, Report] = {}
        self._stopping_run = 0
        self._stopped_run = 0
        # Who was asked to take part in the latest run, as Locust knew it then; it makes a new node after each stop.
        self._participants: dict[str, WorkerNode | None] = {}
        self._bystanders: set[str] = set()
        self._lost_at_end = 0
        self.beginning = Beginning(runner, self.run, self.stops)
        self.beginning.began.append(self._begin)
        self.beginning.loads.append(self._on_load)
        # A listener of the script may end the run right there.
        before(environment.events.test_start, self.stops.forget)
        environment.events.test_stopping.add_listener(self._on_test_stopping)
        environment.events.test_stop.add_listener(self._on_test_stop)
        environment.events.worker_report.add_listener(self._on_worker_report)
        environment.events.quitting.add_listener(self._on_quitting)
        self._leaving = False

    def discard_stale(self, client_id: str, data: dict[str, Any]) -> None:
        """Empty a report that has samples of another run: Locust would add them to this one. Call it before Locust."""
        report = data.get("loadtest")
        if report is None or not (data["stats"] or data["errors"]):
            return
        # Locust has cleared its statistics before listeners of `test_start` prepare the next run.
        if report["run"] == self.run.number and self.stops.preparing is None:
            return
        requests = sum(entry["num_requests"] for entry in data["stats"])
        logger.warning("Left out %d requests of run %d, reported late by %s", requests, report["run"], client_id)
        data["stats"], data["errors"] = [], {}
        data["stats_total"] = {"name": "Aggregated", "method": "", "start_time": time.time()}

    def snapshot(self, code: bool = True) -> dict[str, Any]:
        """`LocustStatus` of `runner/types.ts`; `code` False leaves that out, which takes most of the time."""
        environment, runner, run = self.environment, self.runner, self.run
        self._notice_end()
        total = environment.stats.total
        elapsed = run.elapsed
        preparing = self.beginning.preparing
        shape = environment.shape_class
        rps, failures_per_second = self._rates.now
        return {
            "locust": locust.__version__,
            "python": platform.python_version(),
            "client": self._client,
            "script": environment.locustfile,
            "state": runner.state,
            "run": run.number,
            "preparing": None if preparing is None else round(preparing, 3),
            "drained": self.is_drained(),
            "startedAt": None if self._started_at is None else utc_text(self._started_at),
            "elapsed": None if elapsed is None else round(elapsed, 3),
            "runTime": None if run.limit is None else round(run.limit, 3),
            "kept": run.kept,
            "users": runner.user_count,
            "targetUsers": runner.target_user_count,
            "spawnRate": runner.spawn_rate,
            "shape": type(shape).__name__ if shape is not None else None,
            "host": environment.host or None,
            "hosts": self.targets.hosts(run),
            **self._secret_arguments,
            "workers": self.workers(),
            **({"code": tally.report(self)} if code else {}),
            "master": {
                "id": self._id,
                "cpu": round(self._meter.sample(), 4),
                "cpuLimit": self._cpu_limit,
                "memory": process.memory(),
                "leaving": self._leaving,
            },
            "requests": total.num_requests,
            "failures": total.num_failures,
            "resets": self._rates.resets,
            "rps": rps,
            "failuresPerSecond": failures_per_second,
            **self._rates.percentiles(),
            **tally.unanswered(self),
            **self.open_load.answer(self.reports),
        }

    def is_drained(self) -> bool:
        """The latest run has ended, and each living worker's last numbers are in."""
        if self.run.number == 0 or self._stopped_run != self.run.number:
            return False
        return all(self._has_drained(client_id) for client_id in self._participants)

    def never_drains(self) -> bool:
        """It has ended so long ago that what is missing of its last numbers will not come."""
        since = self.run.since_end
        return since is not None and since > (self.environment.stop_timeout or 0) + LOCUST_PATIENCE + SILENT_AFTER

    def _notice_end(self) -> None:
        """A start that is broken off, or a last worker that leaves in an odd way, ends a run without an event."""
        if self.runner.state not in GOING:
            self._end()

    def _end(self) -> None:
        # Now, as pods that go after a run are not lost.
        self._lost_at_end = self.lost
        self.run.end()

    @property
    def participants(self) -> int:
        """How many workers the latest run began with, and those that came since."""
        return len(self._participants)

    @property
    def lost(self) -> int:
        """How many of them were gone, missing or silent while it went on: now, or at its end."""
        return sum(map(self._is_lost, self._participants)) if self.run.going else self._lost_at_end

    def _is_lost(self, client_id: str) -> bool:
        node = self.runner.clients.get(client_id)
        if node is None:
            return not self._is_away(self.reports.get(client_id))
        return node.state == STATE_MISSING or node.heartbeat <= 0

    def _begin(self) -> None:
        options = self.environment.parsed_options
        shape = self.environment.shape_class
        autostarts = options is not None and options.autostart and shape is None
        self.run.start(options.run_time if autostarts else None)
        self._started_at = datetime.now(UTC)
        if options is not None:
            setattr(options, RUN_OPTION, self.run.number)
        clients = self.runner.clients
        self.reports = {key: report for key, report in self.reports.items() if key in clients}
        active = (STATE_INIT, STATE_SPAWNING, STATE_RUNNING)
        self._participants = {key: node for key, node in clients.items() if node.state in active}
        self._bystanders = set()
        self._rates.start()
        self.open_load.begin()

    def _on_load(self) -> None:
        self._started_at = datetime.now(UTC) - timedelta(seconds=self.run.age)

    def _on_test_stopping(self, **_: Any) -> None:
        self._end()
        self._stopping_run = self.run.number

    def _on_test_stop(self, **_: Any) -> None:
        # A stop that is overtaken by the next start ends in that run; it is not that run's stop.
        if self._stopping_run == self.run.number:
            self._stopped_run = self.run.number

    def _on_quitting(self, **_: Any) -> None:
        """This process ends, and its workers after it."""
        self._leaving = True

    def _on_worker_report(self, client_id: str, data: dict[str, Any], **_: Any) -> None:
        report, clients = data.get("loadtest"), self.runner.clients
        if report is None:
            return
        self.reports[client_id] = Report(report, time.monotonic())
        self._rates.see(client_id, data)
        if report["run"] == self.run.number:
            self._participants.setdefault(client_id, None)
            self._bystanders.discard(client_id)
            self.beginning.see(report)
            self.open_load.see(client_id, report)
        elif client_id in self._participants and self._participants[client_id] is not clients.get(client_id):
            # It has gone through a stop and still is in an older run: the start never reached it.
            self._bystanders.add(client_id)

    def _has_drained(self, client_id: str) -> bool:
        report = self.reports.get(client_id)
        if report and report.data["run"] == self.run.number and report.data["drained"]:
            return True
        node = self.runner.clients.get(client_id)
        gone = node.state == STATE_MISSING if node else not self._is_away(report)
        return gone or client_id in self._bystanders

    def _is_away(self, report: Report | None) -> bool:
        """It is off Locust's list, as a worker is for a while after a stop, but alive."""
        return bool(report and not report.data["leaving"] and time.monotonic() - report.at < SILENT_AFTER)

    def _has_left(self, report: Report | None) -> bool:
        """It has said goodbye in this run."""
        return bool(report and report.data["leaving"] and report.data["run"] == self.run.number)

    def workers(self) -> list[dict[str, Any]]:
        clients = self.runner.clients
        shown = {key: (node.state, node.user_count) for key, node in clients.items()}
        for client_id in self._participants:
            report = self.reports.get(client_id)
            if client_id not in shown and (self._is_away(report) or self._has_left(report)):
                shown[client_id] = ("stopped", 0)
        index = self.runner.worker_indexes
        order = sorted(shown, key=lambda client_id: index.get(client_id, 0))
        # Locust counts heartbeats down, one a second, from three.
        silent = {key for key, node in clients.items() if node.heartbeat <= 0}
        return [describe(key, *shown[key], self.reports.get(key), key in silent) for key in order]
