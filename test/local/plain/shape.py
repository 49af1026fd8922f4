"""A load shape with classes for each stage."""

from counted import rest_after
from locust import FastHttpUser, HttpUser, LoadTestShape, task


class Early(HttpUser):
    wait_time = rest_after(4)

    @task
    def early(self) -> None:
        self.client.get("/early")


class Late(FastHttpUser):
    wait_time = rest_after(3)

    @task
    def late(self) -> None:
        self.client.get("/late")


class Stages(LoadTestShape):
    stages = [(3, 2, [Early, Late]), (6, 4, [Early, Late]), (9, 2, [Late])]

    def tick(self) -> tuple[int, float, list[type]] | None:
        time = self.get_run_time()
        return next(((users, 4, classes) for end, users, classes in self.stages if time < end), None)
