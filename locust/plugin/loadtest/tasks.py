"""What an iteration is: one task of a user, or one pass through a SequentialTaskSet, of scripts as they are.

A user waits for a ticket ahead of its first task, and has none when the iteration is over. A set of tasks that is
nested in another one begins in the ticket that led to it, its `on_start` too; then each of its tasks takes one. What a
sequential set goes through, sets nested in it too, is one iteration, until it has passed or is interrupted.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import gevent
from gevent import GreenletExit
from locust import SequentialTaskSet, TaskSet, User
from locust.exception import InterruptTaskSet, StopTest, StopUser
from locust.user.task import LOCUST_STATE_RUNNING, LOCUST_STATE_STOPPING, LOCUST_STATE_WAITING

from .iterations import Scheduler


class Iteration:
    """What a user is in; `lag`: seconds between when it was due and when it started."""

    __slots__ = ("holder", "lag")

    def __init__(self, lag: float) -> None:
        self.lag = lag
        self.holder: TaskSet | None = None
        """The sequential set whose pass it is; None for a single task."""


_current: dict[User, Iteration] = {}
"""What each user is in; nothing while it waits for a ticket."""
_DEPTH = 10


def lag_of(user: User | None) -> float:
    """By how many seconds the iteration began late that a user is in; 0 without one."""
    iteration = _current.get(user) if user is not None else None
    return iteration.lag if iteration is not None else 0.0


def lag_here() -> float:
    """The same, in a greenlet of the user or in one that its task has made."""
    one = gevent.getcurrent()
    for _ in range(_DEPTH):
        iteration = getattr(one, "loadtest_iteration", None)
        if iteration is not None:
            return iteration.lag
        parent = getattr(one, "spawning_greenlet", None)
        one = parent() if parent is not None else None
        if one is None:
            break
    return 0.0


class Hooks:
    """Has Locust's task sets ask for tickets, instead of waiting between tasks, while they are installed."""

    def __init__(self) -> None:
        self._theirs: dict[tuple[type, str], Any] = {}
        self._scheduler = Scheduler()

    def install(self, scheduler: Scheduler) -> None:
        self._scheduler = scheduler
        _current.clear()
        if self._theirs:
            return
        for cls, name, ours in (
            (TaskSet, "execute_next_task", self._execute_next_task),
            (TaskSet, "wait", self._wait),
            (SequentialTaskSet, "get_next_task", self._get_next_task),
        ):
            self._theirs[cls, name] = vars(cls)[name]
            setattr(cls, name, ours(vars(cls)[name]))

    def remove(self) -> None:
        for (cls, name), theirs in self._theirs.items():
            setattr(cls, name, theirs)
        self._theirs = {}

    def _begin(self, user: User) -> Iteration:
        """Waits until one is due, where a stop may end the user as in its `wait_time`."""
        if user._state == LOCUST_STATE_STOPPING:
            raise StopUser()
        user._state = LOCUST_STATE_WAITING
        iteration = Iteration(self._scheduler.take())
        user._state = LOCUST_STATE_RUNNING
        _current[user] = user._greenlet.loadtest_iteration = iteration  # type: ignore[attr-defined]
        return iteration

    def _end(self, user: User) -> None:
        if _current.pop(user, None) is not None:
            self._scheduler.starts.under_way -= 1
            user._greenlet.loadtest_iteration = None  # type: ignore[attr-defined]

    def _execute_next_task(self, theirs: Callable[[TaskSet], None]) -> Callable[[TaskSet], None]:
        def execute_next_task(tasks: TaskSet) -> None:
            user = tasks.user
            iteration = _current.get(user) or self._begin(user)
            if iteration.holder is None and isinstance(tasks, SequentialTaskSet):
                iteration.holder = tasks
            state = vars(tasks)
            state["loadtest_in_task"], leaves = True, False
            try:
                theirs(tasks)
            except (InterruptTaskSet, StopUser, StopTest, GreenletExit):
                leaves = True
                raise
            except Exception:
                leaves = not user.environment.catch_exceptions
                raise
            finally:
                state["loadtest_in_task"], state["loadtest_idle"] = False, True
                # Sets that were nested in it may have begun others.
                last = _current.get(user)
                if last is not None and (
                    last.holder is None or (last.holder is tasks and (leaves or _has_passed(tasks)))
                ):
                    self._end(user)

        return execute_next_task

    @staticmethod
    def _wait(theirs: Callable[[TaskSet], None]) -> Callable[[TaskSet], None]:
        def wait(tasks: TaskSet) -> None:
            state = vars(tasks)
            # A task may call it, and a set without tasks does so again and again.
            if state.get("loadtest_in_task") or not state.get("loadtest_idle"):
                theirs(tasks)
                return
            state["loadtest_idle"] = False
            if tasks.user._state == LOCUST_STATE_STOPPING:
                raise StopUser()
            gevent.sleep(0)

        return wait

    @staticmethod
    def _get_next_task(theirs: Callable[[SequentialTaskSet], Any]) -> Callable[[SequentialTaskSet], Any]:
        def get_next_task(tasks: SequentialTaskSet) -> Any:
            task = theirs(tasks)
            state = vars(tasks)
            state["loadtest_given"] = state.get("loadtest_given", 0) + 1
            return task

        return get_next_task


def _has_passed(tasks: TaskSet) -> bool:
    """Whether all tasks of a sequential set have had their turn."""
    return not tasks._task_queue and vars(tasks).get("loadtest_given", 0) % max(1, len(tasks.tasks)) == 0
