"""What was counted since the start of the run: two answers have all of the time between them as their difference.

`GET /loadtest/counts` has every worker report first, so that both ends of a step of `loadtest capacity` are moments and
not somewhere within three seconds. A worker that does not answer then is told of by the time of its last report.

Workers count each request in both of its rows in one pass.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterable
from typing import Any

import gevent
from flask import Flask, Response, request
from locust.runners import STATE_MISSING
from locust.stats import RequestStats, StatsEntry, bucket_response_time

from .patching import only_tested
from .status import MasterStatus

REPORT = "loadtest_report"
"""The message that asks a worker for a report."""
_PATIENCE = 1.0
"""Seconds that workers get for it."""
_LOOK = 0.01


@only_tested("locust")
def count_in_one_pass() -> None:
    """Has Locust count a request in its own row and in that of all at once, not in one after the other."""
    RequestStats.log_request = _log_request  # type: ignore[method-assign]


def _log_request(self: RequestStats, method: str, name: str, response_time: Any, content_length: int) -> None:
    now = time.time()
    second = int(now)
    rounded = None
    for row in (self.total, self.entries[name, method]):
        if row.use_response_times_cache and row.last_request_timestamp and second > int(row.last_request_timestamp):
            row._cache_response_times(second - 1)
        row.num_requests += 1
        row.num_reqs_per_sec[second] += 1
        row.last_request_timestamp = now
        if response_time is None:
            row.num_none_requests += 1
        else:
            row.total_response_time += response_time
            if row.min_response_time is None or response_time < row.min_response_time:
                row.min_response_time = response_time
            row.max_response_time = max(row.max_response_time, response_time)
            if rounded is None:
                rounded = bucket_response_time(response_time)
            row.response_times[rounded] += 1
        row.total_content_length += content_length


class Counts:
    """Create it in `events.init` of the master, behind its status."""

    def __init__(self, status: MasterStatus) -> None:
        self._status = status
        self._workers: dict[str, tuple[float, int]] = {}
        status.beginning.began.append(self._begin)
        status.environment.events.worker_report.add_listener(self._on_worker_report)

    def _begin(self) -> None:
        self._workers = {}

    def _on_worker_report(self, client_id: str, data: dict[str, Any], **_: Any) -> None:
        _, before = self._workers.get(client_id, (0.0, 0))
        requests = (data.get("stats_total") or {}).get("num_requests", 0)
        self._workers[client_id] = (time.monotonic(), before + requests)

    def ask(self) -> None:
        """Waits until each living worker has reported what it has counted up to now, for a second at most."""
        runner = self._status.runner
        asked = time.monotonic()
        runner.send_message(REPORT)
        while self._awaited(asked) and time.monotonic() - asked < _PATIENCE:
            gevent.sleep(_LOOK)

    def _awaited(self, since: float) -> bool:
        """Whether a worker has not reported since then."""
        return any(
            self._workers.get(node.id, (0.0, 0))[0] < since
            for node in self._status.runner.clients.values()
            if node.state != STATE_MISSING
        )

    def answer(self, names: bool) -> dict[str, Any]:
        """`Counts` of `runner/types/counts.ts`; without `names` only all requests together."""
        status, now = self._status, time.monotonic()
        stats = status.environment.stats
        age = status.run.age if status.run.number > 0 else 0.0
        return {
            "run": status.run.number,
            "workers": [
                {"id": client_id, "at": round(age - (now - at), 3), "requests": requests}
                for client_id, (at, requests) in self._workers.items()
            ],
            **_told(stats, names),
            # With times from when iterations were due: nothing without an arrival rate.
            "corrected": _told(status.open_load.corrected.stats, names),
        }


def _told(stats: RequestStats, names: bool) -> dict[str, Any]:
    return {"total": _counted(stats.total), "requests": _all(stats.entries.values()) if names else []}


def _all(entries: Iterable[StatsEntry]) -> list[dict[str, Any]]:
    return [{"method": str(entry.method or ""), "name": str(entry.name), **_counted(entry)} for entry in entries]


def _counted(entry: StatsEntry) -> dict[str, Any]:
    """`times`: how many answers took so many ms, as Locust rounds them; `time`: of all answers together, in ms."""
    return {
        "requests": entry.num_requests,
        "failures": entry.num_failures,
        "time": round(entry.total_response_time, 3),
        "times": entry.response_times,
    }


def serve(app: Flask, base_path: str, counts: Counts) -> None:
    """Adds `GET /loadtest/counts`; `?names=1` for each request by itself, `?now=1` for reports of this moment."""

    def answer() -> Response:
        if request.args.get("now") == "1":
            counts.ask()
        body = json.dumps(counts.answer(request.args.get("names") == "1"), separators=(",", ":"))
        return Response(body, mimetype="application/json", headers={"Cache-Control": "no-store"})

    app.add_url_rule(f"{base_path}/loadtest/counts", "loadtest_counts", answer)
