"""Counts of what the script's own code does, each with its line; what the master tells of them and of a worker."""

from __future__ import annotations

import inspect
import os
import sysconfig
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from types import FrameType, TracebackType
from typing import TYPE_CHECKING, Any, NamedTuple

from locust.env import Environment
from locust.runners import STATE_INIT, STATE_MISSING, STATE_RUNNING, STATE_SPAWNING

from . import fallbacks

if TYPE_CHECKING:
    from .status import MasterStatus


MOST_KINDS = 200
"""Kinds that are told apart in a process; what comes later is only counted."""
SHOWN_KINDS = 10
_MOST_MESSAGES = 10
"""Messages of a type at a line that are told apart: some have an id in each, and must not leave others without room."""
_OTHERS = "(other messages)"
_LONGEST = 1000
"""Characters of a message that are kept."""
_MOST_PLACES = 20

_paths = sysconfig.get_paths()
_NOT_THE_SCRIPT = (*(_paths[name] + os.sep for name in ("stdlib", "purelib", "platlib")), os.path.dirname(__file__))


class Place(NamedTuple):
    """A line of the script, or of a module of the user's beside it. Both None where no line of theirs took part."""

    file: str | None = None
    line: int | None = None


class Caller(NamedTuple):
    """`by`: `script`, `page` (a request to stop), `time`, `shape`, `workers` (the last one went), `locust` or `data`.

    With `data` the rows of a file have run out, and the place is that file; or `problem` says what is wrong with it.
    """

    by: str
    place: Place = Place()
    problem: str | None = None


def is_script(filename: str) -> bool:
    # Compiled modules have names that are not absolute, and so has what is no file.
    return os.path.isabs(filename) and not filename.startswith(_NOT_THE_SCRIPT)


def place_of(tb: TracebackType | None) -> Place:
    """The innermost line of the script in a traceback."""
    found = Place()
    while tb is not None:
        if is_script(tb.tb_frame.f_code.co_filename):
            found = Place(os.path.basename(tb.tb_frame.f_code.co_filename), tb.tb_lineno)
        tb = tb.tb_next
    return found


_ENDS = {
    ("locust.web", "stop"): "page",
    ("locust.web", "_stop_runners"): "time",
    ("locust.main", "stop_and_optionally_quit"): "time",
    ("locust.main", "shutdown"): "locust",
    ("locust.runners", "shape_worker"): "shape",
    ("locust.runners", "heartbeat_worker"): "workers",
    ("locust.runners", "heartbeat_timeout_checker"): "locust",
    ("locust.runners", "handle_message"): "workers",
}


def caller_of(frame: FrameType | None) -> Caller:
    """Who asks for a stop or a quit: the first outwards that is the script's, or known as one of Locust's."""
    while frame is not None:
        code = frame.f_code
        if is_script(code.co_filename):
            return Caller("script", Place(os.path.basename(code.co_filename), frame.f_lineno))
        by = _ENDS.get((frame.f_globals.get("__name__", ""), code.co_name))
        if by is not None:
            return Caller(by)
        frame = frame.f_back
    # Nobody: the script has made a greenlet of it, as with `gevent.spawn_later(60, runner.quit)`, or raised StopTest.
    return Caller("script")


