"""What a request counts as is the script's to say."""

from counted import rest_after
from locust import FastHttpUser, HttpUser, task
from locust.exception import RescheduleTask


class Checks:
    def checks(self) -> None:
        with self.client.get("/status/404", catch_response=True) as response:
            response.success()
        with self.client.get("/ok", catch_response=True) as response:
            response.failure("too short" if len(response.content) < 100 else "long")
        with self.client.get("/status/503", name="untouched", catch_response=True):
            pass
        with self.client.get("/ok", name="by exception", catch_response=True) as response:
            if response.text != "nobody says this":
                response.failure(ValueError("not this"))
        with self.client.get("/json", name="renamed later", catch_response=True) as response:
            response.request_meta["name"] = f"answer {response.json()['answer']}"
        with self.client.get("/ok", name="given up", catch_response=True) as response:
            if response.status_code == 200:
                raise RescheduleTask


class Usual(HttpUser, Checks):
    wait_time = rest_after(3)
    usual = task(Checks.checks)


class Quick(FastHttpUser, Checks):
    wait_time = rest_after(3)
    quick = task(Checks.checks)


class Asserting(FastHttpUser):
    wait_time = rest_after(3)

    @task
    def asserting(self) -> None:
        with self.client.get("/ok", name="asserting", catch_response=True) as response:
            assert response.text == "else", f"{response.text} is not it"
