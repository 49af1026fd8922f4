"""Targets that break off, are late or are not there, and requests that cannot be made."""

import requests
from locust import HttpUser, task
from told import caught, tell


class BrokenUser(HttpUser):
    @task
    def visit(self) -> None:
        for path in ("/reset", "/half", "/garbage"):
            self.client.get(path)
            self.client.post(path, data="x")
        self.client.get("http://127.0.0.1:1/", name="closed")
        self.client.get("http://no-such-host.invalid/", name="no host")
        self.client.get("/late?ms=3000", timeout=0.2, name="late")
        self.client.get("/late?ms=3000", timeout=(1, 0.2), name="late to read")
        self.client.post("/late?ms=3000", timeout=(None, 0.2), data="x", name="late after a post")
        tell(self, self.client.get("/ok", timeout=5))
        tell(self, self.client.get("/after"))


class CatchingUser(HttpUser):
    @task
    def visit(self) -> None:
        for path in ("http://127.0.0.1:1/", "/reset", "/half", "/late?ms=2000"):
            try:
                timeout = 0.2 if "late" in path else 5
                self.client.get(path, timeout=timeout, name=f"caught {path[:8]}").raise_for_status()
            except requests.exceptions.Timeout as error:
                caught(self, error)
            except requests.exceptions.ConnectionError as error:
                caught(self, error)
            except requests.exceptions.RequestException as error:
                caught(self, error)
        with self.client.get("/reset", catch_response=True, name="a reset that counts as good") as response:
            assert response.status_code == 0
            response.success()


class MistakenUser(HttpUser):
    @task
    def visit(self) -> None:
        for url in ("no-url://x", "http://", "http://[::1/", "http://127.0.0.1:port/"):
            try:
                self.client.get(url, name=url)
            except Exception as error:
                caught(self, error)
        for headers in (
            {"X-Bad": "line\r\nbreak"},
            {"X-Number": 5},
            {"X Space": "a"},
            {"X-Wide": "€"},
            {"X-Latin": "é"},
        ):
            try:
                tell(self, self.client.get("/ok", headers=headers, name=f"header {next(iter(headers))}"))
            except Exception as error:
                caught(self, error)
        try:
            self.client.get("/ok", unknown=1)
        except TypeError as error:
            caught(self, error)
        try:
            self.client.post("/ok", json={"a": object()}, name="no json")
        except Exception as error:
            caught(self, error)
        tell(self, self.client.get("/after"))
