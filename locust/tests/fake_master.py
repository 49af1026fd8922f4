"""A master without a server, whose workers and runs are what a test says."""

from __future__ import annotations

import json
import math
from types import SimpleNamespace
from typing import Any

from locust import User
from locust.env import Environment
from locust.event import Events
from locust.runners import WorkerNode

from loadtest_recorder import Recorder
from loadtest_status import MasterStatus


class Visitor(User):
    host = "http://own"


class Master:
    """`begin` and `end` fire what Locust fires; `join` and `report` are what workers do."""

    def __init__(self) -> None:
        options = SimpleNamespace(autostart=False, run_time=None)
        self.environment = Environment(user_classes=[Visitor], events=Events(), parsed_options=options)
        self.runner = SimpleNamespace(
            state="ready",
            clients={},
            user_count=0,
            target_user_count=0,
            spawn_rate=0,
            worker_indexes={},
            start=self.begin,
            stop=lambda: None,
        )
        self.status = MasterStatus(self.environment, self.runner)  # type: ignore[arg-type]
        self.recorder = Recorder(self.status)

    def join(self, name: str, state: str = "running") -> None:
        self.runner.clients[name] = WorkerNode(name, state)
        self.report(name, run=self.status.run.number)

    def report(self, name: str, **more: Any) -> None:
        own = {"name": name, "cpu": 0.1, "cpuLimit": 0.25, "memory": 5, "run": 0, "drained": False, "leaving": False}
        data = {"stats": [], "errors": {}, "loadtest": {**own, **more}}
        self.environment.events.worker_report.fire(client_id=name, data=data)

    def begin(self) -> None:
        self.environment.events.test_start.fire(environment=self.environment)
        self.runner.state = "running"

    def end(self) -> None:
        self.environment.events.test_stopping.fire(environment=self.environment)
        self.runner.state = "stopped"
        self.environment.events.test_stop.fire(environment=self.environment)

    def series(self, after: float = -math.inf) -> dict[str, Any]:
        return json.loads(self.recorder.answer(after))
