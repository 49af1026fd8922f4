"""Two classes with a host each, one with a path; a third has none and names it in full."""

from counted import TARGET, rest_after
from locust import FastHttpUser, HttpUser, User, task
from locust.clients import HttpSession


class Api(FastHttpUser):
    host = f"{TARGET}/v1"
    wait_time = rest_after(3)

    @task
    def get(self) -> None:
        self.client.get("/items")
        self.client.get(f"{TARGET}/elsewhere", name="elsewhere")


class Shop(HttpUser):
    host = TARGET.replace("127.0.0.1", "localhost")
    wait_time = rest_after(2)

    @task
    def get(self) -> None:
        self.client.get("/shop")


class Neither(User):
    wait_time = rest_after(2)

    @task
    def get(self) -> None:
        with HttpSession(TARGET, self.environment.events.request, self) as session:
            session.get("/own-session")
