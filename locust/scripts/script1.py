"""The smallest load test: each user asks for `/` and then waits 1 to 3 seconds, again and again."""

from locust import HttpUser, between, task


class QuickUser(HttpUser):
    wait_time = between(1, 3)

    @task
    def front_page(self) -> None:
        self.client.get("/")
