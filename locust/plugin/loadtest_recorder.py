"""Samples of the latest run, taken each second, so that who asks late, or was cut off, still gets them."""

from __future__ import annotations

import json
import logging
from datetime import UTC, datetime
from typing import Any

import gevent

from loadtest_samples import SampleSeries
from loadtest_status import MasterStatus, utc_text

logger = logging.getLogger("locust.loadtest.recorder")

BEAT = 1.0


def to_sample(status: dict[str, Any], seconds: float, now: datetime) -> dict[str, Any]:
    """`RecordedSample` of `runner/types.ts`, of a `LocustStatus`; the same that `toSample` of `runner/engine` makes."""
    living = [worker for worker in status["workers"] if worker["state"] not in ("missing", "stopped")]
    master = status["master"]
    return {
        "t": round(seconds, 3),
        "time": utc_text(now),
        "state": status["state"],
        "users": status["users"],
        "targetUsers": status["targetUsers"],
        "workers": len(living),
        "rps": round(status["rps"], 2),
        "failuresPerSecond": round(status["failuresPerSecond"], 2),
        "requests": status["requests"],
        "failures": status["failures"],
        "resets": status["resets"],
        "underWay": status["underWay"],
        "oldestWait": status["oldestWait"],
        "p50": status["p50"],
        "p95": status["p95"],
        "p99": status["p99"],
        "workerCpu": {worker["name"]: round(worker["cpu"] / worker["cpuLimit"], 3) for worker in living},
        "masterCpu": round(master["cpu"] / master["cpuLimit"], 3),
    }


class Recorder:
    """Records each run from its start until it is drained; create it in `events.init`, behind the status."""

    def __init__(self, status: MasterStatus) -> None:
        self._status = status
        self._complete = True
        # As the JSON that is served: little memory, and no work when somebody asks.
        self._series: SampleSeries[bytes] = SampleSeries()
        status.beginning.loads.append(self._begin)

    def answer(self, after: float) -> bytes:
        """JSON of the samples later than `after`, in seconds of the run; the last one is final once it is drained."""
        if not self._complete and self._status.is_drained():
            self._take()
        head = f'{{"run":{self._status.run.number},"interval":{self._series.interval:g},"samples":['
        return b"".join((head.encode(), b",".join(self._series.after(after)), b"]}"))

    def _begin(self) -> None:
        self._series = SampleSeries()
        self._complete = False
        gevent.spawn(self._record, self._series)

    def _record(self, series: SampleSeries[bytes]) -> None:
        run = self._status.run
        while series is self._series and not self._complete:
            try:
                self._step()
            except Exception:
                logger.exception("A sample could not be taken")
            # Whole seconds of the run, so that what a step takes does not add up.
            gevent.sleep(BEAT - run.age % BEAT)

    def _step(self) -> None:
        # A long run is sampled less often, but its end is not missed.
        if self._status.run.age >= self._series.due or self._status.is_drained() or self._status.never_drains():
            self._take()

    def _take(self) -> None:
        status = self._status.snapshot()
        self._complete = status["drained"] or self._status.never_drains()
        seconds = max(round(self._status.run.age, 3), round(self._series.last + 0.001, 3))
        sample = to_sample(status, seconds, datetime.now(UTC))
        self._series.add(seconds, json.dumps(sample, separators=(",", ":")).encode())
