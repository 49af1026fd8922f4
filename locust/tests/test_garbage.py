"""What users are made of is out of Python's search for garbage while they run."""

import gc
import unittest
from typing import Any

import gevent
from locust.env import Environment

from loadtest import process


class GarbageTest(unittest.TestCase):
    def setUp(self) -> None:
        self.addCleanup(gc.set_threshold, *gc.get_threshold())
        self.addCleanup(gc.unfreeze)
        self.environment = Environment()
        self.garbage = process.Garbage(self.environment)

    def _spawned(self, users: int) -> None:
        self.environment.events.spawning_complete.fire(user_count=users)

    def _is_searched(self, thing: Any) -> bool:
        return any(one is thing for one in gc.get_objects())

    def test_is_frozen_with_more_users_only(self) -> None:
        first = [[]]
        self.assertTrue(self._is_searched(first))
        self._spawned(10)
        self.assertFalse(self._is_searched(first))
        second = [[]]
        self._spawned(5)
        self.assertTrue(self._is_searched(second))
        self._spawned(6)
        self.assertFalse(self._is_searched(second))

    def test_is_frozen_once_more_when_users_have_what_they_keep(self) -> None:
        process._SETTLED, before = 0.05, process._SETTLED
        self.addCleanup(setattr, process, "_SETTLED", before)
        self._spawned(10)
        kept = [[]]
        self.assertTrue(self._is_searched(kept))
        gevent.sleep(0.1)
        self.assertFalse(self._is_searched(kept))

    def test_is_thawed_when_the_test_stops(self) -> None:
        kept = [[]]
        self._spawned(10)
        self.environment.events.test_stop.fire(environment=self.environment)
        self.assertTrue(self._is_searched(kept))
        self.assertIsNone(self.garbage._settling)
        self._spawned(1)
        self.assertFalse(self._is_searched(kept))


if __name__ == "__main__":
    unittest.main()
