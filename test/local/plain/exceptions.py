"""Errors in tasks, in `on_stop`, with long and odd texts, from deep down."""

from counted import rest_after
from locust import FastHttpUser, HttpUser, task


class Odd(Exception):
    def __str__(self) -> str:
        return "one line\nand another, with \"quotes\", 'more' and ünïcode"


def deep(levels: int, text: str) -> None:
    if levels == 0:
        raise KeyError(text)
    deep(levels - 1, text)


class Usual(HttpUser):
    wait_time = rest_after(4)

    @task
    def go(self) -> None:
        done = getattr(self, "tasks_done", 0)
        self.client.get("/before")
        if done == 1:
            raise Odd
        if done == 2:
            deep(30, "token")
        self.client.get("/nothing").json()


class Quick(FastHttpUser):
    wait_time = rest_after(3)

    @task
    def go(self) -> None:
        done = getattr(self, "tasks_done", 0)
        self.client.get("/before")
        assert done, "the first has none"
        raise ValueError(f"task {done}: " + "long " * 400)
