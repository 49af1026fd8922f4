"""Stops that leave no load behind, and end no other run than their own."""

from __future__ import annotations

import logging
import sys
import time
from collections.abc import Callable
from types import FrameType
from typing import Any

import gevent
from locust.runners import STATE_RUNNING, STATE_SPAWNING, MasterRunner

from loadtest_run import LatestRun
from loadtest_script import ENDS_PROCESS
from loadtest_tally import Caller, caller_of, place_of

logger = logging.getLogger("locust.loadtest.stops")

GOING = (STATE_SPAWNING, STATE_RUNNING)

# Messages that a ramp has handed over are sent well within this, in seconds.
_SETTLE = 0.01


class Stops:
    """Takes the place of `start` and `stop` of Locust's master; create it in `events.init`.

    - A stop ends a ramp that is still going on. Locust does that for its page's button only: a run whose time is over
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
        self._stopping = False
        runner.start, runner.stop, runner.quit = self.start, self.stop, self.quit

    @property
    def starting(self) -> bool:
        """A start or change is under way: Locust's `start` returns when the ramp is done."""
        return bool(self._starts)

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
            self.ended_by = caller_of(sys._getframe().f_back)
            self._end_preparing_shape()
            self._end_starts()
        self._stop(*args, **kwargs)

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
