"""HttpUser: for what needs a `requests` session, such as its authentication helpers or its adapters.

It takes several times the CPU of FastHttpUser for the same requests, so a worker carries fewer users.
"""

from locust import HttpUser, between, task


class RequestsUser(HttpUser):
    wait_time = between(1, 3)

    @task
    def front_page(self) -> None:
        self.client.get("/")
