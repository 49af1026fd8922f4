"""Prometheus' text format, and what keeps the number of its series small."""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Iterable, Sequence
from functools import lru_cache
from itertools import accumulate
from typing import Any, TypeVar

from locust.stats import StatsEntry

K = TypeVar("K")

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
BUCKETS = (1, 2, 5, 10, 25, 50, 100, 250, 500, 1000, 2500, 5000, 10_000, 30_000)
"""Upper limits of the histograms' buckets in ms, as Locust counts; seconds in the text."""
_LE = (*(f"{limit / 1000:g}" for limit in BUCKETS), "+Inf")
_ESCAPED = str.maketrans({"\\": r"\\", '"': r"\"", "\n": r"\n"})


class Bounded:
    """Chooses which of many have series of their own; the others are one together.

    Who has one keeps it: a counter that came and went would look like one that begins again.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._kept: set[Any] = set()
        self._of: object = None

    def choose(self, counts: Iterable[tuple[K, int]], of: object) -> set[K]:
        """`counts`: all that there are, of which the highest are taken while there is room.

        `of`: which counts these are; with others, all begins anew.
        """
        if of != self._of:
            self._kept, self._of = set(), of
        room = self._most - len(self._kept)
        if room > 0:
            new = [(key, count) for key, count in counts if key not in self._kept]
            self._kept.update(key for key, _ in sorted(new, key=lambda one: -one[1])[:room])
        return self._kept


def head(name: str, kind: str, text: str) -> str:
    told = text.replace("\\", r"\\").replace("\n", r"\n")
    return f"# HELP {name} {told}\n# TYPE {name} {kind}"


def labels(names: Sequence[str], values: Sequence[object]) -> str:
    """`a="x",b="y"`; scripts may have names that are no text."""
    return ",".join(f'{name}="{str(value).translate(_ESCAPED)}"' for name, value in zip(names, values, strict=True))


def sample(name: str, labelled: str, value: float) -> str:
    """`labelled`: what `labels` gives; may be empty."""
    return f"{name}{{{labelled}}} {number(value)}" if labelled else f"{name} {number(value)}"


def number(value: float) -> str:
    if isinstance(value, int):
        return str(value)
    if math.isfinite(value):
        return repr(round(value, 6))
    return "NaN" if math.isnan(value) else "+Inf" if value > 0 else "-Inf"


class Requests:
    """What is told of the requests of a name: how many, and a histogram of their response times."""

    def __init__(self) -> None:
        self._requests = 0
        self._failures = 0
        self._buckets = [0] * len(_LE)
        self._milliseconds = 0.0

    def add(self, entry: StatsEntry) -> None:
        self._requests += entry.num_requests
        self._failures += entry.num_failures
        self._milliseconds += entry.total_response_time
        buckets = self._buckets
        for time, count in entry.response_times.items():
            buckets[_bucket(time)] += count

    def subtract(self, part: Requests) -> None:
        """Leaves what is not in `part`."""
        self._requests -= part._requests
        self._failures -= part._failures
        self._milliseconds -= part._milliseconds
        self._buckets = [whole - count for whole, count in zip(self._buckets, part._buckets, strict=True)]

    def samples(self, labelled: str) -> dict[str, list[str]]:
        """Lines by name of the metric; the list has what they mean."""
        requests, failures, duration = (
            "locust_requests_total",
            "locust_failures_total",
            "locust_request_duration_seconds",
        )
        below = list(accumulate(self._buckets))
        buckets = [f'{duration}_bucket{{{labelled},le="{le}"}} {count}' for le, count in zip(_LE, below, strict=True)]
        return {
            requests: [sample(requests, labelled, self._requests)],
            failures: [sample(failures, labelled, self._failures)],
            duration: [
                *buckets,
                sample(f"{duration}_sum", labelled, self._milliseconds / 1000),
                # Requests without a time are in none of the buckets.
                sample(f"{duration}_count", labelled, below[-1]),
            ],
        }


# Locust rounds, so that there are a few hundred different ones.
@lru_cache(4096)
def _bucket(time: float) -> int:
    return bisect_left(BUCKETS, time)
