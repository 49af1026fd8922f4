"""Targets that misbehave."""

from counted import rest_after
from locust import FastHttpUser, HttpUser, task


class Usual(HttpUser):
    wait_time = rest_after(2)

    @task
    def go(self) -> None:
        for path in ("/reset", "/half", "/status/304", "/status/404", "/status/500"):
            self.client.get(path)
        self.client.get("/late?ms=6000", name="timeout", timeout=1)
        self.client.get("http://127.0.0.1:1/", name="closed")
        self.client.get("http://no-such-host.invalid/", name="no host")
        self.client.get("no-url://x", name="no url")
        self.client.get("/garbage", name="no http")


class Quick(FastHttpUser):
    wait_time = rest_after(2)
    network_timeout = 1

    @task
    def go(self) -> None:
        for path in ("/reset", "/half", "/status/304", "/status/404", "/status/500"):
            self.client.get(path)
        self.client.post("/reset", data="x")
        self.client.get("/late?ms=6000", name="timeout")
        self.client.get("http://127.0.0.1:1/", name="closed")
        self.client.get("http://no-such-host.invalid/", name="no host")
        self.client.get("/garbage", name="no http")
