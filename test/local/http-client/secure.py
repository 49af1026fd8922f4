"""Certificates: of an authority that nobody knows, for `localhost` alone."""

import os

from locust import HttpUser, task
from told import tell

SECURE, AUTHORITY = os.environ["SECURE"], os.environ["AUTHORITY"]


class VerifyingUser(HttpUser):
    @task
    def visit(self) -> None:
        self.client.get(f"{SECURE}/ok", name="of an unknown authority")
        tell(self, self.client.get(f"{SECURE}/ok", verify=AUTHORITY, name="of a known one"))
        self.client.get(SECURE.replace("localhost", "127.0.0.1"), verify=AUTHORITY, name="for another name")
        tell(self, self.client.get(f"{SECURE}/ok", verify=False, name="of nobody's interest"))
        self.client.get(f"{SECURE}/ok", name="of an unknown authority still")
        self.client.verify = AUTHORITY
        tell(self, self.client.post(f"{SECURE}/echo", json={"a": "ü"}, name="known to the session"))
        tell(self, self.client.get(f"{SECURE}/redirect/1", name="elsewhere"))
        self.client.get(SECURE.replace("https", "http"), name="no TLS")


class CarelessUser(HttpUser):
    def on_start(self) -> None:
        self.client.verify = False

    @task
    def visit(self) -> None:
        tell(self, self.client.get(f"{SECURE}/ok", name="careless"))
        tell(self, self.client.post(f"{SECURE}/login", data={"user": "me"}, name="careless login"))
        self.client.get(f"{SECURE}/ok", verify=True, name="careful once")
