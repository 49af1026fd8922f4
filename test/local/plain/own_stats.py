"""Statistics that the script writes itself: in tasks, on the workers, on the master."""

from typing import Any

import gevent
from counted import rest_after
from locust import FastHttpUser, events, task
from locust.env import Environment
from locust.runners import MasterRunner, WorkerRunner


@events.init.add_listener
def totals(environment: Environment, **_: Any) -> None:
    environment.bytes_seen = 0


@events.request.add_listener
def add(context: dict[str, Any], response_length: int, **_: Any) -> None:
    if "environment" in context:
        context["environment"].bytes_seen += response_length


@events.test_start.add_listener
def on_the_master(environment: Environment, **_: Any) -> None:
    if isinstance(environment.runner, MasterRunner):
        for _number in range(3):
            environment.events.request.fire(
                request_type="SEED",
                name="on the master",
                response_time=5,
                response_length=7,
                exception=None,
                context={},
            )
        environment.stats.log_error("SEED", "on the master", "written by hand")
    if isinstance(environment.runner, WorkerRunner):
        gevent.spawn_later(1, environment.stats.log_request, "LATER", "on each worker", 11, 13)


class Writes(FastHttpUser):
    wait_time = rest_after(3)

    def context(self) -> dict[str, Any]:
        return {"environment": self.environment}

    @task
    def go(self) -> None:
        self.client.get("/")
        stats = self.environment.stats
        stats.log_request("STEP", "by hand", 12.5, 100)
        stats.log_error("STEP", "by hand", ValueError("an error by hand"))
        stats.get("entry", "ENTRY").log(3, 4)
