"""What monitoring gets to know: the list `metrics.json`, for Prometheus at `GET /metrics`, and as lines of the log."""

from __future__ import annotations

import json
import logging
import os
import re
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import gevent
from flask import Flask, Response
from locust.runners import STATE_MISSING

from . import exposition
from .exposition import Bounded, Requests
from .status import MasterStatus, utc_text

logger = logging.getLogger("locust.loadtest.metrics")

LOG_SECONDS = "LOADTEST_METRICS_LOG_SECONDS"
LIST: list[dict[str, Any]] = json.loads(Path(__file__).with_name("metrics.json").read_text())
STATES = ("ready", "spawning", "running", "stopping", "stopped")
MOST = 100
"""Names of requests, and lines of the script with exceptions, that have series of their own."""
OTHER = "other"
LINGER = 300.0
"""Seconds after a run for which its failures and lost workers are told: alarms look once in a while."""

Series = dict[tuple[str, ...], float | None]
"""Values by those of the labels; None where one is not known."""


class Metrics:
    """Values of the list at a moment; create it in `events.init`, behind the status."""

    def __init__(self, status: MasterStatus) -> None:
        self._status = status
        self._names = Bounded(MOST)
        self._exceptions = Bounded(MOST)

    def text(self) -> str:
        """All of the list in Prometheus' format."""
        now = self._status.snapshot(code=False)
        gauges = self._gauges(now)
        rows = self._requests(now["resets"])
        lines: list[str] = []
        for metric in LIST:
            name, names = metric["name"], metric.get("labels", ())
            samples = rows.get(name, [])
            if name in gauges:
                values = gauges[name]
                known = ((exposition.labels(names, key), value) for key, value in values.items() if value is not None)
                samples = [exposition.sample(name, labelled, value) for labelled, value in known]
            if samples:
                lines += (exposition.head(name, metric["type"], metric["help"]), *samples)
        return "\n".join(lines) + "\n"

    def line(self) -> str:
        """One JSON object, of what is known of those metrics that have `lines`."""
        now = self._status.snapshot(code=False)
        gauges = self._gauges(now)
        values: dict[str, Any] = {}
        for metric in LIST:
            for line in metric.get("lines", ()):
                key = tuple(line.get("labels", {}).values())
                values[line["key"]] = gauges[metric["name"]].get(key)
        known = {key: round(value, 6) for key, value in values.items() if value is not None}
        told = {"loadtest": "metrics", "time": utc_text(datetime.now(UTC)), "run": now["run"], "state": now["state"]}
        return json.dumps({**told, **known}, separators=(",", ":"))

    def _gauges(self, now: dict[str, Any]) -> dict[str, Series]:
        """`now`: `LocustStatus` of `runner/types.ts`. All metrics but those of single requests."""
        status, run = self._status, self._status.run
        recent = run.going or (run.since_end is not None and run.since_end < LINGER)
        workers = [one for one in now["workers"] if one["state"] != STATE_MISSING and not one["leaving"]]
        # A worker that starts again in its pod has the name of the one that is gone.
        by_name = {(one["name"],): one for one in workers}
        hosts = sorted({_without_login(host) for host in now["hosts"].values() if host})
        alone: dict[str, float | None] = {
            "locust_run_elapsed_seconds": now["elapsed"],
            "locust_users": now["users"],
            "locust_users_wanted": now["targetUsers"] if run.going else 0,
            "locust_users_missing_ratio": self._missing(now),
            "locust_workers": len(workers),
            "locust_workers_wanted": status.participants if recent else 0,
            "locust_workers_lost": status.lost if recent else 0,
            "locust_workers_idle": 0 if run.going else len(workers),
            "locust_requests_per_second": now["rps"],
            "locust_failures_per_second": now["failuresPerSecond"],
            "locust_fail_ratio": status.environment.stats.total.fail_ratio if recent and now["requests"] else None,
            "locust_requests_under_way": now["underWay"],
            "locust_oldest_request_seconds": now["oldestWait"],
            "locust_master_cpu_ratio": now["master"]["cpu"] / now["master"]["cpuLimit"],
            "locust_worker_cpu_ratio_max": max((one["cpu"] / one["cpuLimit"] for one in workers), default=None),
        }
        percentiles = {(key[1:],): now[key] for key in ("p50", "p95", "p99")}
        return {
            **{name: {(): value} for name, value in alone.items()},
            "locust_run_info": {(str(now["run"]), str(now["script"]), " ".join(hosts)): 1},
            "locust_run_state": {(state,): int(state == now["state"]) for state in STATES},
            "locust_response_time_seconds": {key: ms and ms / 1000 for key, ms in percentiles.items()},
            "locust_worker_cpu_cores": {key: one["cpu"] for key, one in by_name.items()},
            "locust_worker_cpu_limit_cores": {key: one["cpuLimit"] for key, one in by_name.items()},
            "locust_exceptions_total": self._raised(),
        }

    def _missing(self, now: dict[str, Any]) -> float:
        wanted = now["targetUsers"]
        if wanted == 0 or not self._status.run.going or not self._status.stops.settled:
            return 0
        return max(0, wanted - now["users"]) / wanted

    def _raised(self) -> Series:
        status = self._status
        told = [report.data for report in status.reports.values() if report.data["run"] == status.run.number]
        raised = [status.script.answer(), *(data["script"] for data in told if "script" in data)]
        counts: dict[str, int] = {}
        for one in raised:
            for where, count in one.get("raised", {}).items():
                counts[where] = counts.get(where, 0) + count
        rest = sum(one["exceptions"]["count"] for one in raised) - sum(counts.values())
        shown = self._exceptions.choose(counts.items(), status.run.number)
        series: Series = {(where,): count for where, count in counts.items() if where in shown}
        rest += sum(count for where, count in counts.items() if where not in shown)
        return {**series, (OTHER,): rest} if rest > 0 else series

    def _requests(self, resets: int) -> dict[str, list[str]]:
        """The lines of what is counted by request."""
        stats = self._status.environment.stats
        numbers = ((key, entry.num_requests) for key, entry in stats.entries.items() if key != (OTHER, ""))
        shown = self._names.choose(numbers, (self._status.run.number, resets))
        rest = Requests()
        rest.add(stats.total)
        rows: list[tuple[str, str, Requests]] = []
        for name, method in shown:
            entry = stats.entries.get((name, method))
            if entry is None:  # the script has taken it out
                continue
            requests = Requests()
            requests.add(entry)
            rest.subtract(requests)
            rows.append((method, name, requests))
        if len(stats.entries) > len(rows):
            rows.append(("", OTHER, rest))
        found: dict[str, list[str]] = {}
        for method, name, requests in rows:
            for metric, lines in requests.samples(exposition.labels(("method", "name"), (method, name))).items():
                found.setdefault(metric, []).extend(lines)
        return found


