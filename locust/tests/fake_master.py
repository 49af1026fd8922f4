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

from loadtest.samples import Recorder
from loadtest.script import Script
from loadtest.status import MasterStatus


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
            shape_greenlet=None,
            shape_worker=lambda: None,
            _users_dispatcher=None,
            start=self.begin,
            stop=lambda: None,
            update_state=lambda state: setattr(self.runner, "state", state),
            quit=lambda: None,
            spawn_users=lambda: None,
            register_message=lambda *_: None,
            spawning_completed=False,
            target_user_classes_count={},
        )
        self.script = Script(self.environment, self.runner)  # type: ignore[arg-type]
        self.status = MasterStatus(self.environment, self.runner, self.script)  # type: ignore[arg-type]
        self.recorder = Recorder(self.status)

    def join(self, name: str, state: str = "running") -> None:
        self.runner.clients[name] = WorkerNode(name, state)
        self.report(name, run=self.status.run.number)

    def report(
        self, name: str, /, stats_total: dict[str, int] | None = None, late: list[int] | None = None, **more: Any
    ) -> None:
        own = {"name": name, "cpu": 0.1, "cpuLimit": 0.25, "memory": 5, "run": 0, "drained": False, "leaving": False}
        stats = [{"num_requests": requests} for requests in late or ()]
        data = {"stats": stats, "errors": {}, "stats_total": stats_total or {}, "loadtest": {**own, **more}}
        self.status.discard_stale(name, data)
        self.environment.events.worker_report.fire(client_id=name, data=data)

    def begin(self) -> None:
        self.environment.events.test_start.fire(environment=self.environment)
        self.runner.update_state("spawning")
        self.runner.update_state("running")

    def end(self) -> None:
        self.environment.events.test_stopping.fire(environment=self.environment)
        self.runner.state = "stopped"
        self.environment.events.test_stop.fire(environment=self.environment)

    def series(self, after: float = -math.inf) -> dict[str, Any]:
        return json.loads(self.recorder.answer(after))
