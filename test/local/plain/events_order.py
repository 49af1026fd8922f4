"""Which events come at all, and what of them before the script's `init`."""

from typing import Any

from counted import rest_after, say
from locust import FastHttpUser, events, task
from locust.env import Environment
from locust.event import EventHook

HOOKS = [name for name, hook in vars(events).items() if isinstance(hook, EventHook)]
first: list[str] = []


def note(name: str) -> None:
    @getattr(events, name).add_listener
    def once(**_: Any) -> None:
        if name not in first:
            first.append(name)


for hook in HOOKS:
    note(hook)


@events.init.add_listener
def begin(environment: Environment, **_: Any) -> None:
    say(type(environment.runner).__name__, "before init:", sorted(first[: first.index("init")]))


@events.quit.add_listener
def end(**_: Any) -> None:
    say("in all:", sorted(set(first) - {"usage_monitor", "cpu_warning"}))


class Quick(FastHttpUser):
    wait_time = rest_after(3)

    @task
    def go(self) -> None:
        self.client.get("/")
        raise KeyError("for user_error")