def serve(app: Flask, base_path: str, metrics: Metrics) -> None:
    """Adds `GET /metrics`, unless the script has one: call it when all `init` listeners have run."""
    path = f"{base_path}/metrics"
    if any(rule.rule == path for rule in app.url_map.iter_rules()):
        logger.info("%s is the script's own", path)
        return

    def answer() -> Response:
        # A name may have halves of characters, which no encoding knows.
        body = metrics.text().encode(errors="replace")
        return Response(body, content_type=exposition.CONTENT_TYPE, headers={"Cache-Control": "no-store"})

    app.add_url_rule(path, "loadtest_metrics", answer)


def log_interval() -> float | None:
    """Seconds between two lines of the log; None without them. Ends the process where they are no number."""
    given = os.environ.get(LOG_SECONDS)
    if given is None:
        return None
    try:
        seconds = float(given)
    except ValueError:
        seconds = 0
    if not 1 <= seconds <= 86400:
        sys.exit(f"{LOG_SECONDS} must be a number of seconds from 1 to 86400, not {given!r}")
    return seconds


def log(metrics: Metrics, seconds: float) -> None:
    """Writes a line to standard output at each multiple of `seconds`, as long as the process lives."""
    while True:
        gevent.sleep(seconds - time.time() % seconds)
        try:
            # One write, so that nothing comes between: the log of Locust goes to standard error.
            sys.stdout.write(metrics.line() + "\n")
            sys.stdout.flush()
        except Exception:
            logger.exception("The metrics could not be logged")


def _without_login(host: str) -> str:
    return re.sub(r"//[^/]*@", "//", host)
