"""Every listener raises, after it has said that it was there."""

from typing import Any

from counted import rest_after, say
from locust import FastHttpUser, events, task
from locust.event import EventHook

ONCE = ("test_start", "test_stopping", "test_stop", "spawning_complete", "quitting")
seen: set[str] = set()


def add(name: str, hook: EventHook) -> None:
    @hook.add_listener
    def raises(**_: Any) -> None:
        if name in ONCE or name not in seen:
            say(name)
        seen.add(name)
        raise RuntimeError(f"from {name}")


for name in (*ONCE, "request", "report_to_master", "worker_report", "user_error", "worker_connect"):
    add(name, getattr(events, name))


class Quick(FastHttpUser):
    wait_time = rest_after(4)

    @task
    def go(self) -> None:
        self.client.get("/")
        self.client.get("/status/500")
        raise KeyError("in a task")
