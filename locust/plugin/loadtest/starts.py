"""What becomes of iterations that are due: counted by each worker, and added up for all of them by the master."""

from __future__ import annotations

import time
from collections import Counter, deque
from collections.abc import Callable
from typing import Any

from .run import REPORT_INTERVAL, WINDOW

LATE = 0.01
"""Seconds after which a start counts as late."""
_COUNTS = ("started", "dropped", "late", "waiting", "underWay", "ready")


class Starts:
    """What became of a worker's tickets in a run, and by how many ms starts were late."""

    def __init__(self) -> None:
        self.started = self.dropped = self.late = 0
        self.lags: Counter[float] = Counter()
        self.under_way = 0
        """Iterations that are not over."""

    def start(self, lag: float) -> None:
        """`lag`: seconds between when it was due and when it starts."""
        self.started += 1
        self.under_way += 1
        self.late += lag > LATE
        self.lags[rounded(lag * 1000)] += 1

    def answer(self, waiting: int, free: int) -> dict[str, Any]:
        """`waiting`: what is due and has no user; `free`: users without an iteration."""
        told = {"started": self.started, "dropped": self.dropped, "late": self.late, "underWay": self.under_way}
        here = {"waiting": waiting, "ready": free + self.under_way}
        return {**told, **here, "lags": sorted(self.lags.items())}


def rounded(lag: float) -> float:
    """To a tenth of a ms below ten, else to two digits, so that few values stand for all."""
    if lag < 10:
        return round(lag, 1)
    return float(round(lag) if lag < 100 else round(lag, -1) if lag < 1000 else round(lag, -2))


class StartsOfWorkers:
    """The master's sum. Workers tell how many there were since the start of the run: a lost one's last word counts."""

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
