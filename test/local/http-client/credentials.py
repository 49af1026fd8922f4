"""Who somebody is."""

from typing import Any

from locust import HttpUser, task
from requests.auth import AuthBase, HTTPBasicAuth
from told import tell


class BasicUser(HttpUser):
    @task
    def visit(self) -> None:
        tell(self, self.client.get("/private", name="unknown"))
        tell(self, self.client.get("/private", auth=("me", "pässword")))
        tell(self, self.client.get("/private", auth=HTTPBasicAuth("me", "two"), name="as an object"))
        self.client.auth = ("session", "three")
        tell(self, self.client.get("/private", name="of the session"))
        tell(self, self.client.get("/private", headers={"Authorization": "Bearer x"}, name="both"))


class Bearer(AuthBase):
    def __call__(self, request: Any) -> Any:
        request.headers["Authorization"] = "Bearer of an object"
        return request


class BearerUser(HttpUser):
    @task
    def visit(self) -> None:
        tell(self, self.client.get("/private", headers={"Authorization": "Bearer abc"}))
        self.client.headers["Authorization"] = "Bearer def"
        tell(self, self.client.get("/private", name="of the session's headers"))
        tell(self, self.client.get("/private", auth=Bearer(), name="of an object"))
        tell(self, self.client.get("/private", auth=lambda request: request, name="of a function"))
