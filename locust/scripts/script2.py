"""The same as script1.py with calmer users, who wait 2 to 4 seconds: three make the load of two."""

from locust import FastHttpUser, between, task


class CalmUser(FastHttpUser):
    wait_time = between(2, 4)

    @task
    def front_page(self) -> None:
        self.client.get("/")
