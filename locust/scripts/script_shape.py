"""A load shape: the script decides how many users run when, instead of the settings, and ends the test."""

from locust import FastHttpUser, LoadTestShape, constant, task

# Until which second of the test, how many users, how many of them start or stop a second.
STAGES = [
    (10, 4, 2),
    (20, 10, 3),
    (30, 2, 4),
]


class StepsUser(FastHttpUser):
    wait_time = constant(1)

    @task
    def front_page(self) -> None:
        self.client.get("/")


class StepsShape(LoadTestShape):
    def tick(self) -> tuple[int, float] | None:
        elapsed = self.get_run_time()
        return next(((users, rate) for until, users, rate in STAGES if elapsed < until), None)
