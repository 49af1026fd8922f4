"""The rows of a file that this worker is given: in blocks, by the master, as its users take them.

It asks for a block when it has used its own. A message that is lost is asked for again, and its answer is the same.
"""

from __future__ import annotations

import math
import sys
import time
from collections import deque
from collections.abc import Iterator
from pathlib import Path
from types import FrameType, TracebackType
from typing import Any, NoReturn

from gevent import getcurrent
from gevent.event import Event
from locust.exception import StopUser
from locust.runners import STATE_RUNNING, STATE_SPAWNING, WorkerRunner

from .rows import RowFile, order_of
from .run import RUN_OPTION

_EXHAUSTED = ("stop-run", "stop-user", "restart")
_SEEDS = 10**18
LOOK = 1.0
"""Seconds after which a question without an answer is asked again, and between two looks of the master."""
PATIENCE = 15.0
"""Seconds without any answer of the master after which a user goes on without a row."""
ASK, BACK = "loadtest_data_ask", "loadtest_data_back"


class OutOfRows(StopUser):
    """No row is left: ends the user that asks for one."""


class Rows(Iterator[dict[str, Any]]):
    """An iterator over the rows that this worker is given; see `data.rows`."""

    sealed = False
    """Master and workers have said which files they know."""
    runner: WorkerRunner | None = None
    """That of this process, once the script is loaded; None in a master."""
    ready = Event()
    """There is a runner."""

    def __init__(self, file: str, shuffle: int | None, exhausted: str, caller: FrameType) -> None:
        if Rows.sealed:
            raise RuntimeError(f'rows("{file}") belongs at the top of the script: the master has to know of it')
        if exhausted not in _EXHAUSTED:
            raise ValueError(f"exhausted={exhausted!r}: it is one of {', '.join(map(repr, _EXHAUSTED))}")
        # Messages have numbers of 64 bits.
        if shuffle is not None and not (isinstance(shuffle, int) and -_SEEDS <= shuffle < _SEEDS):
            raise ValueError(
                f"shuffle={shuffle!r}: it is a whole number of up to 18 digits, the same for the same order"
            )
        self.exhausted, self._shuffle = exhausted, shuffle
        self._take(RowFile(file, Path(file)))
        self._made_at = TracebackType(None, caller, caller.f_lasti, caller.f_lineno)
        self._number = len(known)
        self._stopped = Event()
        self.begin(0)
        known.append(self)

    @property
    def told(self) -> list[Any]:
        """What is the same in master and workers."""
        return [self.file.name, self.file.size, self.file.digest, self._shuffle, self.exhausted]

    def look(self) -> str | None:
        """Takes the file as it is now, for a run that begins; why it cannot be used, None where it can."""
        try:
            file = self.file.anew()
            if file is not self.file:
                former = self.file
                self._take(file)
                former.close()
        except ValueError as error:
            return str(error)
        return None

    def _take(self, file: RowFile) -> None:
        # A worker reads what it is given, and needs no index.
        if "--worker" not in sys.argv:
            self.starts = file.index()
            self.order = order_of(len(self.starts) - 1, self._shuffle)
        self.file = file

    def begin(self, run: int) -> None:
        """A worker has nothing of this run yet."""
        self._run = run
        self._problem = self.look() if run > 0 else None
        self._stock: deque[tuple[int, dict[str, Any]]] = deque()
        self._over = False
        self._question = self._answered = 0
        self._asked_at: float | None = None
        self._heard_at = -math.inf
        self._waiting = self._used = 0
        self._used_since = time.monotonic()
        self._news = Event()
        self._stopped.clear()

    def __next__(self) -> dict[str, Any]:
        runner = self._require_user()
        run = getattr(runner.environment.parsed_options, RUN_OPTION, 0)
        if run != self._run:
            self.begin(run)
        if not self._stock:
            self._wait(runner, run)
        self._used += 1
        return self._stock.popleft()[1]

    def stop(self) -> None:
        """The run ends: nobody waits for a row any more."""
        self._stopped.set()
        self._tell()

    def fail(self, problem: str) -> NoReturn:
        """Ends the worker by an error at the line of the script that named the file."""
        raise ValueError(problem).with_traceback(self._made_at)

    def answer(self, told: dict[str, Any]) -> None:
        """The master's answer to this worker: rows, that none is left, or that others may give some back."""
        if told["run"] != self._run or told["question"] != self._question or self._asked_at is None:
            return
        self._heard_at = time.monotonic()
        if told.get("wait"):
            return
        self._asked_at = None
        self._answered = told["question"]
        self._over = told.get("over", False)
        try:
            found = [row for start, end in told.get("spans", ()) for row in self.file.read(start, end)]
        except ValueError as error:
            self._problem, found = str(error), []
        self._stock.extend(enumerate(found, told.get("first", 0)))
        self._used, self._used_since = 0, time.monotonic()
        self._tell()

    def give_back(self, runner: WorkerRunner, leaving: bool = False) -> None:
        """What this worker has not used is for others; `leaving`: and what it has asked for, too."""
        first = self._stock[0][0] if self._stock else 0
        count = len(self._stock)
        self._stock.clear()
        which = {"file": self._number, "run": self._run, "question": self._answered, "leaving": leaving}
        runner.send_message(BACK, {**which, "first": first, "count": count})

    def _tell(self) -> None:
        news, self._news = self._news, Event()
        news.set()

    def _require_user(self) -> WorkerRunner:
        if Rows.runner is None and "--worker" in sys.argv and getcurrent().parent is not None:
            # A worker that connects while a run goes on has users before its listeners of `init` are done.
            Rows.ready.wait(PATIENCE)
        runner = Rows.runner
        # In `test_start` the worker hears of no answer.
        if runner is None or runner.worker_state not in (STATE_SPAWNING, STATE_RUNNING):
            raise RuntimeError(f"next() of the rows of {self.file.name} is for users: in on_start, or in a task")
        return runner

    def _wait(self, runner: WorkerRunner, run: int) -> None:
        since = time.monotonic()
        self._waiting += 1
        try:
            while not self._stock:
                if self._over and self.exhausted == "stop-run":
                    self._stopped.wait(PATIENCE)
                if self._over or self._stopped.is_set() or self._run != run:
                    raise OutOfRows(f"{self.file.name} has no more rows")
                if time.monotonic() - max(since, self._heard_at) > PATIENCE:
                    raise RuntimeError(f"no row of {self.file.name}: the master has not answered for {PATIENCE:.0f} s")
                self._ask(runner)
                self._news.wait(LOOK)
        finally:
            self._waiting -= 1

    def _ask(self, runner: WorkerRunner) -> None:
        now = time.monotonic()
        if self._asked_at is None:
            self._question += 1
        elif now - self._asked_at < LOOK:
            return
        self._asked_at = now
        # For two seconds as the last ones were.
        want = self._waiting + math.ceil(2 * self._used / max(1.0, now - self._used_since))
        which = {"file": self._number, "run": self._run, "question": self._question}
        runner.send_message(ASK, {**which, "want": want, "told": self.told, "problem": self._problem})


known: list[Rows] = []
"""All that the script has named, in the same order in master and workers."""
