"""A protocol of one's own: a client that fires `request`, with fields of its own."""

import time
from typing import Any

from counted import rest_after, say
from locust import User, events, task
from locust.env import Environment


@events.request.add_listener
def count(request_type: str, name: str, context: dict[str, Any], exception: Exception | None, **own: Any) -> None:
    say(request_type, name, context, exception, sorted(own), own.get("partition"))


class Client:
    def __init__(self, environment: Environment) -> None:
        self.environment = environment

    def call(self, name: str, **fields: Any) -> None:
        with self.environment.events.request.measure("RPC", name, context={"trace": name}):
            time.sleep(0.01)
            if fields.get("fails"):
                raise ValueError(f"no {name}")

    def publish(self, partition: int) -> None:
        self.environment.events.request.fire(
            request_type="PUB",
            name="topic",
            response_time=None,
            response_length=0,
            exception=ConnectionError("gone") if partition == 3 else None,
            context={},
            partition=partition,
        )


class Caller(User):
    wait_time = rest_after(4)

    def __init__(self, environment: Environment) -> None:
        super().__init__(environment)
        self.client = Client(environment)

    @task
    def calls(self) -> None:
        done = getattr(self, "tasks_done", 0)
        self.client.call("get")
        self.client.publish(done)
        self.client.call("put", fails=done == 2)
