"""What the master knows of the run and its workers: one consistent view."""

from __future__ import annotations

import json
import logging
import os
import platform
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import locust
from flask import Response
from locust.env import Environment
from locust.runners import (
    STATE_INIT,
    STATE_MISSING,
    STATE_RUNNING,
    STATE_SPAWNING,
    STATE_STOPPED,
    MasterRunner,
    WorkerNode,
)

import loadtest_usage
from loadtest_dispatcher import Dispatcher
from loadtest_rates import Rates
from loadtest_run import LatestRun
from loadtest_stops import GOING, Stops
from loadtest_targets import Targets
from loadtest_worker import RUN_OPTION

logger = logging.getLogger("locust.loadtest.status")

# A worker reports every 3 s even while Locust has taken it off its list.
SILENT_AFTER = 10.0
# Locust waits for users this much longer than the stop timeout.
LOCUST_PATIENCE = 60.0
# Locust's beat is a second, and a timer may be a little early.
ONCE_A_SECOND = 0.9
_STATES = (STATE_INIT, STATE_SPAWNING, STATE_RUNNING, STATE_MISSING)


@dataclass
class Report:
    """The `loadtest` part of a worker's last report, and when (monotonic seconds) it came."""

    data: dict[str, Any]
    at: float


def utc_text(moment: datetime) -> str:
    """ISO 8601 with milliseconds, as JavaScript writes it."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


class MasterStatus:
    """Follows the runs and the workers' reports; create it in `events.init`."""

    def __init__(self, environment: Environment, runner: MasterRunner) -> None:
        self.environment = environment
        self.run = LatestRun()
        secrets = json.loads(os.environ.get("LOADTEST_SECRET_ARGUMENTS", "[]"))
        self._secret_arguments = {"secretArguments": secrets} if secrets else {}
        self.targets = Targets(environment, runner)
        self._runner = runner
        self._stops = Stops(runner, self.run)
        self._rates = Rates(environment, self.run)
        environment.dispatcher_class = Dispatcher
        self._id = uuid4().hex
        self._started_at: datetime | None = None
        self._meter = loadtest_usage.CpuMeter(shortest=ONCE_A_SECOND)
        self._cpu_limit = loadtest_usage.cpu_limit()
        self._reports: dict[str, Report] = {}
        self._percentiles: dict[str, int | None] = {}
        self._percentiles_at = 0.0
        self._stopping_run = 0
        self._stopped_run = 0
        # Who was asked to take part in the latest run, as Locust knew it then; it makes a new node after each stop.
        self._participants: dict[str, WorkerNode | None] = {}
        self._bystanders: set[str] = set()
        self.on_load: list[Callable[[], None]] = []
        """Called when the load of a run begins: all listeners of `test_start` are done, whenever they were added."""
        self._update_state = runner.update_state
        runner.update_state = self._see_state  # type: ignore[method-assign]
        environment.events.test_stopping.add_listener(self._on_test_stopping)
        environment.events.test_stop.add_listener(self._on_test_stop)
        environment.events.worker_report.add_listener(self._on_worker_report)

    def discard_stale(self, client_id: str, data: dict[str, Any]) -> None:
        """Empty a report that has samples of another run: Locust would add them to this one. Call it before Locust."""
        report = data.get("loadtest")
        if report is None or not (data["stats"] or data["errors"]):
            return
        # Locust has cleared its statistics before listeners of `test_start` prepare the next run.
        if report["run"] == self.run.number and self._stops.preparing is None:
            return
        requests = sum(entry["num_requests"] for entry in data["stats"])
        logger.warning("Left out %d requests of run %d, reported late by %s", requests, report["run"], client_id)
        data["stats"], data["errors"] = [], {}
        data["stats_total"] = {"name": "Aggregated", "method": "", "start_time": time.time()}

    def snapshot(self) -> dict[str, Any]:
        """`LocustStatus` of `runner/types.ts`."""
        environment, runner, run = self.environment, self._runner, self.run
        self._notice_end()
        total = environment.stats.total
        elapsed = run.elapsed
        preparing = self._stops.preparing
        shape = environment.shape_class
        rps, failures_per_second = self._rates.now
        return {
            "locust": locust.__version__,
            "python": platform.python_version(),
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
            "workers": self._workers(),
            "master": {
                "id": self._id,
                "cpu": round(self._meter.sample(), 4),
                "cpuLimit": self._cpu_limit,
                "memory": loadtest_usage.memory(),
            },
            "requests": total.num_requests,
            "failures": total.num_failures,
            "rps": rps,
            "failuresPerSecond": failures_per_second,
            **self._current_percentiles(),
            **self._unanswered(),
        }

    def with_absent_workers(self, response: Response) -> Response:
        """Locust's statistics after a stop, counting the workers that are off its list for a while.

        Its page asks for them a last time right then: told of 0 workers it would refuse the next start for good.
        """
        report = response.get_json(silent=True) if self._runner.state == STATE_STOPPED else None
        if report:
            living = sum(worker["state"] != STATE_MISSING for worker in self._workers())
            response.set_data(json.dumps({**report, "worker_count": max(report["worker_count"], living)}))
        return response

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
        if self._runner.state not in GOING:
            self.run.end()

    def _current_percentiles(self) -> dict[str, int | None]:
        total = self.environment.stats.total
        shares = {"p50": 0.5, "p95": 0.95, "p99": 0.99}
        if total.num_requests == 0 or self._rates.now[0] == 0:
            self._percentiles_at = 0.0
            return dict.fromkeys(shares)  # Locust's answer would be 0
        now = time.monotonic()
        if now - self._percentiles_at >= ONCE_A_SECOND:
            self._percentiles_at = now
            self._percentiles = {
                key: total.get_current_response_time_percentile(share) for key, share in shares.items()
            }
        return self._percentiles

    def _see_state(self, state: str) -> None:
        if state == STATE_SPAWNING and self._runner.state not in GOING:
            self._begin()
        self._update_state(state)

    def _begin(self) -> None:
        options = self.environment.parsed_options
        shape = self.environment.shape_class
        autostarts = options is not None and options.autostart and shape is None
        self.run.start(options.run_time if autostarts else None)
        self._started_at = datetime.now(UTC)
        if options is not None:
            setattr(options, RUN_OPTION, self.run.number)
        clients = self._runner.clients
        self._reports = {key: report for key, report in self._reports.items() if key in clients}
        active = (STATE_INIT, STATE_SPAWNING, STATE_RUNNING)
        self._participants = {key: node for key, node in clients.items() if node.state in active}
        self._bystanders = set()
        self._rates.start()
        for listener in self.on_load:
            listener()

    def _on_test_stopping(self, **_: Any) -> None:
        self.run.end()
        self._stopping_run = self.run.number

    def _on_test_stop(self, **_: Any) -> None:
        # A stop that is overtaken by the next start ends in that run; it is not that run's stop.
        if self._stopping_run == self.run.number:
            self._stopped_run = self.run.number

    def _on_worker_report(self, client_id: str, data: dict[str, Any], **_: Any) -> None:
        report = data.get("loadtest")
        if report is None:
            return
        self._reports[client_id] = Report(report, time.monotonic())
        self._rates.see(client_id, data)
        if report["run"] == self.run.number:
            self._participants.setdefault(client_id, None)
            self._bystanders.discard(client_id)
        elif (
            client_id in self._participants and self._runner.clients.get(client_id) is not self._participants[client_id]
        ):
            # It has gone through a stop and still is in an older run: the start never reached it.
            self._bystanders.add(client_id)

    def _unanswered(self) -> dict[str, Any]:
        """Requests that have no answer yet, as living workers last said, and those that the end of the run cut off."""
        clients = self._runner.clients
        reports = {key: report.data for key, report in self._reports.items() if report.data["run"] == self.run.number}
        living = [data for key, data in reports.items() if key in clients and clients[key].state != STATE_MISSING]
        return {
            "underWay": sum(data.get("underWay", 0) for data in living),
            "oldestWait": round(max((data.get("oldestWait", 0) for data in living), default=0), 1),
            "cutOff": sum(data.get("cutOff", 0) for data in reports.values()),
        }

    def _has_drained(self, client_id: str) -> bool:
        report = self._reports.get(client_id)
        if report and report.data["run"] == self.run.number and report.data["drained"]:
            return True
        node = self._runner.clients.get(client_id)
        gone = node.state == STATE_MISSING if node else not self._is_away(report)
        return gone or client_id in self._bystanders

    def _is_away(self, report: Report | None) -> bool:
        """It is off Locust's list, as a worker is for a while after a stop, but alive."""
        return bool(report and not report.data["leaving"] and time.monotonic() - report.at < SILENT_AFTER)

    def _workers(self) -> list[dict[str, Any]]:
        clients = self._runner.clients
        shown = {key: (node.state, node.user_count) for key, node in clients.items()}
        for client_id in self._participants:
            if client_id not in shown and self._is_away(self._reports.get(client_id)):
                shown[client_id] = ("stopped", 0)
        index = self._runner.worker_indexes
        order = sorted(shown, key=lambda client_id: index.get(client_id, 0))
        return [self._worker(client_id, *shown[client_id]) for client_id in order]

    def _worker(self, client_id: str, state: str, users: int) -> dict[str, Any]:
        report = self._reports.get(client_id)
        data = report.data if report else {}
        worker = {
            "id": client_id,
            "name": data.get("name") or client_id.rpartition("_")[0] or client_id,
            "state": state if state in _STATES else "stopped",
            "users": users,
            "cpu": round(data.get("cpu", 0.0), 4),
            "cpuLimit": data.get("cpuLimit", 1.0),
            "memory": data.get("memory", 0),
            "underWay": data.get("underWay", 0),
        }
        limit = data.get("memoryLimit")
        return worker if limit is None else {**worker, "memoryLimit": limit}
