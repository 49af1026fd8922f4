"""The smallest load test: each user asks for `/` and then waits 1 to 3 seconds, again and again.

FastHttpUser takes the least CPU. It does not verify TLS certificates unless a script says `insecure = False`.
"""

from locust import FastHttpUser, between, task


class QuickUser(FastHttpUser):
    wait_time = between(1, 3)

    @task
    def front_page(self) -> None:
        self.client.get("/")
