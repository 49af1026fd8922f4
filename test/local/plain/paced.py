"""Users that make requests by the clock."""

from locust import FastHttpUser, HttpUser, constant_pacing, constant_throughput, task


class Throughput(FastHttpUser):
    wait_time = constant_throughput(5)

    @task
    def go(self) -> None:
        self.client.get("/throughput?ms=50", name="/throughput")


class Pacing(HttpUser):
    wait_time = constant_pacing(0.25)

    @task
    def go(self) -> None:
        self.client.get("/pacing?ms=50", name="/pacing")
