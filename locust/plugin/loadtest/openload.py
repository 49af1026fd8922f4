"""Open load: a run whose iterations start at an asked rate. The master's part; `openworker.py` has the workers'.

`--arrival-rate` and `--arrival-spacing` are options of Locust's command line, fields of its web UI's form and of
`/swarm`, and travel to workers with each spawn message. The master keeps the schedule, and tells it to workers: when it
has begun, how it goes on, and whose each iteration is. When a worker comes, goes or is silent, iterations are divided
anew. The new division holds from an iteration on that is due a quarter of a second later: by then all workers have
heard of it.
"""

from __future__ import annotations

import logging
import random
import time
from collections.abc import Callable, Mapping
from typing import Any

import gevent
from locust.env import Environment
from locust.runners import STATE_RUNNING, STATE_SPAWNING, MasterRunner

from .arrivals import EVEN, LEAD, DueCounter, Schedule, Segment, Share, divide, parse
from .corrected import Corrected
from .openoptions import SPACING, asked_of, form_refusal, refusal, spacing_of
from .run import LatestRun
from .starts import StartsOfWorkers
from .tally import Report

logger = logging.getLogger("locust.loadtest.openload")

MESSAGE = "loadtest_arrivals"
WAITS_UNUSED = "The script's wait_time is not used: iterations start at the arrival rate"

_BEAT = 0.1
MARGIN = 0.1
"""Seconds before the end of a run in which nothing starts, so that what was due has started."""
_PREPARATION = 10.0
"""Seconds for which a schedule waits for users in their `on_start`, once all are spawned."""
_SILENT = 1
"""What Locust counts a worker's heartbeats down to, from three, before others get its iterations: two seconds."""


