"""A client that is closed between requests, and headers of each request's own."""

from locust import HttpUser, task
from told import tell


class ClosingUser(HttpUser):
    """Begins each visit as another visitor would."""

    @task
    def visit(self) -> None:
        for number in range(3):
            tell(self, self.client.get("/ok", headers={"X-Request-ID": f"visit {number}"}))
            tell(self, self.client.post("/echo", json={"visit": number}, headers={"X-Request-ID": f"post {number}"}))
            self.client.close()
        tell(self, self.client.get("/ok"))
