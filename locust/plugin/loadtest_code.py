"""What the script's own code did in a run, in the master and in all workers."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from locust.env import Environment

from loadtest_tally import is_script, merged

if TYPE_CHECKING:
    from loadtest_status import MasterStatus


def report(status: MasterStatus) -> dict[str, Any]:
    """`ScriptReport` of `runner/types.ts`."""
    runner, ended = status.runner, status.stops.ended_by
    told = [report.data for report in status.reports.values() if report.data["run"] == status.run.number]
    scripts = [status.script.answer(), *(data["script"] for data in told if "script" in data)]
    dispatched = sum(runner.target_user_classes_count.values()) if runner.spawning_completed else None
    return {
        "exceptions": merged(one["exceptions"] for one in scripts),
        "left": merged(one["left"] for one in scripts),
        "idle": sorted({name for one in scripts for name in one.get("idle", ())}),
        "most": dispatched if dispatched is not None and dispatched < runner.target_user_count else None,
        "ended": None if ended is None else {"by": ended.by, **ended.place._asdict()},
        "exitCode": status.environment.process_exit_code,
        "decidesAtQuit": decides_at_quit(status.environment),
    }


def decides_at_quit(environment: Environment) -> bool:
    """Whether listeners of `quitting` are there that may set an exit code: a master that stays never runs them."""
    return any(_may_decide(listener) for listener in environment.events.quitting._handlers)


def _may_decide(listener: Callable[..., Any]) -> bool:
    code = getattr(inspect.unwrap(listener), "__code__", None)
    return code is not None and is_script(code.co_filename) and _names_exit_code(code.co_filename)


@lru_cache
def _names_exit_code(file: str) -> bool:
    try:
        return b"process_exit_code" in Path(file).read_bytes()
    except OSError:
        return False
