"""The series of samples, for runs of every length."""

import random
import unittest
from itertools import pairwise

from loadtest.samples import MOST, SampleSeries


def held(series: SampleSeries[float]) -> list[float]:
    return series.after(-1)


class SampleSeriesTest(unittest.TestCase):
    def test_whatever_the_run(self) -> None:
        for seed in range(200):
            rng = random.Random(seed)
            most = rng.choice((2, 3, 4, 7, 10, 50, 101))
            start = rng.choice((0.5, 1.0, 3.0))
            series: SampleSeries[float] = SampleSeries(most, start)
            added: list[float] = []
            for _ in range(rng.randrange(1, most * 9)):
                at = series.due + rng.random() * 0.9 * series.interval
                if rng.random() < 0.05:  # one that is not due yet
                    at = series.last + (series.due - series.last) * rng.uniform(0.1, 0.9) if added else 0.0
                series.add(at, at)
                added.append(at)
                samples, interval = held(series), series.interval
                with self.subTest(seed=seed, added=len(added)):
                    self.assertLessEqual(len(samples), most)
                    self.assertEqual((samples[0], samples[-1]), (added[0], added[-1]))
                    self.assertEqual(samples, sorted(set(samples) & set(added)))
                    gaps = [later - earlier for earlier, later in pairwise(samples)]
                    self.assertLessEqual(max(gaps, default=0), 2 * interval + 1e-9)
                    self.assertGreater(series.due, at)
                    self.assertLessEqual(series.due - at, interval)

    def test_a_day(self) -> None:
        series: SampleSeries[float] = SampleSeries()
        taken = 0
        for second in range(86_400):
            if second >= series.due:
                series.add(second, second)
                taken += 1
        samples = held(series)
        self.assertEqual(series.interval, 128)
        self.assertEqual(samples, [second for second in range(86_400) if second % 128 == 0])
        self.assertLess(taken, 5 * MOST)

    def test_nothing_is_dropped_before_it_is_full(self) -> None:
        series: SampleSeries[int] = SampleSeries()
        for second in range(MOST):
            series.add(second, second)
        self.assertEqual((series.after(-1), series.interval), (list(range(MOST)), 1.0))
        series.add(MOST, MOST)
        self.assertEqual((series.after(-1), series.interval), (list(range(0, MOST + 1, 2)), 2.0))

    def test_later_than(self) -> None:
        series: SampleSeries[str] = SampleSeries()
        self.assertEqual(series.after(-1), [])
        for at in (0.0, 1.0, 2.5):
            series.add(at, f"at {at}")
        for after, count in ((-1, 3), (0, 2), (0.999, 2), (2.5, 0), (float("nan"), 0), (float("-inf"), 3)):
            self.assertEqual(len(series.after(after)), count, after)

    def test_a_late_sample_delays_no_other(self) -> None:
        series: SampleSeries[None] = SampleSeries()
        for at, due in ((0.0, 1), (1.7, 2), (2.0, 3), (7.4, 8), (7.5, 8)):
            series.add(at, None)
            self.assertEqual(series.due, due)

    def test_time_does_not_go_back(self) -> None:
        series: SampleSeries[None] = SampleSeries()
        series.add(1.0, None)
        for at in (1.0, 0.5):
            with self.assertRaises(ValueError):
                series.add(at, None)
        with self.assertRaises(ValueError):
            SampleSeries(1)


if __name__ == "__main__":
    unittest.main()
