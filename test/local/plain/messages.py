"""The master gives each worker its accounts, and the workers say what they got."""

from typing import Any

import gevent
from counted import rest_after, say
from locust import HttpUser, events, task
from locust.env import Environment
from locust.runners import MasterRunner, WorkerRunner

accounts: list[str] = []


def take(msg: Any, environment: Environment, **_: Any) -> None:
    accounts.extend(msg.data)
    environment.runner.send_message("taken", {"count": len(msg.data)})


def taken(msg: Any, **_: Any) -> None:
    say("taken", msg.data)


def slow(environment: Environment, **_: Any) -> None:
    gevent.sleep(0.5)
    environment.runner.send_message("answer", "late")


def answer(msg: Any, **_: Any) -> None:
    say("answer", msg.data)
    raise RuntimeError("a handler that raises")


@events.init.add_listener
def register(environment: Environment, **_: Any) -> None:
    runner = environment.runner
    if isinstance(runner, WorkerRunner):
        runner.register_message("take", take)
        runner.register_message("ask", slow, concurrent=True)
    if isinstance(runner, MasterRunner):
        runner.register_message("taken", taken)
        runner.register_message("answer", answer)


@events.test_start.add_listener
def share(environment: Environment, **_: Any) -> None:
    runner = environment.runner
    if not isinstance(runner, MasterRunner):
        return
    names = [f"account-{number}" for number in range(6)]
    for index, worker in enumerate(sorted(runner.clients)):
        runner.send_message("take", names[index::2], client_id=worker)
    runner.send_message("ask", None)


class Owner(HttpUser):
    wait_time = rest_after(3)

    def on_start(self) -> None:
        while not accounts:
            gevent.sleep(0.05)
        self.account = accounts.pop()

    @task
    def own(self) -> None:
        self.client.get(f"/{self.account}")
