"""When iterations start, and which worker starts them: pure arithmetic, the same on every node.

Iterations are counted by a position, which grows by the asked rate each second. Even ones are at 0, 1, 2 and so on;
Poisson ones have exponential gaps of 1 on average. A schedule says what the position is at which second, and shares say
whose a ticket is. So all nodes agree on every ticket, however often rates and workers change, and however many are
lost: what was asked never depends on what a worker has told.
"""

from __future__ import annotations

import math
import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from functools import reduce
from random import Random
from typing import NamedTuple

EVEN, POISSON = "even", "poisson"
SPACINGS = (EVEN, POISSON)
MOST = 1_000_000
ALLOWED = (
    'a rate such as 500 or 0.5, in iterations a second, or rates with their times, such as "50/s:1m 500/s:5m 50/s:1m"; '
    f"at most {MOST:,}/s"
)
LEAD = 0.25
"""Seconds from a change of rates or shares until it holds, in which it reaches all workers."""

_STAGE = re.compile(r"(?P<rate>\d+(?:\.\d+)?)(?:/s)?(?::(?P<time>.+))?", re.ASCII)
_TIME = re.compile(r"(\d+)|(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s)?", re.ASCII)

_BLOCK = 256
"""Positions whose tickets are made at a time. Nodes must agree on it, as each block has its own random numbers."""
_WEIGHTS = 20
"""Steps in which workers' shares differ at the most."""


class Stage(NamedTuple):
    """Iterations a second for so many seconds; None for as long as the run lasts."""

    rate: float
    seconds: float | None


def parse(text: str) -> list[Stage]:
    """Reads what `settings/values/arrivals.ts` reads. Raises ValueError, with what is allowed, for any other text."""
    words = text.split()
    stages = [_stage(word) for word in words]
    constant = [stage for stage in stages if stage.seconds is None]
    if not stages or (constant and len(stages) > 1):
        raise ValueError(ALLOWED)
    return stages


def _stage(word: str) -> Stage:
    match = _STAGE.fullmatch(word)
    if match is None or not 0 < float(match["rate"]) <= MOST:
        raise ValueError(ALLOWED)
    return Stage(float(match["rate"]), None if match["time"] is None else _seconds(match["time"]))


def _seconds(text: str) -> int:
    match = _TIME.fullmatch(text)
    plain, hours, minutes, seconds = (int(one or 0) for one in match.groups()) if match else (0, 0, 0, 0)
    total = plain + hours * 3600 + minutes * 60 + seconds
    if total == 0:
        raise ValueError(ALLOWED)
    return total


class Segment(NamedTuple):
    """From second `at`, where the position is `position`, it grows by `rate` a second."""

    at: float
    position: float
    rate: float


class Schedule:
    """What the position is at each second. It may change from a moment on, and may end."""

    def __init__(self, segments: Sequence[Segment] = ()) -> None:
        self.segments = [Segment(*segment) for segment in segments] or [Segment(0.0, 0.0, 0.0)]

    def follow(self, at: float, stages: Sequence[Stage]) -> None:
        """From second `at` on there are these stages, instead of what was to come."""
        position = self.position(at)
        kept = [segment for segment in self.segments if segment.at < at]
        for rate, seconds in stages:
            kept.append(Segment(at, position, rate))
            if seconds is not None:
                at, position = at + seconds, position + rate * seconds
        if stages and stages[-1].seconds is not None:
            kept.append(Segment(at, position, 0.0))
        self.segments = kept or [Segment(0.0, 0.0, 0.0)]

    def until(self, end: float) -> Schedule:
        """The same, but that it ends at second `end` at the latest."""
        if self.end is not None and self.end <= end:
            return self
        kept = [segment for segment in self.segments if segment.at < end]
        return Schedule([*kept, Segment(end, self.position(end), 0.0)])

    @property
    def end(self) -> float | None:
        """The second after which nothing is asked any more; None where there is none."""
        return self.segments[-1].at if self.segments[-1].rate == 0 else None

    def rate(self, at: float) -> float:
        return self._of(at).rate if at >= self.segments[0].at else 0.0

    def position(self, at: float) -> float:
        since, position, rate = self._of(at)
        return position + rate * max(0.0, at - since)

    def second(self, position: float) -> float:
        """When the position is reached; infinite where it never is."""
        segments = self.segments
        # The last segment that begins at or below it and grows; at a pause the growth is what comes behind it.
        index = bisect_right([segment.position for segment in segments], position) - 1
        since, start, rate = segments[max(0, index)]
        return since + (position - start) / rate if rate > 0 else math.inf

    def _of(self, at: float) -> Segment:
        return self.segments[max(0, bisect_right([segment.at for segment in self.segments], at) - 1)]


