"""Sets in sets, and every way out of them."""

from counted import rest_after
from locust import HttpUser, TaskSet, task
from locust.exception import InterruptTaskSet, RescheduleTask, RescheduleTaskImmediately


class Inner(TaskSet):
    def on_start(self) -> None:
        self.steps = 0
        self.client.get("/inner/start")

    def on_stop(self) -> None:
        self.client.get("/inner/stop")

    @task
    def step(self) -> None:
        self.steps += 1
        self.client.get(f"/inner/{self.steps}")
        if self.steps == 2:
            raise RescheduleTaskImmediately
        if self.steps == 3:
            raise RescheduleTask
        if self.steps == 4:
            raise InterruptTaskSet(reschedule=self.user.rounds % 2 == 0)


class Outer(TaskSet):
    tasks = [Inner]

    def on_start(self) -> None:
        self.user.rounds = getattr(self.user, "rounds", 0) + 1
        self.client.get("/outer/start")


class Nested(HttpUser):
    wait_time = rest_after(9)
    tasks = {Outer: 3}


class Flat(HttpUser):
    wait_time = rest_after(4)

    @task
    class Only(TaskSet):
        @task
        def parent(self) -> None:
            self.client.get(f"/of/{type(self.parent).__name__}")
            self.interrupt(reschedule=False)
