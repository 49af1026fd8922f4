"""Users without a pause, for a profile on one machine. `BENCH_USER`: HttpUser or FastHttpUser."""

from __future__ import annotations

import os

from locust import FastHttpUser, HttpUser, User, constant, task

_base: type[User] = FastHttpUser if os.environ["BENCH_USER"] == "FastHttpUser" else HttpUser


class LocalUser(_base):  # type: ignore[misc, valid-type]
    wait_time = constant(0)

    @task
    def get(self) -> None:
        self.client.get("/")
