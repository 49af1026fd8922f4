"""The master's side of `loadtest_data`: answers workers that ask for rows, by the ledger of each file."""

from __future__ import annotations

import logging
from typing import Any

import gevent
from locust.env import Environment
from locust.rpc.protocol import Message
from locust.runners import STATE_MISSING, MasterRunner

from .course import GOING
from .data import FILES
from .given import ASK, BACK, LOOK, Rows, known
from .ledger import Ledger
from .patching import before
from .rows import spans
from .status import MasterStatus
from .tally import Caller, Place

logger = logging.getLogger("locust.loadtest.data")


class Master:
    """Gives out the rows; create it in `events.init`, behind the status."""

    def __init__(self, environment: Environment, runner: MasterRunner, status: MasterStatus) -> None:
        self._runner = runner
        self._status = status
        self._ledgers: list[Ledger] = []
        self._asking: list[dict[str, dict[str, Any]]] = []
        """By file: the last questions that have no rows for an answer yet, by worker."""
        self._recalled: list[set[str]] = []
        """By file: workers that were asked to give rows back, and have not answered yet."""
        self._gone: set[tuple[int, str]] = set()
        """By file and worker: those of which the log has said that they are gone with rows."""
        self._over: set[str] = set()
        """Files that have no more rows, by name, where these end users."""
        self._watching: gevent.Greenlet | None = None
        self._broken = False
        """A file of the latest run was not what it was, or not in all workers, which ended it."""
        locusts_start = runner.start

        def start(*args: Any, **kwargs: Any) -> None:
            # That of a form has had its answer; this is for autostart and the script.
            problem = None if status.run.going else look_anew()
            if problem is None:
                locusts_start(*args, **kwargs)
            else:
                logger.error("No load is started: %s", problem)

        runner.start = start  # type: ignore[method-assign]
        runner.register_message(FILES, self._on_files)
        runner.register_message(ASK, self._on_ask)
        runner.register_message(BACK, self._on_back)
        # Ahead of listeners of the script: it may name files no longer.
        before(environment.events.test_start, self._seal)
        status.beginning.began.append(self._begin)

    def _seal(self) -> None:
        Rows.sealed = True

    def _begin(self) -> None:
        self._ledgers = [Ledger(len(one.starts) - 1, one.exhausted == "restart") for one in known]
        self._asking = [{} for _ in known]
        self._recalled = [set() for _ in known]
        self._over.clear()
        self._gone.clear()
        self._broken = False
        if known and self._watching is None:
            self._watching = gevent.spawn(self._watch)

    def _on_files(self, msg: Message, **_: Any) -> None:
        if not self._status.run.going:
            look_anew()
        number, problem = _difference(msg.data["files"])
        self._runner.send_message(FILES, {"file": number, "problem": problem}, msg.node_id)

    def _on_ask(self, msg: Message, **_: Any) -> None:
        told, worker = msg.data, msg.node_id
        number = told["file"]
        if told["run"] != self._status.run.number or number >= len(self._ledgers):
            return
        problem = told["problem"] or _difference_of(told["told"], known[number])
        if problem is not None:
            self._break(worker, known[number].file.name, problem)
            return
        self._recalled[number].discard(worker)
        self._asking[number][worker] = told
        if not self._serve(number, worker) and not self._settle(number):
            self._send(worker, told, wait=True)

    def _on_back(self, msg: Message, **_: Any) -> None:
        told, number = msg.data, msg.data["file"]
        if told["run"] == self._status.run.number and number < len(self._ledgers):
            self._recalled[number].discard(msg.node_id)
            if told["leaving"]:
                self._asking[number].pop(msg.node_id, None)
            self._ledgers[number].back(msg.node_id, told["question"], told["first"], told["count"], told["leaving"])
            self._serve_all(number)

    def _serve_all(self, number: int) -> None:
        """Answers those that wait for rows of a file, as far as it can be done now."""
        if not all(self._serve(number, worker) for worker in list(self._asking[number])):
            self._settle(number)

    def _serve(self, number: int, worker: str) -> bool:
        """Gives a worker that asks some rows; False where nobody can be given any now."""
        one, told = known[number], self._asking[number][worker]
        block = self._ledgers[number].ask(worker, told["question"], told["want"], len(self._living()))
        if block is None:
            return False
        del self._asking[number][worker]
        self._send(worker, told, first=block.first, spans=spans(one.starts, one.order, *block))
        return True

    def _settle(self, number: int) -> bool:
        """Asks those that have rows to give them back; True where nobody has, and all are told that none is left."""
        asking, recalled = self._asking[number], self._recalled[number]
        living = self._living()
        holders = [worker for worker in self._ledgers[number].holders() if worker in living]
        for holder in [worker for worker in holders if worker not in recalled]:
            recalled.add(holder)
            self._runner.send_message(BACK, {"file": number}, holder)
        if holders:
            return False
        for worker, told in asking.items():
            self._send(worker, told, over=True)
        asking.clear()
        self._run_out(known[number])
        return True

    def _send(self, worker: str, told: dict[str, Any], **answer: Any) -> None:
        same = {name: told[name] for name in ("file", "run", "question")}
        self._runner.send_message(ASK, {**same, **answer}, worker)

    def _run_out(self, one: Rows) -> None:
        name = one.file.name
        if name not in self._over:
            logger.info("All rows of %s are used", name)
        self._over.add(name)
        if one.exhausted == "stop-run":
            self._end_run(name)

    def _end_run(self, name: str) -> None:
        if self._runner.state in GOING:
            gevent.spawn(self._status.stops.end, Caller("data", Place(name)))

    def _break(self, worker: str, file: str, problem: str) -> None:
        """Ends the run by an error: whoever goes on would get other rows than it was to."""
        if self._broken or self._runner.state not in GOING:
            return
        self._broken = True
        logger.error("The run ends by %s: %s", worker, problem)
        gevent.spawn(self._status.stops.end, Caller("data", Place(file), problem))

    def _living(self) -> list[str]:
        return [name for name, node in self._runner.clients.items() if node.state != STATE_MISSING]

    def _watch(self) -> None:
        """Does without the rows of workers that are gone, and ends a run whose users have all left for want of rows."""
        while True:
            gevent.sleep(LOOK)
            if self._status.run.going:
                living = self._living()
                for number, ledger in enumerate(self._ledgers):
                    self._forget_gone(number, ledger, living)
                if self._over and self._runner.user_count == 0:
                    self._end_run(min(self._over))

    def _forget_gone(self, number: int, ledger: Ledger, living: list[str]) -> None:
        name = known[number].file.name
        for worker, count in ledger.holders().items():
            if worker in living:
                self._gone.discard((number, worker))
            elif (number, worker) not in self._gone:
                self._gone.add((number, worker))
                lost = "which nobody gets unless it comes back"
                logger.warning("%s is gone, and with it up to %d rows of %s, %s", worker, count, name, lost)
        asking = self._asking[number]
        for worker in [worker for worker in asking if worker not in living]:
            del asking[worker]
        # A message may have got lost.
        self._recalled[number].clear()
        if asking:
            self._serve_all(number)


def _difference(files: list[list[Any]]) -> tuple[int, str | None]:
    """The first file of a worker that is not as the master's, and how; None where all are the same."""
    for number, (theirs, one) in enumerate(zip(files, known, strict=False)):
        problem = _difference_of(theirs, one)
        if problem is not None:
            return number, problem
    if len(files) != len(known):
        return 0, f"this worker reads {len(files)} files of rows, and the master {len(known)}"
    return 0, None


def _difference_of(theirs: list[Any], one: Rows) -> str | None:
    (name, size, *_), (mine, my_size, *_) = theirs, one.told
    if name != mine:
        return f"this worker reads {name} where the master reads {mine}"
    if theirs == one.told:
        return None
    what = f"{size} bytes, not the master's {my_size}" if size != my_size else "other contents than the master's"
    return f"{name} has {what}: all need the same files and the same script"


def look_anew() -> str | None:
    """Takes the files as they are now, for a run that begins; why it cannot begin, None where it can."""
    return next((problem for problem in [one.look() for one in known] if problem is not None), None)
