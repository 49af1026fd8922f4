"""When a run begins, when its load does, and stops that leave no load behind and end no other run than their own."""

from __future__ import annotations

import logging
import sys
import time
from collections.abc import Callable, Generator
from types import FrameType
from typing import Any

import gevent
from locust.dispatch import UsersDispatcher
from locust.env import Environment
from locust.runners import STATE_RUNNING, STATE_SPAWNING, MasterRunner

from .patching import ENDS_PROCESS, only_tested
from .run import REPORT_INTERVAL, LatestRun
from .tally import Caller, caller_of, place_of

logger = logging.getLogger("locust.loadtest.course")

GOING = (STATE_SPAWNING, STATE_RUNNING)
_LOOK = 0.02
"""Seconds between two looks whether users have come."""
_SETTLE = 0.01
"""Seconds in which messages that a ramp has handed over are sent."""
_TOLD = REPORT_INTERVAL + 2
"""Seconds after a ramp in which all workers have said how many users they have."""


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


class Stops:
    """Takes the place of `start` and `stop` of Locust's master; create it in `events.init`.

    - A stop ends a ramp that is still going on. Locust does that for its web UI's button only: a run whose time is over
      before all users are there goes on to start them, and nothing ever stops them.
    - A stop ends a start whose `test_start` listeners are not done; Locust would begin with the load behind it.
    - A script that quits in the middle of a run has its users stopped in order first. Locust gives workers half a
      second for their last numbers.
    - The time limit that a run got from `--autostart` does not stop a later one. Locust never takes it back.
    - A load shape that raises ends its run. Locust ends the shape only, and the users go on for ever.
    - Workers that come or go while a start is just over have their users moved by another one.
    """

    def __init__(self, runner: MasterRunner, run: LatestRun, count: Callable[[BaseException], None]) -> None:
        """`count` is told of what the script raises."""
        self._runner = runner
        self._run = run
        self._count = count
        self.ended_by: Caller | None = None
        """Who ended the latest run; None while it is going on, and where nothing has."""
        self._start, self._stop, self._quit = runner.start, runner.stop, runner.quit
        self._shape_worker = runner.shape_worker
        runner.shape_worker = self.shape_worker  # type: ignore[method-assign]
        self._starts: dict[gevent.Greenlet, float] = {}
        self._known: Caller | None = None
        self._started_at = 0.0
        self._stopping = False
        runner.start, runner.stop, runner.quit = self.start, self.stop, self.quit

    @property
    def starting(self) -> bool:
        """A start or change is under way: Locust's `start` returns when the ramp is done."""
        return bool(self._starts)

    @property
    def settled(self) -> bool:
        """All users that were asked for should be there, and the master should know of them."""
        over = self._runner.state == STATE_RUNNING and not self.starting
        return over and time.monotonic() - self._started_at >= _TOLD

    @property
    def preparing(self) -> float | None:
        """Seconds for which a start has not come to its load: listeners of `test_start` take their time."""
        if self._runner.state in GOING or not self._starts:
            return None
        return time.monotonic() - min(self._starts.values())

    def start(self, *args: Any, **kwargs: Any) -> None:
        if self._stopping:
            return
        # In a greenlet of its own: the one that asks may be Locust's loop over its workers, which must not be killed.
        job = gevent.spawn(self._start_and_settle, *args, **kwargs)
        self._starts[job] = time.monotonic()
        try:
            job.get()
        finally:
            job.kill()  # Locust kills who waits here
            self._starts.pop(job, None)
            self._started_at = time.monotonic()

    def _start_and_settle(self, *args: Any, **kwargs: Any) -> None:
        self._start(*args, **kwargs)
        runner = self._runner
        while runner.state == STATE_RUNNING and getattr(runner._users_dispatcher, "is_due", False):
            self._start(runner.target_user_count, runner.spawn_rate)

    def stop(self, *args: Any, **kwargs: Any) -> None:
        run = self._run
        if _is_for_autostart(sys._getframe().f_back) and run.autostarted not in (None, run.number):
            logger.info("That was the limit of run %d; run %d is not stopped", run.autostarted, run.number)
            return
        if self._is_on():
            self.ended_by = self._known or caller_of(sys._getframe().f_back)
            self._end_preparing_shape()
            self._end_starts()
        self._stop(*args, **kwargs)

    def end(self, by: Caller) -> None:
        """Ends a run for a reason that no caller of `stop` shows."""
        self._known = by
        try:
            self._runner.stop()
        finally:
            self._known = None

    def shape_worker(self) -> None:
        try:
            self._shape_worker()
        except (gevent.GreenletExit, *ENDS_PROCESS):
            raise
        except BaseException as error:
            self._count(error)
            if self._is_on():
                self.stop()
                self.ended_by = Caller("script", place_of(error.__traceback__))
            raise

    def quit(self) -> None:
        caller = caller_of(sys._getframe().f_back)
        if self._is_on() and caller.by == "script":
            self.ended_by = caller
            self._end_preparing_shape()
            self._end_starts()
            self._stop()
        self._quit()

    def forget(self) -> None:
        """A run begins that nobody has ended yet."""
        self.ended_by = None

    def _is_on(self) -> bool:
        return self._runner.state in GOING or self.starting

    def _end_preparing_shape(self) -> None:
        """Locust does it for a run whose load has begun."""
        runner = self._runner
        if self.preparing is not None and runner.shape_greenlet not in (None, gevent.getcurrent()):
            runner.shape_greenlet.kill()
            runner.shape_greenlet = runner.shape_last_tick = None

    def _end_starts(self) -> None:
        self._stopping = True
        try:
            # A listener of the script may stop the run from within its start.
            gevent.killall([job for job in self._starts if job is not gevent.getcurrent()])
            # What the ramp has sent must reach the workers before the stop, or they would start again behind it.
            gevent.sleep(_SETTLE)
        finally:
            self._stopping = False


def _is_for_autostart(caller: FrameType | None) -> bool:
    """By the name of a function in Locust's main: should it change, Locust does what it always did."""
    return caller is not None and caller.f_code.co_name == "stop_and_optionally_quit"


class Dispatcher(UsersDispatcher):
    """Locust's, which forgets to say that it is done once it has moved users of a worker that is gone.

    Whoever comes or goes later is left alone then: a worker that comes back from a pause of its machine keeps its
    users, which others have meanwhile as well.
    """

    @staticmethod
    @only_tested("locust")
    def install(environment: Environment) -> None:
        environment.dispatcher_class = Dispatcher

    def _dispatcher(self) -> Generator[dict[str, dict[str, int]]]:
        try:
            yield from super()._dispatcher()
        finally:
            self._dispatch_in_progress = False

    @property
    def is_due(self) -> bool:
        """Workers have come or gone, and their users are not moved yet."""
        return self._rebalance
