"""A worker's part of runs with an arrival rate and without one."""

import unittest
from types import SimpleNamespace
from typing import Any

import gevent
from locust import TaskSet
from locust.event import Events

from loadtest.openworker import WorkerArrivals
from loadtest.run import RUN_OPTION


class WorkerArrivalsTest(unittest.TestCase):
    def setUp(self) -> None:
        self.events = Events()
        self.theirs = TaskSet.execute_next_task
        self.arrivals = WorkerArrivals(self.events)
        self.addCleanup(lambda: self.start(""))
        self.sent: list[dict[str, Any]] = []
        self.runner: Any = SimpleNamespace(
            user_count=0,
            register_message=lambda _, listener: setattr(self, "tell", listener),
            send_message=lambda _, data: self.sent.append(data),
        )

    def start(self, rate: str, run: int = 1) -> None:
        options = SimpleNamespace(arrival_rate=rate, arrival_spacing="even", **{RUN_OPTION: run})
        self.events.test_start.fire(environment=SimpleNamespace(runner=None, parsed_options=options))

    def schedule(self, run: int = 1, **more: Any) -> None:
        told = {
            "run": run,
            "spacing": "even",
            "seed": 1,
            "age": 0.0,
            "schedule": [(0.0, 0.0, 1000.0)],
            "share": (0.0, 1, [0]),
        }
        self.tell(msg=SimpleNamespace(data={**told, **more}), environment=None)  # type: ignore[attr-defined]

    def started(self) -> int:
        started: int = self.arrivals.report()["arrivals"]["started"]
        return started

    def test_users_that_come_before_init_ask_for_tickets_too(self) -> None:
        self.start("5")
        self.assertIsNot(TaskSet.execute_next_task, self.theirs)

    def test_a_run_without_a_rate_is_as_it_always_was(self) -> None:
        listeners = len(self.events.request._handlers)
        self.start("5")
        self.assertEqual(len(self.events.request._handlers), listeners + 1)
        self.start("")
        self.assertIs(TaskSet.execute_next_task, self.theirs)
        self.assertEqual((len(self.events.request._handlers), self.arrivals.report()), (listeners, {}))

    def test_says_when_all_of_its_users_wait_and_starts_what_the_master_says(self) -> None:
        self.arrivals.join(self.runner)
        self.start("1000")
        scheduler = self.arrivals._scheduler
        assert scheduler is not None
        self.runner.user_count = 2

        def user() -> None:
            while True:
                scheduler.take()

        users = [gevent.spawn(user)]
        gevent.sleep(0.12)
        self.assertEqual(self.sent, [])
        users.append(gevent.spawn(user))
        gevent.sleep(0.12)
        self.assertEqual(self.sent, [{"run": 1, "users": 2}])
        self.schedule(run=7)
        gevent.sleep(0.03)
        self.assertEqual(self.started(), 0, "of another run")
        self.schedule()
        gevent.sleep(0.1)
        self.assertGreater(self.started(), 20)
        self.events.test_stopping.fire(environment=None)
        gevent.sleep(0)  # who was given one in this very turn of the loop still starts it
        before = self.started()
        gevent.sleep(0.05)
        self.assertEqual(self.started(), before)
        self.events.request.fire(request_type="GET", name="/", response_time=5, response_length=0, exception=None)
        self.assertEqual(len(self.arrivals.report()["arrivals"]["corrected"]), 1)
        self.start("1000", run=2)
        self.assertEqual(self.started(), 0)
        gevent.killall(users)

    def test_a_request_that_is_cut_off_is_in_corrected_times(self) -> None:
        self.arrivals.cut(None, "GET", "/", 10_000.0)
        self.start("5")
        self.arrivals.cut(None, "GET", "/", 10_000.0)
        [entry] = self.arrivals.report()["arrivals"]["corrected"]
        self.assertEqual((entry["num_requests"], entry["max_response_time"]), (1, 10_000.0))
