"""What the master's web server answers beside Locust's own routes: its status, and samples of the latest run.

Samples are taken each second, so that who asks late, or was cut off, still gets them.
"""

from __future__ import annotations

import gzip
import json
import logging
import math
from datetime import UTC, datetime
from typing import Any, Generic, TypeVar

import gevent
from flask import Flask, Response, request
from locust.runners import STATE_MISSING, STATE_STOPPED

from .handout import look_anew
from .status import MasterStatus, utc_text

logger = logging.getLogger("locust.loadtest.samples")

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


BEAT = 1.0


_AS_THEY_ARE = (
    *("state", "users", "targetUsers", "requests", "failures", "resets"),
    *("underWay", "oldestWait", "p50", "p95", "p99"),
)

_OF_ARRIVALS = (
    *("asked", "began", "rate", "due", "started", "dropped", "late"),
    *("underWay", "ready", "startedPerSecond", "lag", "corrected"),
)


def to_sample(status: dict[str, Any], seconds: float, now: datetime) -> dict[str, Any]:
    """`RecordedSample` of `runner/types.ts`, of a `LocustStatus`; the same that `toSample` of `runner/engine` makes."""
    living = [worker for worker in status["workers"] if worker["state"] not in ("missing", "stopped")]
    master = status["master"]
    arrivals = status.get("arrivals")
    return {
        "t": round(seconds, 3),
        "time": utc_text(now),
        **{name: status[name] for name in _AS_THEY_ARE},
        "workers": len(living),
        "rps": round(status["rps"], 2),
        "failuresPerSecond": round(status["failuresPerSecond"], 2),
        "workerCpu": {worker["name"]: round(worker["cpu"] / worker["cpuLimit"], 3) for worker in living},
        "workerMemory": max((worker["memory"] for worker in living), default=0),
        "masterCpu": round(master["cpu"] / master["cpuLimit"], 3),
        **({"arrivals": {name: arrivals[name] for name in _OF_ARRIVALS}} if arrivals else {}),
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


# Bytes from which on an answer is compressed.
_LARGE = 10_000


def serve(app: Flask, base_path: str, status: MasterStatus, recorder: Recorder) -> None:
    """Add the routes.

    - `GET /loadtest/status`: `LocustStatus` of `runner/types.ts`.
    - `GET /loadtest/samples?after=T`: `RecordedSeries` of `runner/types.ts`, of samples later than T seconds.
    - `GET /loadtest/corrected/csv`: as Locust's `requests.csv`, with times from when each iteration was due.
    - `POST /loadtest/kept`, with `run` in its form: the results of that run, the latest, are kept elsewhere. Answers
      409 with a `message` for another run, or while it is going on.
    """

    def answer_status() -> Response:
        return _json(_dumps(status.snapshot()))

    def answer_samples() -> Response:
        body = recorder.answer(request.args.get("after", -math.inf, float))
        if len(body) < _LARGE or "gzip" not in request.accept_encodings:
            return _json(body)
        # In a thread, as it may be megabytes: Locust's master goes on meanwhile.
        small = gevent.get_hub().threadpool.apply(gzip.compress, (body, 1))
        response = _json(small)
        response.headers["Content-Encoding"] = "gzip"
        return response

    def keep() -> Response:
        refusal = status.run.keep(request.form.get("run", ""))
        if refusal is None:
            return _json(_dumps({"success": True}))
        return _json(_dumps({"success": False, "message": refusal}), 409)

    @app.before_request
    def complete_form() -> Response | None:
        if request.endpoint != "locust.swarm":
            return None
        form = status.targets.complete(request.form, status.run)
        request.form = form  # type: ignore[misc]
        refusal = status.targets.refuse(form, status.run) or status.open_load.refuse(form)
        if refusal is None and not status.run.going:
            refusal = look_anew()
        # Locust answers its own refusals with 200, too: its web UI shows no others.
        return None if refusal is None else _json(_dumps({"success": False, "message": refusal}))

    @app.after_request
    def see_locusts_answers(response: Response) -> Response:
        if request.endpoint == "locust.request_stats":
            return _with_absent_workers(response, status)
        if request.endpoint == "locust.swarm":
            answer = response.get_json(silent=True) or {}
            if answer.get("success") is True:
                # Locust says there whether it has set a limit; a load shape has none.
                status.run.ask(answer.get("run_time"))
                status.open_load.see_form()
        return response

    def corrected() -> Response:
        return Response(status.open_load.corrected.csv(), mimetype="text/csv", headers={"Cache-Control": "no-store"})

    app.add_url_rule(f"{base_path}/loadtest/corrected/csv", "loadtest_corrected", corrected)
    app.add_url_rule(f"{base_path}/loadtest/status", "loadtest_status", answer_status)
    app.add_url_rule(f"{base_path}/loadtest/samples", "loadtest_samples", answer_samples)
    app.add_url_rule(f"{base_path}/loadtest/kept", "loadtest_kept", keep, methods=["POST"])


def _with_absent_workers(response: Response, status: MasterStatus) -> Response:
    """Locust's statistics after a stop, counting the workers that are off its list for a while.

    Its web UI asks for them a last time right then: told of 0 workers it would refuse the next start for good.
    """
    report = response.get_json(silent=True) if status.runner.state == STATE_STOPPED else None
    if report:
        living = sum(worker["state"] != STATE_MISSING and not worker["leaving"] for worker in status.workers())
        response.set_data(json.dumps({**report, "worker_count": max(report["worker_count"], living)}))
    return response


def _dumps(value: dict[str, Any]) -> bytes:
    # Plain json: Flask's own indents in debug mode, which Locust sets, and that doubles the size.
    return json.dumps(value, separators=(",", ":")).encode()


def _json(body: bytes, status: int = 200) -> Response:
    return Response(body, status, mimetype="application/json", headers={"Cache-Control": "no-store"})
