"""Answers that lead elsewhere."""

from locust import HttpUser, task
from told import tell


class FollowingUser(HttpUser):
    @task
    def visit(self) -> None:
        for code in (301, 302, 303, 307, 308):
            tell(self, self.client.get(f"/redirect/1?code={code}"))
            tell(self, self.client.post(f"/redirect/1?code={code}", data={"a": "1"}))
            tell(self, self.client.put(f"/redirect/2?code={code}", json={"a": 1}))
        tell(self, self.client.get("/redirect/3", name="three times"))
        tell(self, self.client.get("/redirect/1", allow_redirects=False, name="not followed"))
        tell(self, self.client.head("/redirect/1", name="head"))
        self.client.get("/redirect/40", name="too many")
        self.client.max_redirects = 2
        self.client.get("/redirect/3", name="too many for this user")


class WanderingUser(HttpUser):
    @task
    def visit(self) -> None:
        tell(self, self.client.get("/elsewhere", auth=("me", "secret"), name="stripped of credentials"))
        tell(self, self.client.get("/elsewhere", headers={"Authorization": "Bearer abc"}, name="of a header, too"))
        tell(self, self.client.get("/after"))
