"""The latest run of this master: its beginning, end and limits, whether its results are kept, and its rates.

Locust divides requests by the time up to the last answer, so that a target which stops answering keeps its rate for
ever, and a report that comes late lowers it.
"""

from __future__ import annotations

import math
import time
from collections import deque
from collections.abc import Callable
from typing import Any, NamedTuple

from locust.env import Environment
from locust.stats import StatsEntry

from .patching import only_tested

# The master's run number travels to the workers in the options that each spawn message carries.
RUN_OPTION = "loadtest_run"


_AT_ONCE = 0.5
"""Seconds that a start takes by itself."""


class LatestRun:
    """Is told of starts, ends and limits, and knows nothing of Locust. Times are seconds."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self.number = 0
        """How many runs there were; 0 before the first."""
        self.kept = False
        """Somebody has said that the results of this run are kept elsewhere."""
        self.autostarted: int | None = None
        """The number of the first run that no form has asked for: Locust itself has, told by `--autostart`."""
        self._began = 0.0
        self._ended: float | None = None
        self._form_limit: float | None = None
        self._own_limit: float | None = None
        self._asked = False
        self._asked_at = 0.0
        self._asked_limit: float | None = None

    def ask(self, limit: float | None) -> None:
        """A form was accepted that starts a run, or changes the one that is going on.

        `limit`: when Locust will stop it, counted from now; None lifts the limit of an earlier form.
        """
        if self.going:
            self._form_limit = None if limit is None else self.age + limit
        else:
            self._asked, self._asked_at, self._asked_limit = True, self._clock(), limit

    def start(self, own_limit: float | None) -> None:
        """The script has prepared it in the master. `own_limit`: of the first run that no form has asked for."""
        self.number += 1
        self.kept = False
        self._ended = None
        self._form_limit, self._own_limit = self._asked_limit, None
        self._began = self._asked_at if self._asked else self._clock()
        if not self._asked and self.autostarted is None:
            self._own_limit, self.autostarted = own_limit, self.number
        self._asked, self._asked_limit = False, None
        self.load()

    def load(self, ago: float = 0) -> None:
        """Its load began `ago`. Locust's timers go on, which are as old as what asked for the run."""
        prepared = max(0.0, self.age - ago)
        self._began += prepared
        if prepared > _AT_ONCE:
            self._form_limit, self._own_limit = (
                None if limit is None else max(0.0, limit - prepared) for limit in (self._form_limit, self._own_limit)
            )

    def end(self) -> None:
        """Its users are told to stop; whatever comes after the first end of a run is none."""
        if self.going:
            self._ended = self._clock()

    def keep(self, number: str) -> str | None:
        """Marks run `number` as kept; a reason where that cannot be."""
        if self.number == 0:
            return "there was no run yet"
        if number != str(self.number):
            return f"the latest run is number {self.number}"
        if self.going:
            return f"run {self.number} is still going on"
        self.kept = True
        return None

    @property
    def going(self) -> bool:
        return self.number > 0 and self._ended is None

    @property
    def age(self) -> float:
        """Since its start, whether it has ended or not."""
        return self._clock() - self._began

    @property
    def elapsed(self) -> float | None:
        """From its start to its end, so far; None before the first."""
        if self.number == 0:
            return None
        return self.age if self._ended is None else self._ended - self._began

    @property
    def since_end(self) -> float | None:
        return None if self._ended is None else self._clock() - self._ended

    @property
    def limit(self) -> float | None:
        """After which `elapsed` it ends by itself, or would have; None where nothing limits it."""
        return min((one for one in (self._form_limit, self._own_limit) if one is not None), default=None)


WINDOW = 5.5
"""Seconds at least that the rate of now is taken over, where a run is that old: two of a worker's reports."""
REPORT_INTERVAL = 3.0
SILENT_AFTER = 10.0
"""Seconds without a report after which a worker answers nothing."""
_FRESH = 0.2
"""Seconds for which a rate is remembered: Locust's web UI asks for it with each of its rows."""

# Locust's beat is a second, and a timer may be a little early.
ONCE_A_SECOND = 0.9


class _Reported(NamedTuple):
    at: float
    requests: int
    failures: int


