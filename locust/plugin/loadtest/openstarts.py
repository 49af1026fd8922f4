"""What workers tell of the iterations of a run, added up by the master."""

from __future__ import annotations

import time
from collections import Counter, deque
from collections.abc import Callable
from typing import Any

from .run import REPORT_INTERVAL, WINDOW

_COUNTS = ("started", "dropped", "late", "waiting", "underWay")


class StartsOfWorkers:
    """Workers tell how many there were since the start of the run, so that the last word of one that is lost counts."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._recent: dict[str, deque[tuple[float, int]]] = {}

    def see(self, client_id: str, started: int) -> None:
        """A worker's report of this run."""
        now = self._clock()
        starts = self._recent.setdefault(client_id, deque([(now - REPORT_INTERVAL, 0)]))
        starts.append((now, started))
        while len(starts) > 2 and now - starts[1][0] >= WINDOW:
            starts.popleft()

    def answer(self, told: list[dict[str, Any]]) -> dict[str, Any]:
        """`told`: the last word of each worker of the run. The part of `ArrivalsStatus` that follows from it."""
        counts = {name: sum(one[name] for one in told) for name in _COUNTS}
        return {**counts, "startedPerSecond": round(self._per_second(), 2), "lag": lag_of_all(told)}

    def _per_second(self) -> float:
        now = self._clock()
        recent = [starts for starts in self._recent.values() if now - starts[-1][0] < WINDOW]
        return sum((one[-1][1] - one[0][1]) / max(1.0, one[-1][0] - one[0][0]) for one in recent)


def lag_of_all(told: list[dict[str, Any]]) -> dict[str, float | None]:
    """In ms, over all workers."""
    counts: Counter[float] = Counter()
    for one in told:
        for lag, count in one["lags"]:
            counts[lag] += count
    lags = sorted(counts)
    total = sum(counts.values())
    found: dict[str, float | None] = {}
    for name, share in (("p50", 0.5), ("p99", 0.99)):
        seen, found[name] = 0, None
        for lag in lags:
            seen += counts[lag]
            if seen >= share * total:
                found[name] = lag
                break
    found["max"] = lags[-1] if lags else None
    return found
