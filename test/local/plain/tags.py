"""The master chooses the tasks by their tags."""

from typing import Any

from counted import rest_after
from locust import FastHttpUser, SequentialTaskSet, events, tag, task
from locust.env import Environment


@events.init.add_listener
def choose(environment: Environment, **_: Any) -> None:
    environment.parsed_options.tags = ["smoke"]
    environment.parsed_options.exclude_tags = ["slow"]


class Tagged(FastHttpUser):
    wait_time = rest_after(5)

    @task
    class Steps(SequentialTaskSet):
        @tag("smoke")
        @task
        def first(self) -> None:
            self.client.get("/first")

        @task
        def untagged(self) -> None:
            self.client.get("/untagged")

        @tag("smoke", "slow")
        @task
        def slow(self) -> None:
            self.client.get("/slow")

        @tag("smoke", "other")
        @task
        def last(self) -> None:
            self.client.get("/last")
