"""One administrator, and weights for the others."""

from counted import rest_after
from locust import FastHttpUser, HttpUser, task


class Admin(HttpUser):
    fixed_count = 1
    wait_time = rest_after(3)

    @task
    def admin(self) -> None:
        self.client.get("/admin")


class Reader(FastHttpUser):
    weight = 3
    wait_time = rest_after(4)

    @task
    def read(self) -> None:
        self.client.get("/read")


class Writer(FastHttpUser):
    weight = 1
    wait_time = rest_after(2)

    @task
    def write(self) -> None:
        self.client.put("/write", data="text")


class Base(FastHttpUser):
    abstract = True

    @task
    def never(self) -> None:
        self.client.get("/never")