class OpenLoad:
    """The master's part of a run with an arrival rate; create it in `events.init`."""

    def __init__(
        self, environment: Environment, runner: MasterRunner, run: LatestRun, end_run: Callable[[], None]
    ) -> None:
        """`end_run` is called when all stages are over."""
        self._environment, self._runner, self._run, self._end_run = environment, runner, run, end_run
        self.corrected = Corrected()
        """Of the latest run: `corrected.stats` are Locust's statistics with corrected times, and no failures."""
        self.available = hasattr(environment.parsed_options, SPACING)
        self._text = ""
        self._forget()
        runner.register_message(MESSAGE, self._on_message)
        for name in ("reset_all", "clear_all"):
            setattr(environment.stats, name, self._with_corrected(getattr(environment.stats, name)))
        locusts_start = runner.start

        def start(*args: Any, **kwargs: Any) -> None:
            # That of the web UI and the command line have had their answer; this is for autostart and the script.
            why = None if run.going else refusal(environment, asked_of(environment.parsed_options))
            if why is None:
                locusts_start(*args, **kwargs)
            else:
                logger.error("No load is started: %s", why)

        runner.start = start  # type: ignore[method-assign]

    def _with_corrected(self, theirs: Callable[[], None]) -> Callable[[], None]:
        def reset() -> None:
            theirs()
            self.corrected.clear()

        return reset

    def _forget(self) -> None:
        self._began: float | None = None
        self._schedule = Schedule()
        self._end: float | None = None
        self._seed = 0
        self._due: DueCounter | None = None
        self._spacing = EVEN
        self._ready: dict[str, int] = {}
        self._users: dict[str, int] = {}
        self._since: dict[str, float] = {}
        self._shares: dict[str, Share] = {}
        self._told: list[Segment] = []
        self._spawned_at: float | None = None
        self._starts = StartsOfWorkers()
        self.corrected.clear()

    def refuse(self, form: Mapping[str, str]) -> str | None:
        """Why a form for `/swarm` is refused; None lets it through."""
        if not self.available:
            return None
        return form_refusal(self._environment, form, (self._text, self._spacing) if self._run.going else None)

    def see_form(self) -> None:
        """A form was accepted: it may change the rate of the run that is going on."""
        text = asked_of(self._environment.parsed_options)
        if not self._run.going or text == self._text:
            return
        self._text = text
        if self._began is not None:
            self._schedule.follow(self._age + LEAD, parse(text))
            self._share_out()

    def begin(self) -> None:
        """A run begins: call it when the run has its number."""
        self._forget()
        options = self._environment.parsed_options
        self._text = asked_of(options)
        if self._text:
            self._spacing = spacing_of(options)
            logger.info("%s (%s)", WAITS_UNUSED, self._text)
            gevent.spawn(self._follow, self._run.number)

    def see(self, client_id: str, report: dict[str, Any]) -> None:
        """A worker's report of this run."""
        told = report.get("arrivals")
        if told is not None:
            self.corrected.merge(told.pop("corrected"))
            self._starts.see(client_id, told["started"])

    @property
    def _age(self) -> float:
        """Seconds of the schedule; it stands still when the run ends."""
        ended = self._run.since_end or 0.0
        return time.monotonic() - ended - (self._began or 0.0)

    def _follow(self, number: int) -> None:
        while self._run.number == number and self._run.going:
            try:
                self._step()
            except Exception:
                logger.exception("Iterations could not be divided among workers")
            gevent.sleep(_BEAT)

    def _step(self) -> None:
        users = self._users_by_worker()
        if self._began is None:
            if not self._is_spawned(users):
                return
            self._began, self._seed = time.monotonic(), random.getrandbits(32)
            self._due = DueCounter(self._spacing, self._seed)
            self._schedule.follow(0.0, parse(self._text))
        end = self._ends()
        if users != self._users or end != self._end:
            self._users, self._end = users, end
            self._share_out()
        if self._schedule.end is not None and self._age > self._schedule.end + MARGIN:
            self._end_run()

    def _ends(self) -> float | None:
        """When the run's own limit ends the schedule, in its seconds; whole tenths, as clocks differ in less."""
        if self._run.limit is None or self._began is None:
            return None
        left = self._run.limit - self._run.age
        known = self._age + left - MARGIN
        return self._end if self._end is not None and abs(known - self._end) < MARGIN / 2 else known

    def _is_spawned(self, users: dict[str, int]) -> bool:
        runner = self._runner
        if runner.state != STATE_RUNNING or not runner.spawning_completed:
            self._spawned_at = None
            return False
        now = time.monotonic()
        self._spawned_at = self._spawned_at or now
        return sum(users.values()) >= runner.user_count > 0 or now - self._spawned_at > _PREPARATION

    def _users_by_worker(self) -> dict[str, int]:
        """Of workers that are heard of, and whose users are there, or have been in their `on_start` for long."""
        now = time.monotonic()
        there = {
            client_id: node.user_count
            for client_id, node in self._runner.clients.items()
            if node.state in (STATE_SPAWNING, STATE_RUNNING) and node.heartbeat > _SILENT and node.user_count > 0
        }
        since = {client_id: self._since.setdefault(client_id, now) for client_id in there}
        return {
            client_id: users
            for client_id, users in there.items()
            if client_id in self._ready or now - since[client_id] > _PREPARATION
        }

    def _share_out(self) -> None:
        """Tells all workers the schedule and what is theirs of it, where that has changed."""
        age = self._age
        schedule = self._schedule if self._end is None else self._schedule.until(self._end)
        since = schedule.position(age + LEAD) if self._shares else 0.0
        parts = divide(self._users)
        shares = {}
        for client_id in {*parts, *self._shares}:
            period, slots = parts.get(client_id, (1, []))
            known = self._shares.get(client_id)
            same = known is not None and (known.period, known.slots) == (period, slots)
            shares[client_id] = known if same else Share(since, period, slots)
        if shares == self._shares and schedule.segments == self._told:
            return
        self._shares, self._told = shares, schedule.segments
        for client_id, share in shares.items():
            if client_id in self._runner.clients:
                told = {"run": self._run.number, "spacing": self._spacing, "seed": self._seed, "age": self._age}
                self._runner.send_message(MESSAGE, {**told, "schedule": schedule.segments, "share": share}, client_id)

    def _on_message(self, msg: Any, **_: Any) -> None:
        if msg.data["run"] == self._run.number:
            self._ready[msg.node_id] = msg.data["users"]

    def answer(self, reports: Mapping[str, Report]) -> dict[str, Any]:
        """`arrivals` of `LocustStatus` in `runner/types.ts`: None in a run without a rate."""
        if not self.available:
            return {}
        if not self._text:
            return {"arrivals": None}
        schedule = self._schedule if self._end is None else self._schedule.until(self._end)
        began = None if self._began is None else round((self._run.elapsed or 0.0) - self._age, 3)
        told = [
            report.data["arrivals"]
            for report in reports.values()
            if report.data["run"] == self._run.number and "arrivals" in report.data
        ]
        return {
            "arrivals": {
                "asked": self._text,
                "spacing": self._spacing,
                "began": began,
                "ends": None if began is None or schedule.end is None else round(began + schedule.end, 3),
                "rate": schedule.rate(self._age) if began is not None and self._run.going else 0.0,
                "due": 0 if self._due is None else self._due.below(schedule.position(self._age)),
                **self._starts.answer(told),
                "corrected": self.corrected.current(),
            }
        }
