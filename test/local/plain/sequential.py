"""Tasks in their order, also of sets inside."""

from counted import rest_after
from locust import FastHttpUser, HttpUser, SequentialTaskSet, task


class Checkout(SequentialTaskSet):
    @task
    def cart(self) -> None:
        self.client.get("/cart")

    @task(2)
    def pay(self) -> None:
        self.client.post("/pay", json={"user": self.user.tasks_done if hasattr(self.user, "tasks_done") else 0})

    @task
    def leave(self) -> None:
        self.interrupt()


class Visit(SequentialTaskSet):
    def on_start(self) -> None:
        self.client.get("/visit")

    @task
    def front(self) -> None:
        self.client.get("/")

    tasks_inside = task(Checkout)

    @task
    def bye(self) -> None:
        self.client.get("/bye")


class Quick(FastHttpUser):
    wait_time = rest_after(12)
    tasks = [Visit]


class Usual(HttpUser):
    wait_time = rest_after(7)
    tasks = [Visit]
