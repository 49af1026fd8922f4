"""What the script's own code does that a run has to tell: errors, users that leave by themselves, `sys.exit`."""

from __future__ import annotations

import logging
import sys
import traceback
from collections.abc import Callable
from typing import Any

import gevent
import locust.main
from gevent import GreenletExit
from locust import User
from locust.env import Environment
from locust.event import Events
from locust.runners import STATE_RUNNING, STATE_SPAWNING, Runner
from locust.user.task import LOCUST_STATE_STOPPING, DefaultTaskSet, TaskSet

from .patching import ENDS_PROCESS, before, only_tested
from .tally import Tally, place_of


class Script(logging.Handler):
    """Counts from each start on; create it in `events.init`, on master and workers."""

    def __init__(self, environment: Environment, runner: Runner) -> None:
        super().__init__(logging.ERROR)
        self._runner = runner
        self._begin()
        before(environment.events.test_start, self._begin)
        environment.events.user_error.add_listener(self._on_user_error)
        # What listeners raise is only logged.
        logging.getLogger().addHandler(self)
        self._watch_users(environment)
        self._watch_greenlets()

    def emit(self, record: logging.LogRecord) -> None:
        error = sys.exception()
        if error is not None and str(record.msg).startswith("Uncaught exception in"):
            self.count(error)

    def answer(self) -> dict[str, Any]:
        return {
            "exceptions": self.exceptions.answer(),
            "raised": self.exceptions.places,
            "left": self.left.answer(),
            "idle": sorted(self.idle),
        }

    def count(self, error: BaseException, by: str = "locust") -> None:
        """`by` is `task` where Locust reports every raise: the same object may be raised again, and counts again."""
        # It comes again when it passes through another function of Locust, or through one that waits for a greenlet.
        run, known = vars(error).get("loadtest_told", (None, None))
        vars(error)["loadtest_told"] = (self.exceptions, by)
        if run is not self.exceptions or known == by == "task":
            self.exceptions.add_error(error)

    def _begin(self) -> None:
        self.exceptions = Tally()
        self.left = Tally()
        self.idle: set[str] = set()
        """Classes that have no tasks: their users stay, and do nothing."""

    def _on_user_error(self, user_instance: User | TaskSet, exception: BaseException, **_: Any) -> None:
        self.count(exception, "task" if isinstance(user_instance, TaskSet) else "locust")
        # Locust's words: a class may do without `tasks` where its code chooses them in another way.
        if str(exception).startswith("No tasks defined"):
            owner = user_instance.user if isinstance(user_instance, DefaultTaskSet) else user_instance
            self.idle.add(type(owner).__name__)

    @only_tested("gevent")
    def _watch_greenlets(self) -> None:
        """What ends a greenlet that the script has made is only printed."""
        hub = gevent.get_hub()
        theirs = hub.handle_error

        def handle_error(context: Any, kind: Any, value: Any, tb: Any) -> Any:
            ended = isinstance(value, BaseException) and not isinstance(value, (GreenletExit, *ENDS_PROCESS))
            if ended and place_of(value.__traceback__).file is not None:
                self.count(value)
            return theirs(context, kind, value, tb)

        hub.handle_error = handle_error

    @only_tested("locust")
    def _watch_users(self, environment: Environment) -> None:
        """Of all user classes: those that run their own way, as pytest's do, end as others do."""
        theirs_stop, theirs_spawn, runner = User.stop, self._runner.spawn_users, self._runner

        def stop(user: User, force: bool = False) -> Any:
            if gevent.getcurrent() is not user._greenlet:
                user.loadtest_told = True  # type: ignore[attr-defined]
            return theirs_stop(user, force)

        def spawn_users(*args: Any, **kwargs: Any) -> Any:
            try:
                return theirs_spawn(*args, **kwargs)
            except Exception as error:
                self.count(error)
                self.left.add_error(error)
                raise

        User.stop = stop  # type: ignore[method-assign]
        runner.spawn_users = spawn_users  # type: ignore[method-assign]
        classes = (User, *environment.user_classes)
        for cls in {next(base for base in one.__mro__ if "run" in vars(base)) for one in classes}:
            cls.run = self._watched(cls.run)  # type: ignore[method-assign]

    def _watched(self, theirs: Callable[[User], None]) -> Callable[[User], None]:
        def run(user: User) -> None:
            how: list[BaseException | None] = []
            on_stop = user.on_stop

            def see_why() -> None:
                # Locust calls it while it handles what has ended the user.
                how.append(sys.exception())
                on_stop()

            user.on_stop = see_why  # type: ignore[method-assign]
            try:
                theirs(user)
            except BaseException as error:
                if not isinstance(error, GreenletExit):
                    self.count(error)
                self._see_leave(user, error)
                raise
            self._see_leave(user, how[0] if how else None)

        return run

    def _see_leave(self, user: User, error: BaseException | None) -> None:
        if getattr(user, "loadtest_told", False) or self._runner.state not in (STATE_SPAWNING, STATE_RUNNING):
            return
        if isinstance(error, ENDS_PROCESS):
            return  # and all other users with it
        if error is None:
            self.left.add("return")
        elif user._state == LOCUST_STATE_STOPPING:
            self.left.add("stop()")
        elif isinstance(error, GreenletExit):
            self.left.add("kill", "", place_of(error.__traceback__))
        else:
            self.left.add_error(error)


@only_tested("locust", "gevent")
def tell_exits(events: Events) -> None:
    """Writes a traceback for a `sys.exit` of the script, which else ends a process without a word."""
    # While the script is loaded and while its `init` listeners run, it is raised here; else in a greenlet.
    locust.main.load_locustfile = _telling(locust.main.load_locustfile)
    events.init.fire = _telling(events.init.fire)  # type: ignore[method-assign]
    hub = gevent.get_hub()
    theirs = hub.handle_system_error

    def handle_system_error(kind: Any, value: Any, tb: Any = None) -> Any:
        _tell_exit(value if isinstance(value, BaseException) else None)
        return theirs(kind, value, tb)

    hub.handle_system_error = handle_system_error


def _telling(function: Callable[..., Any]) -> Callable[..., Any]:
    def call(*args: Any, **kwargs: Any) -> Any:
        try:
            return function(*args, **kwargs)
        except SystemExit as error:
            _tell_exit(error)
            raise

    return call


def _tell_exit(error: BaseException | None) -> None:
    # Locust ends by it too, without a line of the script.
    if isinstance(error, SystemExit) and place_of(error.__traceback__).file is not None:
        traceback.print_exception(error)
