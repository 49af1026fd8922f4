"""What an iteration is, with Locust's own task sets of all kinds."""

import time
import unittest

import gevent
from gevent.pool import Group
from locust import SequentialTaskSet, TaskSet, User, task
from locust.env import Environment
from locust.event import Events

from loadtest.corrected import Corrected
from loadtest.iterations import Scheduler
from loadtest.tasks import Hooks, lag_here, lag_of
from task_cases import (
    Base,
    InLeavesLate,
    InLeaving,
    InOddStep,
    InSteps,
    Nested,
    Odd,
    OwnWait,
    PagesInSteps,
    Plain,
    Reschedules,
    Stops,
    WithoutTasks,
    log,
)


class TasksTest(unittest.TestCase):
    def setUp(self) -> None:
        log.clear()
        self.now = 100.0
        self.scheduler = Scheduler(lambda: self.now)
        self.scheduler.queue.open = True
        self.hooks = Hooks()
        self.theirs = (TaskSet.execute_next_task, TaskSet.wait, SequentialTaskSet.get_next_task)
        self.hooks.install(self.scheduler)
        self.addCleanup(self.hooks.remove)
        self.group = Group()
        self.addCleanup(lambda: self.group.kill(block=True))

    def user(self, cls: type[User]) -> User:
        user = cls(Environment(user_classes=[cls], events=Events(), catch_exceptions=True))
        user.start(self.group)
        self.settle()
        return user

    def tickets(self, count: int) -> None:
        for _ in range(count):
            self.scheduler.queue.offer(self.now, self.now)
            self.settle()

    @staticmethod
    def settle() -> None:
        for _ in range(10):
            gevent.sleep(0)

    def counts(self) -> tuple[int, int]:
        return self.scheduler.starts.started, self.scheduler.starts.under_way

    def check(self, cls: type[User], by_ticket: list[list[str]]) -> None:
        self.user(cls)
        self.assertEqual(log, [])
        for number, expected in enumerate(by_ticket, 1):
            log.clear()
            self.tickets(1)
            self.assertEqual(log, expected, f"ticket {number}")
            self.assertEqual(self.counts(), (number, 0), f"ticket {number}")

    def test_a_task_is_one(self) -> None:
        self.check(Plain, [["one"]] * 3)

    def test_a_pass_through_a_sequential_set_is_one(self) -> None:
        self.check(InSteps, [["start", "1", "2", "3"], ["1", "2", "3"], ["1", "2", "3"]])

    def test_a_pass_ends_where_it_is_interrupted(self) -> None:
        self.check(InLeaving, [["1"]] * 3)

    def test_also_where_it_is_interrupted_with_a_wait(self) -> None:
        self.check(InLeavesLate, [["1"]] * 3)

    def test_each_task_of_a_nested_set_is_one(self) -> None:
        self.check(Nested, [["start", "page"], ["page"], ["start", "page"], ["page"]])

    def test_a_set_nested_in_a_sequential_one_is_of_its_pass(self) -> None:
        self.check(PagesInSteps, [["before", "start", "page", "page", "after"]] * 2)

    def test_a_task_that_raises_is_one(self) -> None:
        with self.assertLogs("locust"):
            self.check(Odd, [["raise"]] * 2)

    def test_a_pass_goes_on_behind_a_task_that_raises(self) -> None:
        with self.assertLogs("locust"):
            self.check(InOddStep, [["raise", "goes on"]] * 2)

    def test_a_task_that_asks_for_another_is_one(self) -> None:
        self.check(Reschedules, [["one"]] * 2)

    def test_a_user_that_stops_ends_its_own(self) -> None:
        user = self.user(Stops)
        self.tickets(1)
        self.assertEqual((log, self.counts(), user.greenlet.dead), (["one"], (1, 0), True))

    def test_a_user_without_tasks_waits_as_ever(self) -> None:
        with self.assertLogs("locust") as logs:
            self.user(WithoutTasks)
            before = time.monotonic()
            with gevent.Timeout(10):
                while len(logs.records) < 3:
                    gevent.sleep(0.01)
        # One each 10 ms at the most, from before the first.
        self.assertLess(len(logs.records), 5 + (time.monotonic() - before) / 0.01, "it must not spin")

    def test_a_task_may_wait(self) -> None:
        self.user(OwnWait)
        self.tickets(1)
        self.assertEqual(log, ["before"])
        with gevent.Timeout(10):
            while len(log) < 2 or self.counts()[1] > 0:
                gevent.sleep(0.01)
        self.assertEqual((log, self.counts()), (["before", "after"], (1, 0)))

    def test_a_waiting_user_is_stopped_at_once(self) -> None:
        user = self.user(Plain)
        self.assertEqual(user.stop(), True)
        self.settle()
        self.assertEqual((user.greenlet.dead, self.scheduler.queue.idle), (True, 0))

    def test_users_share_what_is_due(self) -> None:
        for _ in range(3):
            self.user(Plain)
        self.tickets(7)
        self.assertEqual(log, ["one"] * 7)

    def test_locusts_own_comes_back(self) -> None:
        self.hooks.remove()
        self.assertEqual((TaskSet.execute_next_task, TaskSet.wait, SequentialTaskSet.get_next_task), self.theirs)

    def test_late_starts_are_in_corrected_times(self) -> None:
        corrected = Corrected()
        listener = corrected.listen(lag_here)
        lags: list[float] = []

        class Asking(Base):
            @task
            def one(self) -> None:
                lags.append(lag_of(self))
                listener("GET", "/", 100.0)
                gevent.spawn(listener, "GET", "/from-a-greenlet", 100.0).join()

        self.user(Asking)
        self.scheduler.queue.offer(self.now - 0.5, self.now)
        self.settle()
        listener("GET", "/outside", 100.0)
        self.assertEqual(lags, [0.5])
        master = Corrected()
        master.merge(corrected.report())
        rows = {name: entry.max_response_time for (name, _), entry in master.stats.entries.items()}
        self.assertEqual(rows, {"/": 600.0, "/from-a-greenlet": 600.0, "/outside": 100.0})
        self.assertEqual(master.stats.total.num_requests, 3)
        self.assertEqual(corrected.report(), [])

    def test_a_second_run_begins_anew(self) -> None:
        other = Scheduler(lambda: self.now)
        other.queue.open = True
        self.hooks.install(other)
        self.user(Plain)
        other.queue.offer(self.now, self.now)
        self.settle()
        self.assertEqual((self.scheduler.starts.started, other.starts.started), (0, 1))


if __name__ == "__main__":
    unittest.main()
