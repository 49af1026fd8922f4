"""Something before and after, at each level."""

from typing import Any

from counted import rest_after, say
from locust import FastHttpUser, HttpUser, TaskSet, events, task
from locust.env import Environment


@events.test_start.add_listener
def begin(environment: Environment, **_: Any) -> None:
    say(type(environment.runner).__name__, "begins", len(environment.user_classes))


@events.test_stopping.add_listener
def stopping(environment: Environment, **_: Any) -> None:
    say(type(environment.runner).__name__, "is stopping", environment.runner.user_count > 0)


@events.test_stop.add_listener
def end(environment: Environment, **_: Any) -> None:
    say(type(environment.runner).__name__, "ends")


@events.spawning_complete.add_listener
def all_there(user_count: int, **_: Any) -> None:
    say("all there:", user_count)


@events.quitting.add_listener
def quitting(environment: Environment, **_: Any) -> None:
    say(type(environment.runner).__name__, "quits")


class Session(TaskSet):
    def on_start(self) -> None:
        self.client.get("/set/start")

    def on_stop(self) -> None:
        self.client.get("/set/stop")

    @task
    def step(self) -> None:
        self.client.get("/step")


class Usual(HttpUser):
    wait_time = rest_after(3)
    tasks = [Session]

    def on_start(self) -> None:
        self.client.post("/login", data={"user": "one"})

    def on_stop(self) -> None:
        self.client.post("/logout")


class Quick(FastHttpUser):
    wait_time = rest_after(3)
    tasks = [Session]

    def on_start(self) -> None:
        self.client.post("/login", data={"user": "two"})

    def on_stop(self) -> None:
        self.client.post("/logout")
