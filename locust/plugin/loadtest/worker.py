"""What a worker adds to its reports, and when it sends more of them, so that no sample is lost or late."""

from __future__ import annotations

import logging
import os
import socket
import sys
import time
import traceback
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Any

import gevent
import msgpack
from locust import log
from locust.env import Environment
from locust.rpc import protocol
from locust.runners import STATE_CLEANUP, STATE_RUNNING, STATE_SPAWNING, WorkerRunner
from locust.stats import EntriesDict, StatsEntry, StatsError

from . import fallbacks, process
from .counts import REPORT
from .openworker import WorkerArrivals
from .patching import ENDS_PROCESS, before, only_tested
from .run import RUN_OPTION
from .script import Script
from .tally import Place, caller_of, place_of
from .unanswered import Unanswered

logger = logging.getLogger("locust.loadtest.worker")

_AT_ONCE = 0.5
"""Seconds that listeners of `test_start` may take without being told of."""


@only_tested("locust")
def allow_all_texts() -> None:
    """Has reports hold names and messages that are no UTF-8, escaped: with one, a worker would never report again.

    And names that are no text, such as None, as text: with one beside others, Locust writes no table of requests.
    """
    theirs = StatsError.create_key

    def serialize(message: protocol.Message) -> bytes:
        told = (message.type, message.data, message.node_id)
        return msgpack.dumps(told, default=protocol.encode, unicode_errors="backslashreplace")

    def create_key(method: str, name: str, error: Exception | str | None) -> str:
        return theirs(method, f"{name}".encode(errors="backslashreplace").decode(), error)

    def missing(entries: EntriesDict, key: tuple[str, str]) -> StatsEntry:
        texts = (str(key[0]), str(key[1]))
        return make(entries, key) if texts == key else entries[texts]

    make = EntriesDict.__missing__
    EntriesDict.__missing__ = missing  # type: ignore[method-assign]
    protocol.Message.serialize = serialize  # type: ignore[method-assign]
    StatsError.create_key = staticmethod(create_key)  # type: ignore[method-assign,assignment]


def _show_ready() -> None:
    """Gives this process the name that a pod's startup probe looks for; it goes with the process."""
    with suppress(OSError):  # not on Linux
        Path("/proc/self/comm").write_text("locust-ready")


def _is_of_main(tb: TracebackType | None) -> bool:
    """Whether Locust's own shutdown raised it, as at a SIGTERM."""
    return any(frame.f_globals.get("__name__") == "locust.main" for frame, _ in traceback.walk_tb(tb))


