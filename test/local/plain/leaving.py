"""Users that leave: at once, in the middle, from a set inside, with an error."""

from counted import rest_after
from locust import FastHttpUser, HttpUser, TaskSet, task
from locust.exception import StopUser


class AtOnce(HttpUser):
    def on_start(self) -> None:
        self.client.get("/hello")
        raise StopUser

    def on_stop(self) -> None:
        self.client.get("/bye")

    @task
    def never(self) -> None:
        self.client.get("/never")


class Inside(FastHttpUser):
    wait_time = rest_after(9)

    @task
    class Steps(TaskSet):
        def on_stop(self) -> None:
            self.client.get("/set/stop")

        @task
        def step(self) -> None:
            self.client.get("/step")
            if getattr(self.user, "tasks_done", 0) == 2:
                raise StopUser


class Broken(HttpUser):
    def on_start(self) -> None:
        self.client.get("/status/401", name="/login")
        raise LookupError("no token")

    def on_stop(self) -> None:
        self.client.get("/never")

    @task
    def never(self) -> None:
        self.client.get("/never")
