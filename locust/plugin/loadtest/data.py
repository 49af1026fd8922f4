"""What scripts import as `loadtest_data`: rows of a file, each of which one user gets, over all workers.

A worker agrees with the master on the files before it runs; `given.py` has what users take then.
"""

from __future__ import annotations

import os
import sys
from importlib.abc import Loader
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any

from gevent.event import Event
from locust.rpc.protocol import Message
from locust.runners import WorkerRunner

from .given import ASK, BACK, LOOK, PATIENCE, OutOfRows, Rows, known

__all__ = ["OutOfRows", "Rows", "rows"]

NAME = "loadtest_data"
FILES = "loadtest_data_files"


def rows(file: str | os.PathLike[str], *, shuffle: int | None = None, exhausted: str = "stop-run") -> Rows:
    """The rows of a file in the scripts' folder; `next(rows)` in `on_start` or a task gives a user the next one.

    Call it when the script is loaded: at the left of a module. Each row is a dict: of a CSV file with a line of names
    (`.csv`), or of one with a JSON object a line (`.jsonl`, `.ndjson`). In a run each is given out once, over all
    workers and from the first on; with `shuffle=7` in an order that is the same for each 7. Behind the last one the run
    ends in order (`stop-run`), each user that asks for one ends (`stop-user`), or the first one comes again
    (`restart`).

    Raises ValueError for a file that is not as it has to be.
    """
    name = os.fspath(file) if isinstance(file, os.PathLike) else file
    if not isinstance(name, str):
        raise ValueError(f"rows({file!r}): it is the name of a file, such as 'users.csv'")
    return Rows(name, shuffle, exhausted, sys._getframe(1))


class Worker:
    """The worker's side; create it in `events.init`."""

    def __init__(self, runner: WorkerRunner) -> None:
        self._runner = runner
        self._agreed = Event()
        self._problem: tuple[int, str] | None = None
        runner.register_message(FILES, self._on_files)
        runner.register_message(ASK, lambda msg, **_: known[msg.data["file"]].answer(msg.data))
        runner.register_message(BACK, lambda msg, **_: known[msg.data["file"]].give_back(runner))
        self._stop = runner.stop
        runner.stop = self.stop  # type: ignore[method-assign]

    def agree(self) -> None:
        """Waits until the master has said that it has the same files; else ends this worker by an error."""
        Rows.runner, Rows.sealed = self._runner, True
        Rows.ready.set()
        if not known:
            return
        for _ in range(int(2 * PATIENCE / LOOK)):
            self._runner.send_message(FILES, {"files": [one.told for one in known]})
            if self._agreed.wait(LOOK):
                break
        else:
            known[0].fail(f"the master has not said whether it has the same {known[0].file.name}")
        if self._problem is not None:
            number, problem = self._problem
            known[number].fail(problem)

    def leave(self, **_: Any) -> None:
        """The worker ends in order: what it has not used is for others. Call it when its users have stopped."""
        for one in known:
            one.give_back(self._runner, leaving=True)

    def stop(self) -> None:
        for one in known:
            one.stop()
        self._stop()

    def _on_files(self, msg: Message, **_: Any) -> None:
        if msg.data["problem"] is not None:
            self._problem = (msg.data["file"], msg.data["problem"])
        self._agreed.set()


class _Finder(Loader):
    """Finds this module by the name that scripts know, where nothing else has it: a script's own comes first."""

    def find_spec(self, name: str, *_: Any) -> ModuleSpec | None:
        return ModuleSpec(NAME, self) if name == NAME else None

    def create_module(self, _: ModuleSpec) -> ModuleType:
        return sys.modules[__name__]

    def exec_module(self, module: ModuleType) -> None:
        """It is loaded already."""


def install() -> None:
    """Lets scripts import `loadtest_data`; call it before the script is loaded."""
    sys.meta_path.append(_Finder())
