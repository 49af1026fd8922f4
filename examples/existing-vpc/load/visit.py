from locust import HttpUser, constant, task


class Visitor(HttpUser):
    wait_time = constant(1)

    @task
    def front(self) -> None:
        self.client.get("/")
