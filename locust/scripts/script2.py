"""The same as script1.py with calmer users, who wait 2 to 4 seconds: twice the users for the same load."""

from locust import HttpUser, between, task


class CalmUser(HttpUser):
    wait_time = between(2, 4)

    @task
    def front_page(self) -> None:
        self.client.get("/")
