"""Answers that are failures, or are not, by the script's own word."""

import requests
from locust import HttpUser, task
from told import caught, tell


class StatusUser(HttpUser):
    @task
    def visit(self) -> None:
        for status in (200, 204, 304, 400, 403, 404, 429, 500, 503):
            tell(self, self.client.get(f"/status/{status}"))
        tell(self, self.client.get("/status/299", name="/status/[odd]"))


class CheckingUser(HttpUser):
    @task
    def visit(self) -> None:
        with self.client.get("/status/404", catch_response=True, name="expected") as response:
            response.success()
        with self.client.get("/json", catch_response=True) as response:
            if response.json()["answer"] != 43:
                response.failure("wrong answer")
        with self.client.get("/ok", catch_response=True, name="an error") as response:
            response.failure(ValueError(f"not {response.text!r}"))
        with self.client.get("/status/503", catch_response=True, name="untouched"):
            pass
        with self.client.get("/ok?ms=30", catch_response=True, name="slow") as response:
            if response.elapsed.total_seconds() > 0.02:
                response.failure("too slow")
        with self.client.get("/ok", catch_response=True, name="renamed") as response:
            response.request_meta["name"] = "renamed by the script"
        with self.client.get("/ok", catch_response=True, name="asserted") as response:
            assert response.text == "else", f"{response.text} is not it"
        with self.client.get("/ok", name="nobody catches it") as response:
            tell(self, response)


class RaisingUser(HttpUser):
    @task
    def visit(self) -> None:
        for path in ("/status/404", "/status/500"):
            try:
                self.client.get(path).raise_for_status()
            except requests.exceptions.HTTPError as error:
                caught(self, error)
        self.client.get("/status/200").raise_for_status()
        try:
            self.client.get("/ok", name="no json").json()
        except requests.exceptions.JSONDecodeError as error:
            caught(self, error)
        with self.client.get("/status/502", catch_response=True, name="in a with") as response:
            response.raise_for_status()
