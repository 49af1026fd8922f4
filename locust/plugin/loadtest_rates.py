"""Requests a second: over a run's own time, and now.

Locust divides by the time up to the last answer, so that a target which stops answering keeps its rate for ever, and a
report that comes late lowers it.
"""

from __future__ import annotations

import math
import time
from collections import deque
from collections.abc import Callable
from typing import Any, NamedTuple

from locust.env import Environment
from locust.stats import StatsEntry

from loadtest_run import LatestRun

WINDOW = 5.5
"""Seconds at least that the rate of now is taken over, where a run is that old: two of a worker's reports."""
REPORT_INTERVAL = 3.0
SILENT_AFTER = 10.0
"""Seconds without a report after which a worker answers nothing."""
_FRESH = 0.2
"""Seconds for which a rate is remembered: Locust's page asks for it with each of its rows."""

# Locust's beat is a second, and a timer may be a little early.
ONCE_A_SECOND = 0.9


class _Reported(NamedTuple):
    at: float
    requests: int
    failures: int


class Rates:
    """Takes the place of Locust's rates in the master: on its page, in its CSV files and in its report.

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
        self.resets = 0
        """How often Locust's page, or the script, has thrown away what was counted since the start of the run."""
        theirs = {name: vars(StatsEntry)[name] for name in _REPLACED}
        for name, (attribute, index, over_run) in _REPLACED.items():
            setattr(StatsEntry, name, property(self._ours(theirs[name], attribute, index, over_run)))

        for name in ("reset_all", "clear_all"):
            setattr(environment.stats, name, self._seen(getattr(environment.stats, name)))

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


class Percentiles:
    """Response times of the last ten seconds; worked out once a second."""

    def __init__(self, environment: Environment, rates: Rates) -> None:
        self._environment = environment
        self._rates = rates
        self._latest: dict[str, int | None] = {}
        self._at = 0.0

    def now(self) -> dict[str, int | None]:
        """By name (`p50`), in ms; None before the first request, and while nothing is answered."""
        total = self._environment.stats.total
        shares = {"p50": 0.5, "p95": 0.95, "p99": 0.99}
        if total.num_requests == 0 or self._rates.now[0] == 0:
            self._at = 0.0
            return dict.fromkeys(shares)  # Locust's answer would be 0
        now = time.monotonic()
        if now - self._at >= ONCE_A_SECOND:
            self._at = now
            self._latest = {key: total.get_current_response_time_percentile(share) for key, share in shares.items()}
        return self._latest
