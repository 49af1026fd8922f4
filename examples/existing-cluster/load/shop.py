import os

from locust import HttpUser, constant, task


class Shopper(HttpUser):
    wait_time = constant(1)

    def on_start(self) -> None:
        self.client.headers["X-Api-Key"] = os.environ["API_KEY"]

    @task
    def front(self) -> None:
        self.client.get("/")
