"""Answers that come bit by bit, that lead elsewhere, that are large, that set cookies."""

from counted import rest_after
from locust import FastHttpUser, HttpUser, task


class Usual(HttpUser):
    wait_time = rest_after(2)

    @task
    def go(self) -> None:
        with self.client.get("/stream", stream=True, catch_response=True) as response:
            lines = sum(1 for _ in response.iter_lines())
        self.client.get(f"/lines/{lines}")
        with self.client.get("/stream", name="unread", stream=True, catch_response=True):
            pass
        self.client.get("/redirect/3")
        self.client.get("/redirect/1", name="not followed", allow_redirects=False)
        self.client.get("/redirect/40", name="too many")
        self.client.get("/big?n=200000", name="/big")
        self.client.get("/cookie")
        self.client.get("/cookie-is/back")


class Quick(FastHttpUser):
    wait_time = rest_after(2)

    @task
    def go(self) -> None:
        with self.client.get("/stream", stream=True, catch_response=True) as response:
            lines = len(response.stream.read().splitlines())
        self.client.get(f"/lines/{lines}")
        self.client.get("/redirect/3")
        self.client.get("/redirect/1", name="not followed", allow_redirects=False)
        self.client.get("/redirect/40", name="too many")
        self.client.get("/big?n=200000", name="/big")
        self.client.get("/cookie")
        self.client.get("/cookie-is/back")
        self.client.post("/redirect/1", name="posted", data="x" * 20000)
