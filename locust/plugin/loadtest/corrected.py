"""Response times from when an iteration was due, beside Locust's own, which count from when a request was sent.

A target that stalls makes users late for what they were to do next. Times from the request on leave that out, as what
was not sent has no time (coordinated omission); these have it. They are kept as Locust keeps its own, and rounded so.
"""

from __future__ import annotations

import csv
import time
from collections.abc import Callable
from io import StringIO
from types import SimpleNamespace
from typing import Any

from locust import stats
from locust.stats import RequestStats, StatsCSV, StatsEntry


class Corrected:
    """A second set of Locust's statistics: of workers without totals, which the master makes. No failures."""

    def __init__(self) -> None:
        self.stats = RequestStats(use_response_times_cache=False)
        self.clear()

    def listen(self, lag: Callable[[], float]) -> Callable[..., None]:
        """A listener of `request`. `lag`: seconds by which what the current greenlet does was begun late."""

        def on_request(request_type: str, name: str, response_time: float | None, **_: Any) -> None:
            self.log(request_type, name, None if response_time is None else response_time + lag() * 1000)

        return on_request

    def log(self, method: str, name: str, milliseconds: float | None) -> None:
        entry = self.stats.entries[name, method]
        entry.num_requests += 1
        entry.last_request_timestamp = time.time()
        entry._log_response_time(milliseconds)  # type: ignore[arg-type]

    def report(self) -> list[Any]:
        """What has come since the last one."""
        return self.stats.serialize_stats()

    def merge(self, told: list[Any]) -> None:
        """Adds what a worker reports."""
        for data in told:
            entry = StatsEntry.unserialize(data, self.stats)
            self.stats.entries[entry.name, entry.method].extend(entry)
            self.stats.total.extend(entry)

    def csv(self) -> str:
        """As Locust's `requests.csv`; its columns of rates and failures mean nothing."""
        text = StringIO()
        own = SimpleNamespace(stats=self.stats)
        StatsCSV(own, stats.PERCENTILES_TO_REPORT).requests_csv(csv.writer(text))  # type: ignore[arg-type]
        return text.getvalue()

    def current(self) -> dict[str, int | None]:
        """Of the last ten seconds, in ms, as Locust's own; None without a request in them."""
        total = self.stats.total
        shares = {"p50": 0.5, "p95": 0.95, "p99": 0.99}
        found = {name: total.get_current_response_time_percentile(share) for name, share in shares.items()}
        return dict.fromkeys(shares) if not any(found.values()) else found

    def clear(self) -> None:
        self.stats.clear_all()
        self.stats.total = StatsEntry(self.stats, "Aggregated", "", use_response_times_cache=True)
