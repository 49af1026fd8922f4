"""What the scripts beside it share: users that make a fixed number of requests, and lines that a test compares."""

import os
from collections.abc import Callable

from locust import User

TARGET = os.environ["TARGET"]


def rest_after(tasks: int) -> Callable[[User], float]:
    """A wait time: short until a user has run this many tasks, then until the end of the test."""

    def wait(user: User) -> float:
        done = getattr(user, "tasks_done", 0) + 1
        user.tasks_done = done
        return 0.02 if done < tasks else 1000

    return wait


def say(*words: object) -> None:
    """A line in the output of this process that must be there as often in both ways."""
    print(">>", *words, flush=True)
