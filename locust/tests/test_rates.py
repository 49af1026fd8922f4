"""Rates of a master whose workers report what a test says."""

import time
import unittest
from unittest import mock

from locust.env import Environment
from locust.stats import StatsEntry

from loadtest import run
from loadtest.run import LatestRun, Rates


class RatesTest(unittest.TestCase):
    def setUp(self) -> None:
        for name in ("total_rps", "total_fail_per_sec", "current_rps", "current_fail_per_sec"):
            self.addCleanup(setattr, StatsEntry, name, vars(StatsEntry)[name])
        self.now = 100.0
        self.environment = Environment()
        self.run_ = LatestRun(lambda: self.now)
        self.rates = Rates(self.environment, self.run_, lambda: self.now)

    def begin(self) -> None:
        self.run_.start(None)
        self.rates.start()

    def report(self, worker: str, requests: int, failures: int = 0) -> None:
        self.rates.see(worker, {"stats_total": {"num_requests": requests, "num_failures": failures}})

    def test_of_a_steady_load_is_the_same_at_each_moment(self) -> None:
        self.begin()
        for step in range(1, 31):
            self.now += 1
            if step % 3 == 0:
                self.report("w-1", 30)
            if step % 3 == 1:
                self.report("w-2", 10 if step == 1 else 30, 3)
            if step >= 3:
                self.assertEqual(self.rates.now[0], 20, step)
        self.assertAlmostEqual(self.rates.now[1], 1)

    def test_falls_to_0_within_nine_seconds_of_the_last_answer(self) -> None:
        self.begin()
        for step in range(1, 13):
            self.now += 1
            if step % 3 == 0:
                self.report("w-1", 30)
        # The last answer comes right after a report.
        for step in range(1, 10):
            self.now += 1
            if step % 3 == 0:
                self.report("w-1", 1 if step == 3 else 0)
        self.assertEqual(self.rates.now, (0, 0))

    def test_falls_to_0_with_the_last_worker(self) -> None:
        self.begin()
        self.now += 3
        self.report("w-1", 30)
        self.now += run.SILENT_AFTER
        self.assertEqual(self.rates.now, (0, 0))

    def test_of_a_worker_that_joins_and_of_the_next_run(self) -> None:
        self.begin()
        self.now += 60
        self.report("w-1", 30)
        self.assertEqual(self.rates.now[0], 10)
        self.begin()
        self.assertEqual(self.rates.now[0], 0)
        self.now += 0.1
        self.report("w-1", 3)
        self.assertEqual(self.rates.now[0], 3, "not 30")

    def test_of_the_whole_run_are_over_its_own_time(self) -> None:
        self.begin()
        stats = self.environment.stats
        for _ in range(480):
            stats.log_request("GET", "/", 1, 1)
        stats.log_error("GET", "/", "no")
        self.now += 54
        self.run_.end()
        self.now += 14
        for entry in (stats.total, stats.entries["/", "GET"]):
            self.assertAlmostEqual(entry.total_rps, 480 / 54)
            self.assertAlmostEqual(entry.total_fail_per_sec, 1 / 54)

    def test_locusts_own_rates_of_now_do_not_stick(self) -> None:
        self.begin()
        stats = self.environment.stats
        with mock.patch.object(time, "time", return_value=1000.0):
            stats.total.start_time = 900.0
        for second in range(980, 1000):
            stats.total.num_reqs_per_sec[second] = stats.entries["/", "GET"].num_reqs_per_sec[second] = 7
        stats.total.last_request_timestamp = 1000.0
        stats.entries["/", "GET"].last_request_timestamp = 1000.0
        self.now += 3
        self.report("w-1", 30)
        self.assertEqual((stats.total.current_rps, stats.entries["/", "GET"].current_rps), (10, 7))
        for _ in range(3):
            self.now += 3
            self.report("w-1", 0)
        self.assertEqual((stats.total.current_rps, stats.entries["/", "GET"].current_rps), (0, 0))

    def test_before_the_first_run_and_of_others_are_locusts(self) -> None:
        self.assertEqual(self.environment.stats.total.total_rps, 0)
        other = Environment().stats.total
        self.begin()
        other.num_requests, other.start_time, other.last_request_timestamp = 10, 1.0, 3.0
        other.stats.total.start_time = 1.0
        self.now += 60
        self.assertEqual(other.total_rps, 5)


if __name__ == "__main__":
    unittest.main()
