"""When iterations start, and whose each is: the arithmetic that all nodes share."""

import json
import unittest
from itertools import pairwise
from pathlib import Path
from random import Random

from loadtest.arrivals import (
    EVEN,
    POISSON,
    SPACINGS,
    DueCounter,
    Schedule,
    Share,
    Stage,
    Tickets,
    divide,
    parse,
    positions,
)

CASES = json.loads(
    (Path(__file__).parents[2] / "test" / "settings" / "values" / "arrivals-cases.json").read_text(encoding="utf-8")
)


class ParseTest(unittest.TestCase):
    def test_reads_what_the_settings_read(self) -> None:
        for text, stages in CASES["right"].items():
            self.assertEqual(parse(text), [Stage(*stage) for stage in stages], text)

    def test_refuses_what_the_settings_refuse(self) -> None:
        for text in CASES["wrong"]:
            with self.assertRaises(ValueError, msg=repr(text)):
                parse(text)


def schedule_of(*stages: tuple[float, float | None]) -> Schedule:
    schedule = Schedule()
    schedule.follow(0.0, [Stage(*stage) for stage in stages])
    return schedule


class ScheduleTest(unittest.TestCase):
    def test_grows_by_the_rate_of_each_stage_and_then_stands_still(self) -> None:
        schedule = schedule_of((50, 60), (500, 300), (50, 60))
        self.assertEqual(
            [schedule.position(at) for at in (-1, 0, 30, 60, 61, 360, 420, 999)][:7],
            [0, 0, 1500, 3000, 3500, 153_000, 156_000],
        )
        self.assertEqual(
            (schedule.position(1e6), schedule.end, schedule.rate(10), schedule.rate(421)), (156_000, 420, 50, 0)
        )

    def test_second_is_the_inverse_of_position(self) -> None:
        schedule = schedule_of((0.5, 10), (7, 3), (100, None))
        for position in [0.0, 0.1, 4.9, 5.0, 25.9, 26.0, 1000.5]:
            self.assertAlmostEqual(schedule.position(schedule.second(position)), position)
        self.assertIsNone(schedule.end)

    def test_nothing_is_reached_behind_its_end(self) -> None:
        self.assertEqual(schedule_of((10, 2)).second(20.5), float("inf"))
        self.assertEqual(Schedule().second(0), float("inf"))

    def test_another_rate_goes_on_where_the_one_before_was(self) -> None:
        schedule = schedule_of((10, None))
        schedule.follow(5, [Stage(100, None)])
        self.assertEqual([schedule.position(at) for at in (4, 5, 6)], [40, 50, 150])
        schedule.follow(5, [Stage(1, 10)])
        self.assertEqual([schedule.position(at) for at in (5, 6, 15, 20)], [50, 51, 60, 60])

    def test_ends_early(self) -> None:
        schedule = schedule_of((10, 100)).until(7.5)
        self.assertEqual((schedule.end, schedule.position(7.5), schedule.position(100)), (7.5, 75, 75))
        self.assertEqual(schedule_of((10, 100)).until(200).end, 100)


class DueCounterTest(unittest.TestCase):
    def test_even_ones_are_rate_times_time_exactly(self) -> None:
        for rate, seconds in ((50, 60), (0.1, 30), (333.3, 10), (7, 1)):
            asked = DueCounter(EVEN, 1).below(schedule_of((rate, seconds)).position(seconds + 1))
            self.assertEqual(asked, round(rate * seconds))
        self.assertEqual(DueCounter(EVEN, 1).below(0.5), 1, "the first is due at once")

    def test_random_ones_are_as_many_on_average_and_their_gaps_exponential(self) -> None:
        asked = DueCounter(POISSON, 7)
        counts = [asked.below(position) for position in range(0, 20_000, 100)]
        self.assertEqual(counts, sorted(counts))
        self.assertLess(abs(counts[-1] - 19_900), 4 * 19_900**0.5)
        places = [place for block in range(40) for place in positions(block, POISSON, 7)]
        self.assertEqual(places, sorted(places))
        gaps = [after - before for before, after in pairwise(places)]
        mean = sum(gaps) / len(gaps)
        variance = sum((gap - mean) ** 2 for gap in gaps) / len(gaps)
        self.assertAlmostEqual(mean, 1, delta=0.05)
        self.assertAlmostEqual(variance, 1, delta=0.1)


def taken(tickets: Tickets, limit: float) -> list[float]:
    found = []
    while tickets.peek(limit) is not None:
        found.append(tickets.take())
    return found


class SharesTest(unittest.TestCase):
    def test_follow_the_users(self) -> None:
        self.assertEqual(divide({"a": 50, "b": 50}), {"a": (2, [0]), "b": (2, [1])})
        self.assertEqual(divide({"a": 34, "b": 33, "c": 33}), {"a": (3, [0]), "b": (3, [1]), "c": (3, [2])})
        self.assertEqual(divide({"a": 2, "b": 1, "c": 0}), {"a": (3, [0, 2]), "b": (3, [1])})
        self.assertEqual(divide({"a": 1200, "b": 300})["b"], (5, [2]))
        self.assertEqual(divide({}), {})

    def test_every_ticket_is_one_workers_alone(self) -> None:
        random = Random(5)
        for _ in range(30):
            users = {f"w{index}": random.randrange(0, 60) for index in range(random.randrange(1, 8))}
            parts = divide(users)
            for spacing in SPACINGS:
                everyone = []
                for period, slots in parts.values():
                    one = Tickets(spacing, 3, 0.0)
                    one.assign(Share(0.0, period, slots))
                    everyone += taken(one, 777.7)
                expected = DueCounter(spacing, 3).below(777.7) if parts else 0
                self.assertEqual((len(everyone), len(set(everyone))), (expected, expected))

    def test_shares_change_at_the_same_ticket(self) -> None:
        """Workers that come and go, and hear of it at different times, still start each ticket once."""
        random = Random(11)
        for spacing in SPACINGS:
            workers: dict[str, Tickets] = {}
            everyone: list[float] = []
            position = 0.0
            for _ in range(40):
                parts = divide({f"w{index}": random.randrange(0, 30) for index in range(5)})
                for name in {*workers, *parts}:
                    period, slots = parts.get(name, (1, []))
                    workers.setdefault(name, Tickets(spacing, 9, position)).assign(Share(position, period, slots))
                following = position + random.uniform(1, 400)
                if not parts:
                    everyone += [p for b in range(100) for p in positions(b, spacing, 9) if position <= p < following]
                for tickets in workers.values():
                    # Each has got as far as it has before the next change.
                    everyone += taken(tickets, position + (following - position) * random.random())
                position = following
            for tickets in workers.values():
                everyone += taken(tickets, position)
            self.assertEqual(sorted(everyone), sorted(set(everyone)), spacing)
            self.assertEqual(len(everyone), DueCounter(spacing, 9).below(position), spacing)
