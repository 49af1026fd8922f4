"""Tickets that are due, and users that wait for them, by a clock that a test moves."""

import unittest
from typing import Any

import gevent

from loadtest.arrivals import EVEN, POISSON, DueCounter, Schedule, Share, Stage, Tickets
from loadtest.iterations import Scheduler


class SchedulerTest(unittest.TestCase):
    def setUp(self) -> None:
        self.now = 100.0
        self.scheduler = Scheduler(lambda: self.now)
        self.lags: list[float] = []
        self.users: list[gevent.Greenlet] = []
        self.addCleanup(lambda: gevent.killall(self.users))

    def begin(self, rate: float, spacing: str = EVEN, seconds: float | None = None, period: int = 1) -> None:
        tickets = Tickets(spacing, 5, 0.0)
        tickets.assign(Share(0.0, period, [0]))
        schedule = Schedule()
        schedule.follow(0.0, [Stage(rate, seconds)])
        self.scheduler.begin(tickets, 0.0)
        self.scheduler.follow(schedule)

    def user(self, hold: float = 0.0) -> None:
        """Takes one after the other; each is under way until the clock has moved by `hold`."""

        def loop() -> None:
            while True:
                self.lags.append(self.scheduler.take())
                end = self.now + hold
                while self.now < end:
                    gevent.sleep(0)

        self.users.append(gevent.spawn(loop))
        gevent.sleep(0)

    def advance(self, seconds: float, step: float = 0.005) -> None:
        for _ in range(round(seconds / step)):
            self.now += step
            self.scheduler.step()
            for _ in range(3):
                gevent.sleep(0)

    def counts(self) -> dict[str, Any]:
        return self.scheduler.answer()

    def test_starts_are_rate_times_time(self) -> None:
        for _ in range(5):
            self.user()
        self.begin(40)
        self.advance(10.001)
        self.assertEqual((self.counts()["started"], self.counts()["late"]), (400, 0))
        self.assertLess(max(self.lags), 0.0051)

    def test_a_share_is_a_part_of_them(self) -> None:
        self.user()
        self.begin(40, period=4)
        self.advance(10.001)
        self.assertEqual(self.counts()["started"], 100)

    def test_random_ones_are_those_that_were_planned(self) -> None:
        for _ in range(20):
            self.user()
        self.begin(100, POISSON, seconds=5)
        self.advance(6)
        self.assertEqual(self.counts()["started"], DueCounter(POISSON, 5).below(500))

    def test_what_nobody_is_free_for_waits_a_second_and_is_dropped(self) -> None:
        self.user(hold=3)
        self.begin(10)
        self.advance(2.51)
        counts = self.counts()
        # One at 0; those due up to 1.5 s have waited for a second.
        self.assertEqual((counts["started"], counts["dropped"]), (1, 15))
        self.assertEqual(counts["waiting"], 10)
        self.advance(1)
        self.assertEqual(self.counts()["started"], 2)
        self.assertAlmostEqual(self.lags[1], 0.91, delta=0.02)
        self.assertEqual(self.counts()["late"], 1)

    def test_the_first_that_waits_is_the_first_that_starts(self) -> None:
        order: list[int] = []

        def user(number: int) -> None:
            self.scheduler.take()
            order.append(number)

        self.users = [gevent.spawn(user, number) for number in range(4)]
        gevent.sleep(0)
        self.begin(10)
        self.advance(0.5)
        self.assertEqual(order, [0, 1, 2, 3])

    def test_a_user_that_ends_takes_no_ticket_with_it(self) -> None:
        for _ in range(3):
            self.user()
        self.begin(10)
        self.users[0].kill()
        self.scheduler.step()
        self.assertEqual(self.counts()["ready"], 2, "one of them was handed an iteration, and does not run yet")
        # Handed over, and ended before it runs.
        self.users[1].kill(block=False)
        gevent.sleep(0)
        self.advance(1.001)
        self.assertEqual((self.counts()["started"], self.counts()["dropped"]), (10, 0))
        self.assertEqual(self.scheduler.queue.idle, 1)

    def test_nothing_starts_behind_the_stop_and_what_waited_is_dropped(self) -> None:
        self.begin(10)
        self.advance(0.45)
        self.scheduler.stop()
        self.user()
        self.advance(2)
        counts = self.counts()
        self.assertEqual((counts["started"], counts["dropped"], counts["waiting"]), (0, 5, 0))

    def test_nothing_starts_before_the_schedule_begins(self) -> None:
        self.user()
        self.advance(1)
        self.assertEqual((self.counts()["started"], self.scheduler.queue.idle), (0, 1))

    def test_another_rate_holds_from_its_second_on(self) -> None:
        for _ in range(5):
            self.user()
        self.begin(10)
        self.advance(2.001)
        schedule = Schedule()
        schedule.follow(0.0, [Stage(10, None)])
        schedule.follow(2.5, [Stage(100, None)])
        self.scheduler.follow(schedule)
        self.advance(1.5)
        self.assertEqual(self.counts()["started"], 25 + 100)

    def test_sleeps_until_there_is_something_to_do(self) -> None:
        self.begin(4)
        self.now += 0.01
        self.scheduler.step()
        # The first waits for a user, and the next is due in a quarter of a second.
        self.assertAlmostEqual(self.scheduler.step() - self.now, 0.24, places=3)
        self.advance(0.9)
        self.assertLessEqual(self.scheduler.step(), 101.0 + 1e-6)

    def pause(self, seconds: float) -> None:
        """The clock jumps, as with a process that was stopped: at its first look messages are to be read."""
        self.now += seconds
        self.assertAlmostEqual(self.scheduler.step() - self.now, 0.05)

    def test_a_paused_worker_starts_nothing_that_is_older_than_a_second(self) -> None:
        for _ in range(50):
            self.user()
        self.begin(50)
        self.advance(1.001)
        self.pause(30)
        self.advance(0.1)
        counts = self.counts()
        # Due from 1 s on, and too old at 31.05 s up to 30.05 s.
        self.assertAlmostEqual(counts["dropped"], 29 * 50, delta=5)
        self.assertAlmostEqual(counts["started"], 50 + 55, delta=5)
        self.assertLessEqual(max(self.lags), 1.0)
        self.advance(1)
        self.assertAlmostEqual(self.counts()["started"], 50 + 105, delta=5)

    def test_a_paused_worker_reads_first_that_others_have_its_tickets(self) -> None:
        for _ in range(50):
            self.user()
        self.begin(50)
        self.advance(1.001)
        self.pause(5)
        tickets = self.scheduler.tickets
        assert tickets is not None
        # From second 3 on.
        tickets.assign(Share(150.0, 1, []))
        self.advance(1)
        self.assertEqual((self.counts()["started"], self.counts()["dropped"]), (50, 100))

    def test_what_waited_before_a_pause_is_dropped_by_the_user_that_comes_first(self) -> None:
        self.begin(10)
        self.advance(0.05)
        self.now += 30
        self.user()
        self.assertEqual((self.counts()["started"], self.counts()["dropped"]), (0, 1))

    def test_a_worker_that_is_always_late_starts_iterations_all_the_same(self) -> None:
        self.user()
        self.begin(10)
        self.advance(10, step=0.4)
        self.assertGreater(self.counts()["started"], 90)


class RealClockTest(unittest.TestCase):
    def test_runs_by_itself(self) -> None:
        scheduler = Scheduler()
        tickets = Tickets(EVEN, 5, 0.0)
        tickets.assign(Share(0.0, 1, [0]))
        schedule = Schedule()
        schedule.follow(0.0, [Stage(200, 0.5)])
        lags: list[float] = []

        def user() -> None:
            while True:
                lags.append(scheduler.take())

        users = [gevent.spawn(user)]
        self.addCleanup(gevent.killall, users)
        self.addCleanup(scheduler.stop)
        scheduler.run()
        scheduler.begin(tickets, 0.0)
        scheduler.follow(schedule)
        with gevent.Timeout(10):
            while scheduler.starts.started + scheduler.starts.dropped < 100:
                gevent.sleep(0.01)
        gevent.sleep(0.1)
        self.assertEqual(scheduler.starts.started + scheduler.starts.dropped, 100)
        self.assertEqual(len(lags), scheduler.starts.started)
        self.assertGreater(len(lags), 0)
