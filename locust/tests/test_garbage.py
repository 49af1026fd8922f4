"""What users are made of is out of Python's search for garbage while they run."""

import gc
import unittest

import gevent
from locust.env import Environment

import loadtest_garbage


class GarbageTest(unittest.TestCase):
    def setUp(self) -> None:
        self.addCleanup(gc.set_threshold, *gc.get_threshold())
        self.addCleanup(gc.unfreeze)
        self.environment = Environment()
        self.garbage = loadtest_garbage.Garbage(self.environment)

    def _spawned(self, users: int) -> None:
        self.environment.events.spawning_complete.fire(user_count=users)

    def test_is_frozen_with_more_users_only(self) -> None:
        self.assertEqual(gc.get_freeze_count(), 0)
        self._spawned(10)
        first = gc.get_freeze_count()
        self.assertGreater(first, 1000)
        kept = [[number] for number in range(5000)]
        self._spawned(5)
        self.assertEqual(gc.get_freeze_count(), first)
        self._spawned(6)
        self.assertGreaterEqual(gc.get_freeze_count(), first + len(kept))

    def test_is_frozen_once_more_when_users_have_what_they_keep(self) -> None:
        loadtest_garbage._SETTLED, before = 0.05, loadtest_garbage._SETTLED
        self.addCleanup(setattr, loadtest_garbage, "_SETTLED", before)
        self._spawned(10)
        first = gc.get_freeze_count()
        kept = [[number] for number in range(5000)]
        gevent.sleep(0.1)
        self.assertGreaterEqual(gc.get_freeze_count(), first + len(kept))

    def test_is_thawed_when_the_test_stops(self) -> None:
        self._spawned(10)
        self.environment.events.test_stop.fire(environment=self.environment)
        self.assertEqual(gc.get_freeze_count(), 0)
        self.assertIsNone(self.garbage._settling)
        self._spawned(1)
        self.assertGreater(gc.get_freeze_count(), 1000)


if __name__ == "__main__":
    unittest.main()
