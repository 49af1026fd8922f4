"""A series of samples that never outgrows its bound, however long the run is."""

from __future__ import annotations

import math
from typing import Generic, TypeVar

T = TypeVar("T")

MOST = 1000


class SampleSeries(Generic[T]):
    """Samples by their time. Full, it drops every second one and takes them half as often from then on.

    The first and the latest sample always stay. Of samples that were added whenever they were due, no two neighbours
    are further apart than two intervals.
    """

    def __init__(self, most: int = MOST, interval: float = 1.0) -> None:
        """`most`: samples it holds, 2 or more; `interval`: seconds between two, until it is full."""
        if most < 2:
            raise ValueError("the first and the latest sample need room")
        self._most = most
        self._samples: list[tuple[float, T]] = []
        self.interval = interval
        self.due = 0.0
        """Seconds at which to take the next sample: a multiple of the interval, so that a late one delays no other."""

    @property
    def last(self) -> float:
        """Time of the latest sample; before the first, less than any."""
        return self._samples[-1][0] if self._samples else -math.inf

    def add(self, at: float, sample: T) -> None:
        """`at`: seconds, more than that of any before."""
        if at <= self.last:
            raise ValueError(f"{at} is not after {self.last}")
        if len(self._samples) >= self._most:
            del self._samples[1::2]
            self.interval *= 2
        self._samples.append((at, sample))
        self.due = (math.floor(at / self.interval) + 1) * self.interval

    def after(self, at: float) -> list[T]:
        """The samples of later moments, in their order."""
        return [sample for moment, sample in self._samples if moment > at]
