"""Requests of HttpUser that go through `requests` as ever, by reason: how many, and a line of the log for the first."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Iterable
from typing import Any

logger = logging.getLogger("locust.loadtest.http")

_MOST = 20
"""Reasons that are told of a run."""

counts: Counter[str] = Counter()
"""Of this process and the latest run: reason → requests."""
_told: set[str] = set()


def count(reason: str) -> None:
    """Counts a request, and says the reason once in a process."""
    if reason not in counts and len(counts) >= _MOST:
        reason = "other reasons"
    counts[reason] += 1
    if reason not in _told:
        _told.add(reason)
        logger.warning("The fast client leaves requests of HttpUser to requests, which takes more CPU: %s", reason)


def merged(reports: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """Of all workers: `[{"reason", "count"}]`, the most frequent first."""
    total: Counter[str] = Counter()
    for data in reports:
        total.update(data.get("httpFallbacks", {}))
    return [{"reason": reason, "count": number} for reason, number in total.most_common(_MOST)]
