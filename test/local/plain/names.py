"""Requests with many addresses under one name."""

from counted import rest_after
from locust import FastHttpUser, HttpUser, task


class Usual(HttpUser):
    wait_time = rest_after(3)

    @task
    def go(self) -> None:
        for number in range(3):
            self.client.get(f"/item/{number}", name="/item/[id]")
        self.client.request_name = "set before"
        self.client.get("/one")
        self.client.get("/two", params={"q": 1})
        self.client.request_name = None
        with self.client.rename_request("in a group"):
            self.client.get("/three")
            self.client.delete("/four")
        self.client.get("/plain?with=query&and=%C3%A9")
        self.client.head("/head")
        self.client.options("/options")


class Quick(FastHttpUser):
    wait_time = rest_after(3)

    @task
    def go(self) -> None:
        for number in range(3):
            self.client.get(f"/item/{number}", name="/item/[id]")
        with self.rename_request("in a group"):
            self.client.get("/three")
            self.client.delete("/four")
        with self.rest("POST", "/json", json={"a": 1}) as response:
            assert response.js["answer"] == 42
        with self.rest_("GET", "/json") as response:
            if response.js["answer"] == 42:
                response.failure("it is 42")
        self.client.patch("/patch", data=b"\x00\xff", headers={"X-Own": "é".encode().decode("latin-1")})
        self.client.get("/umlaut/ü?q=ä b", name="not ascii")
