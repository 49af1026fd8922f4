"""Open load in a worker: its iterations and corrected times, in runs that have an arrival rate."""

from __future__ import annotations

from typing import Any

import gevent
from locust import User
from locust.env import Environment
from locust.event import Events
from locust.runners import MasterRunner, WorkerRunner

from .arrivals import Schedule, Share, Tickets
from .corrected import Corrected
from .iterations import Scheduler
from .openload import MESSAGE
from .openoptions import asked_of
from .run import RUN_OPTION
from .tasks import Hooks, lag_here, lag_of

_BEAT = 0.05


class WorkerArrivals:
    """Starts a worker's iterations; runs without a rate are as they are without it.

    Create it before Locust starts: a worker that connects while a run goes on gets its users before `events.init`, and
    they must not do a thing by themselves. `join` comes there.
    """

    def __init__(self, events: Events) -> None:
        self._events = events
        self._options: Any = None
        self._runner: WorkerRunner | None = None
        self._hooks = Hooks()
        self._scheduler: Scheduler | None = None
        self._corrected = Corrected()
        self._listener = self._corrected.listen(lag_here)
        self._listens = False
        self._telling: gevent.Greenlet | None = None
        self._share: Share | None = None
        fire = events.test_start.fire

        def prepare_and_fire(*, environment: Environment, **more: Any) -> None:
            if not isinstance(environment.runner, MasterRunner):
                self._prepare(environment.parsed_options)
            fire(environment=environment, **more)

        events.test_start.fire = prepare_and_fire  # type: ignore[method-assign]

    def join(self, runner: WorkerRunner) -> None:
        """Takes part in what the master says from now on."""
        self._runner = runner
        runner.register_message(MESSAGE, self._on_message)
        self._events.test_stopping.add_listener(self._on_stopping)

    def report(self) -> dict[str, Any]:
        """For the worker's report: nothing in a run without a rate."""
        if self._scheduler is None:
            return {}
        starts = self._scheduler.answer()
        return {"arrivals": {**starts, "corrected": self._corrected.report()}}

    def cut(self, user: User | None, method: str, name: str, milliseconds: float) -> None:
        """A request of this user had no answer at the end, and is counted with this time."""
        if self._scheduler is not None:
            self._corrected.log(method, name, milliseconds + lag_of(user) * 1000)

    def _prepare(self, options: Any) -> None:
        self._end()
        self._options = options
        self._scheduler, self._share = None, None
        self._corrected.clear()
        if not asked_of(options):
            self._hooks.remove()
            if self._listens:
                self._events.request.remove_listener(self._listener)
                self._listens = False
            return
        self._scheduler = Scheduler()
        self._hooks.install(self._scheduler)
        if not self._listens:
            self._events.request.add_listener(self._listener)
            self._listens = True
        self._scheduler.run()
        self._telling = gevent.spawn(self._tell_ready, self._scheduler)

    def _tell_ready(self, scheduler: Scheduler) -> None:
        """Says how many users wait for their first iteration, once all do."""
        told = 0
        while scheduler.tickets is None:
            users = 0 if self._runner is None else self._runner.user_count
            if self._runner is not None and users not in (0, told) and scheduler.queue.idle >= users:
                told = users
                self._runner.send_message(MESSAGE, {"run": self._run, "users": users})
            gevent.sleep(_BEAT)

    @property
    def _run(self) -> int:
        return getattr(self._options, RUN_OPTION, 0)

    def _on_message(self, msg: Any, **_: Any) -> None:
        data, scheduler = msg.data, self._scheduler
        if scheduler is None or data["run"] != self._run:
            return
        schedule, share = Schedule(data["schedule"]), Share(*data["share"])
        if scheduler.tickets is None:
            tickets = Tickets(data["spacing"], data["seed"], share.since)
            scheduler.begin(tickets, data["age"])
        if share != self._share and scheduler.tickets is not None:
            self._share = share
            scheduler.tickets.assign(share)
        scheduler.follow(schedule)

    def _on_stopping(self, **_: Any) -> None:
        self._end()

    def _end(self) -> None:
        if self._scheduler is not None:
            self._scheduler.stop()
        if self._telling is not None:
            self._telling.kill(block=False)
            self._telling = None
