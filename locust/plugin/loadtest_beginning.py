"""When a run begins, and when its load does: listeners of `test_start` may prepare it for long, here and in workers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import gevent
from locust.runners import STATE_SPAWNING, MasterRunner

from loadtest_run import LatestRun
from loadtest_stops import GOING, Stops

_LOOK = 0.02
"""Seconds between two looks whether users have come."""


class Beginning:
    """Follows each start of the master; create it in `events.init`.

    `began` is called when Locust begins to start users: all listeners of `test_start` are done here, whenever they were
    added. `loads` is called when users are there. Where their workers have prepared them, the run's clock begins then.
    """

    def __init__(self, runner: MasterRunner, run: LatestRun, stops: Stops) -> None:
        self._runner = runner
        self._run = run
        self._stops = stops
        self._loading = False
        self._prepared: float | None = None
        self.began: list[Callable[[], None]] = []
        self.loads: list[Callable[[], None]] = []
        self._update_state = runner.update_state
        runner.update_state = self._see_state  # type: ignore[method-assign]

    @property
    def preparing(self) -> float | None:
        """Seconds for which a run has been prepared, in the master and then in workers; None without one."""
        if self._stops.preparing is not None:
            return self._stops.preparing
        return self._run.age if self._run.going and not self._loading else None

    def see(self, report: dict[str, Any]) -> None:
        """A worker's report of the latest run: who has no users by now, and does not prepare them, will have none."""
        if not self._loading and not report.get("preparing"):
            self._load(report.get("loadAge"))

    def _see_state(self, state: str) -> None:
        begins = state == STATE_SPAWNING and self._runner.state not in GOING
        if begins:
            self._loading = False
            for listener in self.began:
                listener()
        self._update_state(state)
        if begins and not self._has_users():
            gevent.spawn(self._await_users, self._run.number)

    def _await_users(self, number: int) -> None:
        while self._run.number == number and self._run.going and not self._has_users():
            gevent.sleep(_LOOK)

    def _has_users(self) -> bool:
        if not self._loading and (self._runner.user_count > 0 or self._runner.target_user_count == 0):
            self._load(None)
        return self._loading

    def _load(self, ago: float | None) -> None:
        """`ago`: seconds since a worker that had prepared its users began to start them."""
        if not self._run.going:
            return
        self._loading = True
        if ago is not None:
            self._run.load(ago)
        for listener in self.loads:
            listener()
