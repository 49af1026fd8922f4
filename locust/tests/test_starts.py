"""What becomes of iterations: what workers tell, and their sum."""

import unittest

from loadtest.starts import StartsOfWorkers, lag_of_all, rounded


class StartsTest(unittest.TestCase):
    def test_a_worker_that_is_silent_starts_nothing_now(self) -> None:
        now = [0.0]
        starts = StartsOfWorkers(lambda: now[0])
        for at, count in ((3.0, 30), (6.0, 60), (9.0, 90)):
            now[0] = at
            starts.see("a", count)
        self.assertEqual(starts.answer([])["startedPerSecond"], 10)
        now[0] = 20.0
        self.assertEqual(starts.answer([])["startedPerSecond"], 0)

    def test_there_is_no_lag_without_a_start(self) -> None:
        self.assertEqual(lag_of_all([]), {"p50": None, "p99": None, "max": None})

    def test_rounds_lags_to_few_values(self) -> None:
        self.assertEqual([rounded(lag) for lag in (0.04, 1.26, 9.94, 12.6, 347, 1234)], [0.0, 1.3, 9.9, 13, 350, 1200])
