"""HttpUser: for what needs a `requests` session, such as its authentication helpers or its adapters.

The plugin makes its plain requests for less CPU than `requests` takes; a script cannot tell (docs/http-user.md).
"""

from locust import HttpUser, between, task


class RequestsUser(HttpUser):
    wait_time = between(1, 3)

    @task
    def front_page(self) -> None:
        self.client.get("/")
