"""Bodies of every form, and texts of every language."""

from locust import HttpUser, task
from told import tell


class JsonUser(HttpUser):
    @task
    def visit(self) -> None:
        tell(self, self.client.post("/echo", json={"name": "Zoë", "list": [1, None, True]}))
        tell(self, self.client.put("/echo", json=[]))
        tell(self, self.client.patch("/echo", json=None))
        tell(self, self.client.delete("/echo"))
        tell(self, self.client.delete("/echo", json={"id": 7}, name="delete with a body"))
        tell(self, self.client.options("/echo"))
        tell(self, self.client.head("/echo"))
        tell(self, self.client.post("/echo", json={"a": 1}, headers={"Content-Type": "application/vnd.x+json"}))
        answer = self.client.get("/json").json()["answer"]
        self.client.get(f"/item/{answer}", name="/item/[id]")


class FormUser(HttpUser):
    @task
    def visit(self) -> None:
        tell(self, self.client.post("/echo", data={"a": "1 2", "b": ["x", "y"], "ü": "€"}))
        tell(self, self.client.post("/echo", data=[("a", "1"), ("a", "2")]))
        tell(self, self.client.post("/echo", data="plain"))
        tell(self, self.client.post("/echo", data="naïve €"))
        tell(self, self.client.post("/echo", data=b"\x00\xff"))
        tell(self, self.client.post("/echo", data=bytearray(b"array"), name="bytearray"))
        tell(self, self.client.post("/echo", data=""))
        tell(self, self.client.post("/echo"))
        tell(self, self.client.get("/echo", data={"odd": "but allowed"}, name="get with a body"))


class TextUser(HttpUser):
    @task
    def visit(self) -> None:
        for path in ("/latin", "/undeclared", "/undeclared/html", "/undeclared/json", "/gzip"):
            tell(self, self.client.get(path))
        response = self.client.get("/undeclared", name="told its charset")
        response.encoding = "utf-8"
        tell(self, response)
        tell(self, self.client.get("/zürich/straße?q=ä&r=%20+x", name="unicode"))
        tell(self, self.client.get("/a b/%7Euser/%zz/../up?q=[1]|^", name="quoting"))
        tell(self, self.client.get("/path#part"))
        tell(self, self.client.get("/named", name="Straße №1"))
        tell(self, self.client.get("//double/slash"))