class Tally:
    """Counts what happens by type, place and message."""

    def __init__(self) -> None:
        self.count = 0
        self._kinds: dict[tuple[str, Place, str], dict[str, Any]] = {}
        self._messages: Counter[tuple[str, Place]] = Counter()
        self.places: Counter[str] = Counter()
        """How many errors by type and line, of the first few that came: numbers that only grow. Of merged ones none."""

    def add(self, kind: str, message: str = "", place: Place = Place(), count: int = 1) -> None:  # noqa: B008 -- a constant
        self.count += count
        if (kind, place, message) not in self._kinds and self._messages[kind, place] >= _MOST_MESSAGES:
            message = _OTHERS
        key = (kind, place, message)
        known = self._kinds.get(key)
        if known is not None:
            known["count"] += count
        elif len(self._kinds) < MOST_KINDS:
            self._messages[kind, place] += 1
            self._kinds[key] = {
                "type": kind,
                "message": message,
                "file": place.file,
                "line": place.line,
                "count": count,
            }

    def add_error(self, error: BaseException, count: int = 1) -> None:
        kind, place = type(error).__name__, place_of(error.__traceback__)
        where = kind if place.file is None else f"{kind} {place.file}:{place.line}"
        if where in self.places or len(self.places) < _MOST_PLACES:
            self.places[where] += count
        self.add(kind, _text(error), place, count)

    def merge(self, told: dict[str, Any]) -> None:
        """Adds what `answer` has told, here or elsewhere."""
        rest = told["count"]
        for kind in told["kinds"]:
            self.add(kind["type"], kind["message"], Place(kind["file"], kind["line"]), kind["count"])
            rest -= kind["count"]
        self.count += rest

    def answer(self) -> dict[str, Any]:
        """`Tally` of `runner/types/script.ts`: the most frequent kinds first."""
        kinds = sorted(self._kinds.values(), key=lambda kind: -kind["count"])
        return {"count": self.count, "kinds": kinds[:SHOWN_KINDS]}


def _text(error: BaseException) -> str:
    try:
        return str(error)[:_LONGEST]
    except Exception:  # a script's own class may fail at that too
        return ""


def merged(tallies: Iterable[dict[str, Any]]) -> dict[str, Any]:
    """One `answer` of several."""
    tally = Tally()
    for told in tallies:
        tally.merge(told)
    return tally.answer()


def report(status: MasterStatus) -> dict[str, Any]:
    """`ScriptReport` of `runner/types/script.ts`."""
    runner, ended = status.runner, status.stops.ended_by
    told = [report.data for report in status.reports.values() if report.data["run"] == status.run.number]
    scripts = [status.script.answer(), *(data["script"] for data in told if "script" in data)]
    dispatched = sum(runner.target_user_classes_count.values()) if runner.spawning_completed else None
    return {
        "exceptions": merged(one["exceptions"] for one in scripts),
        "left": merged(one["left"] for one in scripts),
        "idle": sorted({name for one in scripts for name in one.get("idle", ())}),
        "most": dispatched if dispatched is not None and dispatched < runner.target_user_count else None,
        "ended": None if ended is None else _ended(ended),
        "exitCode": status.environment.process_exit_code,
        "decidesAtQuit": decides_at_quit(status.environment),
    }


def _ended(ended: Caller) -> dict[str, Any]:
    told = {"by": ended.by, **ended.place._asdict()}
    return told if ended.problem is None else {**told, "problem": ended.problem}


def unanswered(status: MasterStatus) -> dict[str, Any]:
    """Requests without an answer yet, as living workers last said, that the run's end cut off, or `requests` did."""
    clients, run = status.runner.clients, status.run.number
    reports = {key: report.data for key, report in status.reports.items() if report.data["run"] == run}
    living = [data for key, data in reports.items() if key in clients and clients[key].state != STATE_MISSING]
    return {
        "underWay": sum(data.get("underWay", 0) for data in living),
        "oldestWait": round(max((data.get("oldestWait", 0) for data in living), default=0), 1),
        "cutOff": sum(data.get("cutOff", 0) for data in reports.values()),
        "httpFallbacks": fallbacks.merged(reports.values()),
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
        "cpuWait": round(data.get("cpuWait", 0.0), 4),
        "loopBusy": round(data.get("loopBusy", 0.0), 4),
        "loopDelay": round(data.get("loopDelay", 0.0), 4),
        "cpuLimit": data.get("cpuLimit", 1.0),
        "memory": data.get("memory", 0),
        "underWay": data.get("underWay", 0),
        "silent": silent,
        "leaving": data.get("leaving", False),
        "endedAt": data.get("endedAt"),
    }
    limit = data.get("memoryLimit")
    return worker if limit is None else {**worker, "memoryLimit": limit}
