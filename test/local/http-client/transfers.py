"""Files that go, and answers that come bit by bit."""

import io
from collections.abc import Iterator

from counted import say
from locust import HttpUser, task
from told import tell


class UploadUser(HttpUser):
    @task
    def visit(self) -> None:
        tell(self, self.client.post("/echo", files={"picture": b"\x89PNG"}))
        files = {"table": ("täble.csv", "a,b\n1,2\n", "text/csv", {"X-Part": "1"})}
        tell(self, self.client.post("/echo", files=files, data={"title": "numbers"}))
        tell(self, self.client.post("/echo", data=io.BytesIO(b"of a file"), name="a stream"))
        tell(self, self.client.post("/upload", data=self.parts(), name="in chunks"))
        self.client.post("/upload", data=b"x" * 200_000, name="large")

    def parts(self) -> Iterator[bytes]:
        yield b"one"
        yield b"two"


class StreamUser(HttpUser):
    @task
    def visit(self) -> None:
        with self.client.get("/stream", stream=True, catch_response=True) as response:
            say("lines", list(response.iter_lines()))
        with self.client.get("/stream", stream=True, catch_response=True, name="unread"):
            pass
        self.client.get("/after the unread", name="after the unread")
        with self.client.get("/gzip", stream=True, catch_response=True, name="packed") as response:
            say("chunks", list(response.iter_content(3)))
        whole = self.client.get("/stream")
        say("whole", list(whole.iter_lines(decode_unicode=True)), [len(part) for part in whole.iter_content(20)])
        say("big", len(self.client.get("/big?n=300000").content))
        tell(self, self.client.get("/big?n=50", headers={"Range": "bytes=0-9"}, name="a range"))
