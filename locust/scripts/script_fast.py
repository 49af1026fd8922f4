"""FastHttpUser: the same requests for about a fifth of the CPU, so a worker carries more users.

It is no `requests` session: see Locust's documentation for what differs. It does not verify TLS certificates.
"""

from locust import FastHttpUser, between, task


class FastUser(FastHttpUser):
    wait_time = between(1, 3)

    @task
    def front_page(self) -> None:
        self.client.get("/")
