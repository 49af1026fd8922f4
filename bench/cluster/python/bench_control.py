"""Drives the master for benchmarks, below its web server: routes that start users and measure whole reports."""

from __future__ import annotations

import json
import time
import urllib.request
from typing import Any

import gevent
from flask import Response, request
from gevent.queue import Empty, Queue
from locust import events
from locust.env import Environment
from locust.runners import MasterRunner

import bench_usage

# Seconds that a worker may take to be ready again after a stop.
_READY = 120.0

_reports: Queue[tuple[str, dict[str, Any]]] = Queue()


@events.worker_report.add_listener
def _on_report(client_id: str, data: dict[str, Any], **_: Any) -> None:
    times: dict[int, int] = {}
    requests = failures = 0
    for entry in data["stats"]:
        requests += entry["num_requests"]
        failures += entry["num_failures"]
        for value, count in entry["response_times"].items():
            times[value] = times.get(value, 0) + count
    report = {"users": data["user_count"], "requests": requests, "failures": failures, "times": times}
    _reports.put((client_id, {**report, "usage": data.get("bench")}))


@events.init.add_listener
def _on_init(environment: Environment, runner: Any, web_ui: Any = None, **_: Any) -> None:
    if not isinstance(runner, MasterRunner) or web_ui is None:
        return
    bench = Bench(environment, runner)

    @web_ui.app.route("/bench/window", methods=["POST"])
    def window() -> Response:
        return _json(bench.window(json.loads(request.form["order"])))

    @web_ui.app.route("/bench/usage")
    def usage() -> Response:
        return _json(bench_usage.usage())


class _LostWorkerError(Exception):
    pass


class Bench:
    def __init__(self, environment: Environment, runner: MasterRunner) -> None:
        self._environment = environment
        self._runner = runner
        self._user_class: str | None = None
        self._workers: set[str] = set()
        self._spawning = gevent.Greenlet()

    def window(self, order: dict[str, Any]) -> dict[str, Any]:
        """Measures `users` users of a class, after they have all been there for `settle` seconds.

        Where they are not after `patience` seconds, those that are count. It ends after `samples` requests or more, and
        between `least` and `most` seconds. Gives what each worker process has done in it, by its own clock; of workers
        that were started anew meanwhile or say nothing any more, only that they were lost.
        """
        self._start(order)
        try:
            arrived = self._wait_for_users(order["users"], order["patience"])
            gevent.sleep(order["settle"])
            self._drain()
            target = _target_usage(order["target"])
            parts = self._collect(order)
            return {"arrived": arrived, "parts": parts, "target": [target, _target_usage(order["target"])]}
        except _LostWorkerError:
            self._give_up()
            return {"lost": True}

    def _start(self, order: dict[str, Any]) -> None:
        runner, user_class = self._runner, order["userClass"]
        self._spawning.kill()
        if self._user_class not in (None, user_class):
            runner.stop()
        self._user_class = user_class
        end = time.monotonic() + _READY
        while runner.worker_count < order["workers"] and time.monotonic() < end:
            gevent.sleep(0.1)
        self._drain()
        self._workers = set(runner.clients)
        classes = [one for one in self._environment.user_classes if one.__name__ == user_class]
        self._environment.host = order["host"]
        # It returns when all are there: a worker that is lost meanwhile shows at once.
        self._spawning = gevent.spawn(runner.start, order["users"], order["spawnRate"], user_classes=classes)

    def _wait_for_users(self, users: int, patience: float) -> int:
        latest: dict[str, int] = {}
        end = time.monotonic() + patience
        while sum(latest.values()) != users:
            try:
                client_id, report = self._report(end)
            except Empty:
                break
            latest[client_id] = report["users"]
            if time.monotonic() > end:
                break
        return sum(latest.values())

    def _collect(self, order: dict[str, Any]) -> list[dict[str, Any]]:
        parts: dict[str, dict[str, Any]] = {}
        # A small worker whose users are late says nothing for a while.
        end = time.monotonic() + order["most"] * 2 + 60
        while time.monotonic() < end:
            try:
                client_id, report = self._report(end)
            except Empty:
                break
            usage = report["usage"]
            if client_id not in parts:
                # A window begins with a report, whose own requests came before it.
                parts[client_id] = {"requests": 0, "failures": 0, "times": {}, "from": usage, "to": usage}
                continue
            part = parts[client_id]
            part["to"] = usage
            part["requests"] += report["requests"]
            part["failures"] += report["failures"]
            for value, count in report["times"].items():
                part["times"][value] = part["times"].get(value, 0) + count
            seconds = min(one["to"]["at"] - one["from"]["at"] for one in parts.values())
            enough = sum(one["requests"] for one in parts.values()) >= order["samples"]
            whole = len(parts) >= order["workers"] and seconds >= order["least"] - 0.2
            if whole and (enough or seconds >= order["most"] - 0.2):
                break
        if not parts:
            raise _LostWorkerError
        return list(parts.values())

    def _report(self, end: float) -> tuple[str, dict[str, Any]]:
        """Gives the next report, if one comes before `end`."""
        while True:
            if set(self._runner.clients) - self._workers:
                raise _LostWorkerError
            left = end - time.monotonic()
            try:
                return _reports.get(timeout=min(1.0, max(0.01, left)))
            except Empty:
                if left <= 1.0:
                    raise

    def _give_up(self) -> None:
        """Ends the users of the worker that has come anew, and what the master knows of the one that was lost."""
        self._spawning.kill()
        for client_id in self._workers & set(self._runner.clients):
            # What Locust does about a silent worker, it does now.
            self._runner.clients[client_id].heartbeat = -1
        gevent.sleep(2)
        self._runner.stop()

    def _drain(self) -> None:
        while not _reports.empty():
            _reports.get()


def _target_usage(address: str) -> dict[str, Any]:
    with urllib.request.urlopen(address, timeout=10) as response:
        return json.load(response)


def _json(value: dict[str, Any]) -> Response:
    return Response(json.dumps(value), mimetype="application/json")
