"""Requests from greenlets of the script: pools in a task, time limits around a request, polls until `on_stop`."""

import gevent
from counted import rest_after
from gevent.pool import Pool
from locust import FastHttpUser, HttpUser, task


class Pooled(FastHttpUser):
    concurrency = 4
    wait_time = rest_after(2)

    @task
    def all_at_once(self) -> None:
        pool = Pool(4)
        for number in range(8):
            pool.spawn(self.client.get, f"/part/{number}?ms=50", name="/part")
        pool.join()


class Limited(HttpUser):
    wait_time = rest_after(3)

    @task
    def within(self) -> None:
        with gevent.Timeout(0.2, False):
            self.client.get("/late?ms=800", name="/late")
        try:
            with gevent.Timeout(0.2, TimeoutError("the script's own limit")):
                self.client.get("/later?ms=800", name="/later")
        except TimeoutError as error:
            self.environment.events.request.fire(
                request_type="OWN", name="/later", response_time=200, response_length=0, exception=error, context={}
            )
        with gevent.Timeout(5):
            self.client.get("/soon")


class LimitedFast(FastHttpUser):
    wait_time = rest_after(3)

    @task
    def within(self) -> None:
        with gevent.Timeout(0.2, False):
            self.client.get("/fast-late?ms=800", name="/fast-late")
        self.client.get("/after")


class Polling(HttpUser):
    wait_time = rest_after(2)

    def on_start(self) -> None:
        self.poll = gevent.spawn(self.listen)

    def on_stop(self) -> None:
        self.poll.kill()

    def listen(self) -> None:
        for _ in range(3):
            self.client.get("/poll?ms=300", name="/poll")
        self.client.get("/poll-for-ever?ms=60000", name="/poll for ever")

    @task
    def go(self) -> None:
        self.client.get("/while-polling")
