"""A worker as the master tells of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from locust.runners import STATE_INIT, STATE_MISSING, STATE_RUNNING, STATE_SPAWNING

_STATES = (STATE_INIT, STATE_SPAWNING, STATE_RUNNING, STATE_MISSING)


@dataclass
class Report:
    """The `loadtest` part of a worker's last report, and when (monotonic seconds) it came."""

    data: dict[str, Any]
    at: float


def describe(client_id: str, state: str, users: int, report: Report | None, silent: bool) -> dict[str, Any]:
    """`WorkerStatus` of `runner/types.ts`; `state` and `users` are Locust's."""
    data = report.data if report else {}
    # It connects before its `init` listeners run, and is ready only when they have.
    known = state in _STATES and (state != STATE_INIT or report is not None)
    worker = {
        "id": client_id,
        "name": data.get("name") or client_id.rpartition("_")[0] or client_id,
        "state": state if known else "stopped",
        "users": users,
        "cpu": round(data.get("cpu", 0.0), 4),
        "cpuLimit": data.get("cpuLimit", 1.0),
        "memory": data.get("memory", 0),
        "underWay": data.get("underWay", 0),
        "silent": silent,
        "leaving": data.get("leaving", False),
        "endedAt": data.get("endedAt"),
    }
    limit = data.get("memoryLimit")
    return worker if limit is None else {**worker, "memoryLimit": limit}