class Rates:
    """Takes the place of Locust's rates in the master: in its web UI, in its CSV files and in its report.

    Each report of a worker has what was answered since the one before it. By when they come, and not by what time it is
    where a worker is: clocks of machines differ by seconds.
    """

    def __init__(self, environment: Environment, run: LatestRun, clock: Callable[[], float] = time.monotonic) -> None:
        self._environment = environment
        self._run = run
        self._clock = clock
        self._began = 0.0
        self._reports: dict[str, deque[_Reported]] = {}
        self._now = (0.0, 0.0)
        self._now_at = -math.inf
        self._percentiles: dict[str, int | None] = {}
        self._percentiles_at = 0.0
        self.resets = 0
        """How often Locust's web UI, or the script, has thrown away what was counted since the start of the run."""
        self._replace()
        for name in ("reset_all", "clear_all"):
            setattr(environment.stats, name, self._seen(getattr(environment.stats, name)))

    @only_tested("locust")
    def _replace(self) -> None:
        for name, (attribute, index, over_run) in _REPLACED.items():
            setattr(StatsEntry, name, property(self._ours(vars(StatsEntry)[name], attribute, index, over_run)))

    def _seen(self, theirs: Callable[[], None]) -> Callable[[], None]:
        def reset() -> None:
            self.resets += 1
            theirs()

        return reset

    def start(self) -> None:
        """A run begins."""
        self._began = self._clock()
        self.resets = 0
        self._reports = {}
        self._now_at = -math.inf

    def see(self, client_id: str, data: dict[str, Any]) -> None:
        """A report of a worker, with nothing in it of another run."""
        now = self._clock()
        total = data.get("stats_total") or {}
        reports = self._reports.get(client_id)
        if reports is None:
            since = max(self._began, now - REPORT_INTERVAL)
            reports = self._reports[client_id] = deque([_Reported(since, 0, 0)])
        reports.append(_Reported(now, total.get("num_requests", 0), total.get("num_failures", 0)))
        while len(reports) > 2 and now - reports[1].at >= WINDOW:
            reports.popleft()
        self._now_at = -math.inf

    @property
    def now(self) -> tuple[float, float]:
        """Requests and failures a second of the last six seconds or so; 0 at the latest nine after the last answer."""
        now = self._clock()
        if now - self._now_at < _FRESH:
            return self._now
        requests = failures = 0.0
        for first, *later in self._reports.values():
            if now - later[-1].at < SILENT_AFTER:
                # What little a first report may stand for tells no rate.
                seconds = max(1.0, later[-1].at - first.at)
                requests += sum(report.requests for report in later) / seconds
                failures += sum(report.failures for report in later) / seconds
        self._now, self._now_at = (requests, failures), now
        return self._now

    def percentiles(self) -> dict[str, int | None]:
        """Response times of the last ten seconds by name (`p50`), in ms, worked out once a second.

        None before the first request, and while nothing is answered.
        """
        total = self._environment.stats.total
        shares = {"p50": 0.5, "p95": 0.95, "p99": 0.99}
        if total.num_requests == 0 or self.now[0] == 0:
            self._percentiles_at = 0.0
            return dict.fromkeys(shares)  # Locust's answer would be 0
        now = time.monotonic()
        if now - self._percentiles_at >= ONCE_A_SECOND:
            self._percentiles_at = now
            latest = {key: total.get_current_response_time_percentile(share) for key, share in shares.items()}
            self._percentiles = latest
        return self._percentiles

    def _ours(self, theirs: property, attribute: str, index: int, over_run: bool) -> Callable[[StatsEntry], float]:
        def rate(entry: StatsEntry) -> float:
            stats = self._environment.stats
            if entry.stats is not stats or self._run.elapsed is None:
                return theirs.__get__(entry)
            if over_run:
                return getattr(entry, attribute) / self._run.elapsed if self._run.elapsed > 0 else 0.0
            whole = self.now[index]
            # Of a single request only Locust knows it, and does not notice when answers stop.
            return whole if entry is stats.total or whole == 0 else theirs.__get__(entry)

        return rate


_REPLACED = {
    "total_rps": ("num_requests", 0, True),
    "total_fail_per_sec": ("num_failures", 1, True),
    "current_rps": ("num_requests", 0, False),
    "current_fail_per_sec": ("num_failures", 1, False),
}
