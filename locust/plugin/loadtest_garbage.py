"""Keeps Python's search for garbage from holding up users.

Every full search walks through all that is alive, which of thousands of users takes hundreds of milliseconds. No user
gets its answer meanwhile, which shows as slow responses of the target. What users are made of lives until the test
stops, so it is taken out of the search until then.
"""

from __future__ import annotations

import gc
from typing import Any

import gevent
from locust.env import Environment

_THRESHOLDS = (10_000, 10, 10)
"""Python's own are (700, 10, 10). Garbage in cycles is rare here; most goes without a search."""
_SETTLED = 10.0
"""Seconds after which new users have what they keep, such as a connection."""


class Garbage:
    """Freezes what is alive each time that users have been added, and thaws it when the test stops."""

    def __init__(self, environment: Environment) -> None:
        self._users = 0
        self._settling: gevent.Greenlet | None = None
        gc.set_threshold(*_THRESHOLDS)
        environment.events.spawning_complete.add_listener(self._on_spawning_complete)
        environment.events.test_stop.add_listener(self._on_test_stop)

    def _on_spawning_complete(self, user_count: int, **_: Any) -> None:
        # Also after each second of a ramp. Fewer users leave nothing new that stays.
        if user_count > self._users:
            self._freeze()
            self._forget_settling()
            self._settling = gevent.spawn_later(_SETTLED, self._freeze)
        self._users = user_count

    def _on_test_stop(self, **_: Any) -> None:
        self._users = 0
        self._forget_settling()
        gc.unfreeze()

    def _freeze(self) -> None:
        gc.collect(1)  # the young, so that little garbage is kept
        gc.freeze()

    def _forget_settling(self) -> None:
        if self._settling is not None:
            self._settling.kill(block=False)
            self._settling = None
