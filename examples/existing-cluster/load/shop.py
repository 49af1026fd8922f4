import os

from locust import FastHttpUser, constant, task


class Shopper(FastHttpUser):
    wait_time = constant(1)

    @task
    def front(self) -> None:
        self.client.get("/", headers={"X-Api-Key": os.environ["API_KEY"]})