class WorkerReports:
    """Adds `data["loadtest"]` to each report; create it in `events.init`, behind the script's listeners.

    `{"name", "cpu", "cpuWait", "loopBusy", "loopDelay", "cpuLimit", "memory", "memoryLimit", "run", "drained",
    "leaving", "endedAt", "preparing", "loadAge", "underWay", "oldestWait", "cutOff", "httpFallbacks", "script"}`: CPU
    in cores, memory in bytes (`memoryLimit` None without one); `cpuWait`: as CPU, but the time for which others had it;
    `loopBusy`, `loopDelay`: what `LoopWatch` counts, by the second; `drained`: all users of run `run` have stopped and
    this report has their last samples; `leaving`: it is about to quit, and `endedAt` is the script's line that ends it;
    `preparing`: its listeners of `test_start` are not done; `loadAge`: seconds since they were, None where they took no
    time; `underWay`, `oldestWait`, `cutOff`: what `Unanswered` counts; `httpFallbacks`: reason → requests of this run
    that `requests` has done; `script`: what `Script` counts; `arrivals`, with an arrival rate: what `Starts` counts.
    """

    def __init__(
        self, environment: Environment, runner: WorkerRunner, script: Script, arrivals: WorkerArrivals
    ) -> None:
        self._environment = environment
        self._runner = runner
        self._script = script
        self._arrivals = arrivals
        self._ended_at: Place | None = None
        self._ready = False
        self._drained = False
        self._leaving = False
        self._quit = runner.quit
        self._stop = runner.stop
        runner.quit, runner.stop = self.quit, self.stop  # type: ignore[method-assign]
        self._prepares_since: float | None = None
        self._loads_since: float | None = None
        loop = process.LoopWatch()
        measured = {"cpu": process.cpu_seconds, "cpuWait": process.wait_seconds}
        measured |= {"loopBusy": loop.busy, "loopDelay": loop.delay}
        self._meters = {name: process.Meter(seconds=seconds) for name, seconds in measured.items()}
        self._unanswered = Unanswered(environment, runner, arrivals.cut)
        self._fixed = {
            "name": os.environ.get("LOADTEST_WORKER_NAME") or socket.gethostname(),
            "cpuLimit": process.cpu_limit(),
            "memoryLimit": process.memory_limit(),
        }
        environment.events.report_to_master.add_listener(self._on_report)
        runner.register_message(REPORT, lambda **_: self._send())
        before(environment.events.test_start, self.prepare)
        self._start_worker = runner.start_worker
        runner.start_worker = self.start_worker  # type: ignore[method-assign]
        environment.events.test_stop.add_listener(self._on_test_stop)
        environment.events.quitting.add_listener(self._on_quitting)
        self._end_in_order()

    def _on_report(self, data: dict[str, Any], **_: Any) -> None:
        if not self._ready:
            return
        data["loadtest"] = {
            **self._fixed,
            **{name: meter.sample() for name, meter in self._meters.items()},
            "memory": process.memory(),
            "run": getattr(self._environment.parsed_options, RUN_OPTION, 0),
            "drained": self._drained,
            "leaving": self._leaving,
            "preparing": self._prepares_since is not None,
            "loadAge": None if self._loads_since is None else round(time.monotonic() - self._loads_since, 3),
            **self._unanswered.report(),
            "httpFallbacks": dict(fallbacks.counts),
            "endedAt": None if self._ended_at is None else self._ended_at._asdict(),
            "script": self._script.answer(),
            **self._arrivals.report(),
        }

    def begin(self) -> None:
        """Tells the master that this worker is ready: call it when all `init` listeners have run.

        In a greenlet of its own, behind Locust's look at what they raised: an error in the script's `report_to_master`
        would count as one of `init`.
        """
        # Where one of them has raised, this process is about to end, and greenlets run meanwhile.
        self._ready = not log.unhandled_greenlet_exception
        if self._ready:
            _show_ready()
            gevent.spawn(self._send)

    def quit(self) -> None:
        caller = caller_of(sys._getframe().f_back)
        if caller.by == "script" and self._ended_at is None:
            self._ended_at = caller.place
            self._see_end("runner.quit()", caller.place)
        if caller.by == "script" and self._runner.state in (STATE_SPAWNING, STATE_RUNNING):
            # In a greenlet of its own: a user that asks for it is ended with the others, and would break it off.
            gevent.spawn(self._quit)
        else:
            self._quit()

    def stop(self) -> None:
        caller = caller_of(sys._getframe().f_back)
        if caller.by == "script" and self._ended_at is None:
            # The master knows nothing of it, and this worker goes on without users.
            self._see_end("runner.stop()", caller.place)
        self._stop()

    def _see_end(self, by: str | BaseException, place: Place) -> None:
        """The script ends all users of this worker."""
        users, left = self._runner.user_count, self._script.left
        if users == 0 or self._runner.state not in (STATE_SPAWNING, STATE_RUNNING):
            return
        if isinstance(by, str):
            left.add(by, "", place, users)
        else:
            left.add_error(by, users)

    @only_tested("locust", "gevent")
    def _end_in_order(self) -> None:
        """Has a worker that the script ends by `sys.exit` send its last samples and say goodbye, as at Ctrl-C.

        In a task or a greenlet of its own. A second `sys.exit` is ignored: it would break that off.
        """
        hub = gevent.get_hub()
        theirs = hub.handle_system_error

        def handle_system_error(kind: Any, value: Any, tb: Any = None) -> Any:
            place = place_of(tb)
            # A greenlet of `sys.exit` has no line of the script.
            its = place.file is not None or (isinstance(value, SystemExit) and not _is_of_main(tb))
            if not its or not isinstance(value, ENDS_PROCESS) or not self._ready:
                return theirs(kind, value, tb)
            if self._ended_at is not None:
                return None
            if self._leaving:  # a listener of `quitting` may end the way out, and a user not
                return theirs(kind, value, tb) if _is_of_main(tb) else None
            self._ended_at = place
            self._script.count(value)
            self._see_end(value, place)
            logger.error("The script ends this worker", exc_info=value)
            return theirs(KeyboardInterrupt, KeyboardInterrupt())

        hub.handle_system_error = handle_system_error

    def prepare(self) -> None:
        """A run begins here, ahead of the script's listeners of `test_start`, which may take their time."""
        self._drained = False
        self._prepares_since, self._loads_since = time.monotonic(), None
        self._unanswered.cut_off = 0
        fallbacks.counts.clear()

    def start_worker(self, *args: Any, **kwargs: Any) -> None:
        now = time.monotonic()
        since, self._prepares_since = self._prepares_since, None
        if since is not None and now - since > _AT_ONCE:
            # Ahead of its users: the master's clock begins with them.
            self._loads_since = now
            self._send()
        self._start_worker(*args, **kwargs)

    def _on_test_stop(self, **_: Any) -> None:
        self._drained = True
        self._send()

    def _on_quitting(self, **_: Any) -> None:
        """Stop the users and send their last samples; `quitting` runs backwards, so Locust says goodbye after this."""
        runner = self._runner
        self._leaving = True
        # Locust drops spawn messages older than this: one that comes now would start users nobody stops.
        runner.last_received_spawn_timestamp = float("inf")
        if runner.state in (STATE_SPAWNING, STATE_RUNNING):
            runner.stop()
        elif runner.state == STATE_CLEANUP:  # the master has asked for a stop, which goes on elsewhere
            end = time.monotonic() + self._environment.stop_timeout + 5
            while runner.state == STATE_CLEANUP and time.monotonic() < end:
                gevent.sleep(0.05)
        self._send()

    def _send(self) -> None:
        send = getattr(self._runner, "_send_stats", None)  # private: without it the next regular report has it all
        if send is None:
            return
        try:
            send()
        except Exception as error:  # of a listener of the script, too: the next report may get through
            logger.warning("Could not report to the master: %s", error)
