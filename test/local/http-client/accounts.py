"""Logins, cookies, and what a session adds to its requests."""

from locust import HttpUser, task
from told import tell


class LoginUser(HttpUser):
    @task
    def visit(self) -> None:
        tell(self, self.client.get("/cookie-is/back", name="before"))
        tell(self, self.client.post("/login", data={"user": "me", "password": "öpen & shut"}))
        tell(self, self.client.get("/cookie-is/back"))
        tell(self, self.client.get("/deep/down", name="a cookie of its path"))
        tell(self, self.client.post("/cookie-is/back", json={"item": 1}, name="buy"))
        self.client.get("/no-cookie", name="logout")
        tell(self, self.client.get("/cookie-is/back", name="after"))


class CookieUser(HttpUser):
    @task
    def visit(self) -> None:
        self.client.cookies.set("own", "1")
        self.client.get("/a")
        self.client.get("/a", cookies={"once": "2"}, name="beside")
        self.client.get("/cookie")
        tell(self, self.client.get("/b"))
        self.client.get("/b", headers={"Cookie": "by=hand"}, name="by hand")
        del self.client.cookies["own"]
        tell(self, self.client.get("/c"))
        self.client.cookies.clear()
        self.client.get("/d")


class SessionUser(HttpUser):
    def on_start(self) -> None:
        self.client.headers.update({"Accept": "application/json", "X-Tenant": "acme"})
        self.client.params = {"version": "2"}

    @task
    def visit(self) -> None:
        tell(self, self.client.get("/a"))
        tell(self, self.client.get("/b", params={"q": ["1", "2"], "none": None}, headers={"x-tenant": "other"}))
        tell(self, self.client.get("/c?x=1", headers={"Accept": None, "User-Agent": "mine"}, name="/c"))
        self.client.headers["User-Agent"] = "session's"
        self.client.params = {}
        with self.client.rename_request("one of many"):
            self.client.get("/item/1")
            self.client.get("/item/2", name="not this")
        self.client.request_name = "another"
        self.client.get("/item/3")
        self.client.request_name = None
        tell(self, self.client.request("GET", "/d", context={"a": 1}))