def positions(block: int, spacing: str, seed: int) -> Sequence[float]:
    """Those of a block of tickets, in their order: from `block` times 256 on, and below those of the next block."""
    first = block * _BLOCK
    return range(first, first + _BLOCK) if spacing == EVEN else _random(first, seed)


def _random(first: int, seed: int) -> list[float]:
    gap, end = Random(f"{seed}:{first}").expovariate, first + _BLOCK
    found = []
    position = first + gap(1.0)
    while position < end:
        found.append(position)
        position += gap(1.0)
    return found


class DueCounter:
    """Counts the tickets below a position, which never goes back."""

    def __init__(self, spacing: str, seed: int) -> None:
        self._spacing, self._seed = spacing, seed
        self._blocks, self._before = 0, 0

    def below(self, position: float) -> int:
        if self._spacing == EVEN:
            # An exact count of what was added up in floating point.
            return max(0, math.ceil(position - 1e-6))
        while (self._blocks + 1) * _BLOCK <= position:
            self._before += len(positions(self._blocks, self._spacing, self._seed))
            self._blocks += 1
        block = positions(self._blocks, self._spacing, self._seed)
        return self._before + sum(one < position for one in block)


class Share(NamedTuple):
    """From this position on, those of each `period` tickets whose numbers are in `slots` are a worker's."""

    since: float
    period: int
    slots: Sequence[int]


def divide(users: dict[str, int]) -> dict[str, tuple[int, list[int]]]:
    """Period and slots of each worker, by its users: so that each user gets about as many iterations as any other.

    Even numbers of users get one slot each, and so do numbers that differ by one where there are many.
    """
    counts = {name: count for name, count in users.items() if count > 0}
    if not counts:
        return {}
    least, most = min(counts.values()), max(counts.values())
    if most - least <= 1 and least >= 10:
        weights = dict.fromkeys(counts, 1)
    elif most <= _WEIGHTS:
        weights = counts
    else:
        weights = {name: max(1, round(count * _WEIGHTS / most)) for name, count in counts.items()}
    common = reduce(math.gcd, weights.values())
    weights = {name: weight // common for name, weight in weights.items()}
    # One after the other by when each is due, not all of a worker's at once.
    due = sorted(
        ((step + 0.5) / weight, index, name)
        for index, (name, weight) in enumerate(weights.items())
        for step in range(weight)
    )
    slots: dict[str, list[int]] = {name: [] for name in weights}
    for slot, (_, _, name) in enumerate(due):
        slots[name].append(slot)
    return {name: (len(due), own) for name, own in slots.items()}


class Tickets:
    """A worker's own tickets, in their order."""

    def __init__(self, spacing: str, seed: int, since: float) -> None:
        """`since`: the position from which on they are this worker's to start."""
        self._spacing, self._seed = spacing, seed
        self._shares: list[Share] = []
        self._next = since
        """No ticket below it is left to be taken."""
        self._buffer: list[float] = []
        self._buffered = since
        """The buffer has all that are below it."""

    def assign(self, share: Share) -> None:
        """It holds from its position on, instead of what was to come."""
        self._shares = [known for known in self._shares if known.since < share.since] + [share]
        self._buffer, self._buffered = [], self._next

    def peek(self, limit: float) -> float | None:
        """Position of the next one below `limit`; None where there is none."""
        while not self._buffer:
            if self._buffered >= limit:
                return None
            self._fill()
        return self._buffer[-1] if self._buffer[-1] < limit else None

    def take(self) -> float:
        """The one that `peek` has shown."""
        position = self._buffer.pop()
        self._next = math.nextafter(position, math.inf)
        return position

    def _fill(self) -> None:
        block = int(self._buffered // _BLOCK)
        places = positions(block, self._spacing, self._seed)
        first = block * _BLOCK
        ends = [*(share.since for share in self._shares[1:]), math.inf]
        own: list[float] = []
        for share, end in zip(self._shares, ends, strict=True):
            since = max(share.since, self._buffered)
            own += [places[one] for one in self._owned(share, first, len(places)) if since <= places[one] < end]
        self._buffer = sorted(own, reverse=True)
        self._buffered = first + _BLOCK

    @staticmethod
    def _owned(share: Share, first: int, count: int) -> Iterator[int]:
        for slot in share.slots:
            yield from range((slot - first) % share.period, count, share.period)
