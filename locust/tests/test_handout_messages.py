"""Master and workers that hand out rows, with a network whose messages take their time and may get lost."""

import logging
import random
import re
import sys
import tempfile
import unittest
from collections import Counter
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from unittest.mock import patch

import gevent
from gevent.queue import Queue
from locust.event import EventHook
from locust.rpc.protocol import Message

from loadtest import data, given, handout


class Network:
    def __init__(self, made: random.Random, loss: float) -> None:
        self._made, self._loss = made, loss
        self._links: dict[tuple[str, str], Queue] = {}
        self._under_way: Counter[str] = Counter()
        self.deliver: dict[str, Any] = {}
        self.greenlets: list[gevent.Greenlet] = []

    def send(self, sender: str, receiver: str, kind: str, told: dict[str, Any]) -> None:
        link = (sender, receiver)
        if link not in self._links:
            self._links[link] = Queue()
            self.greenlets.append(gevent.spawn(self._carry, self._links[link], receiver))
        if self._made.random() >= self._loss:
            self._under_way[sender] += 1
            self._links[link].put(Message(kind, told, sender))

    def _carry(self, link: Queue, receiver: str) -> None:
        while True:
            message = link.get()  # in their order, as TCP has it
            gevent.sleep(self._made.random() * 0.002)
            if receiver in self.deliver:
                self.deliver[receiver](message)
            self._under_way[message.node_id] -= 1

    def wait_for(self, sender: str) -> None:
        """Waits until all that one has sent has come."""
        while self._under_way[sender] > 0:
            gevent.sleep(0.001)


class Test:
    """A run of one file; `used` is what users got, by worker."""

    def __init__(self, made: random.Random, file: Path, loss: float) -> None:
        self.made, self.network, self._file = made, Network(made, loss), str(file)
        self.used: dict[str, list[int]] = {}
        self.users: dict[str, list[gevent.Greenlet]] = {}
        self._rows: dict[str, tuple[given.Rows, Any]] = {}
        self.handlers: dict[str, Any] = {}
        self.clients: dict[str, Any] = {}
        runner = SimpleNamespace(
            clients=self.clients,
            state="running",
            user_count=1,
            start=lambda: self.starts.append(self.master is not None),
            register_message=self.handlers.__setitem__,
            send_message=lambda kind, told, worker: self.network.send("master", worker, kind, told),
        )
        self.starts: list[bool] = []
        self.ends: list[Any] = []
        self.runner: Any = runner
        self.status = SimpleNamespace(
            run=SimpleNamespace(number=1, going=True),
            beginning=SimpleNamespace(began=[]),
            stops=SimpleNamespace(end=self._end_run),
        )
        data.rows(self._file, exhausted="stop-user")
        environment: Any = SimpleNamespace(events=SimpleNamespace(test_start=EventHook()))
        self.master = handout.Master(environment, runner, self.status)  # type: ignore[arg-type]
        self.status.beginning.began[0]()
        self.network.deliver["master"] = lambda message: self.handlers[message.type](msg=message)

    def _end_run(self, by: Any) -> None:
        self.ends.append(by)
        self.runner.state = "stopped"
        for rows, _ in self._rows.values():
            rows.stop()

    def join(self, name: str, users: int, run: int = 1) -> None:
        number = len(given.known)
        rows = data.rows(self._file, exhausted="stop-user")
        del given.known[number:]
        rows._number = 0
        send = lambda kind, told: self.network.send(name, "master", kind, told)  # noqa: E731
        options = SimpleNamespace(parsed_options=SimpleNamespace(loadtest_run=run))
        runner: Any = SimpleNamespace(environment=options, state="running", send_message=send)
        rows._require_user = lambda: runner  # type: ignore[method-assign]
        answers = {given.ASK: rows.answer, given.BACK: lambda _: rows.give_back(runner)}
        self.network.deliver[name] = lambda message: answers[message.type](message.data)
        self.clients[name] = SimpleNamespace(state="running")
        self._rows[name] = (rows, runner)
        self.used[name] = []
        self.users[name] = [gevent.spawn(self._use, name, rows) for _ in range(users)]

    def go(self, name: str, in_order: bool) -> None:
        """A worker leaves in order, or is killed."""
        gevent.killall(self.users.pop(name))
        if in_order:
            rows, runner = self._rows[name]
            rows.give_back(runner, leaving=True)
            # TCP brings what a process has sent before its end.
            self.network.wait_for(name)
        del self.network.deliver[name], self.clients[name]

    def end(self) -> None:
        gevent.joinall([user for users in self.users.values() for user in users], timeout=60, raise_error=True)
        left = [user for users in self.users.values() for user in users if not user.dead]
        gevent.killall([*left, *self.network.greenlets, self.master._watching])
        if left:
            raise AssertionError(f"{len(left)} users wait for ever")

    def _use(self, name: str, rows: given.Rows) -> None:
        try:
            while True:
                self.used[name].append(int(next(rows)["id"]))
                gevent.sleep(self.made.random() * 0.004)
        except given.OutOfRows:
            return


class HandoutTest(unittest.TestCase):
    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.file = Path(folder.name) / "ids.csv"
        for change in (patch.object(given, "LOOK", 0.1), patch.object(handout, "LOOK", 0.1)):
            change.start()
            self.addCleanup(change.stop)
        logger = logging.getLogger("locust.loadtest.data")
        logger.disabled = True
        self.addCleanup(setattr, logger, "disabled", False)
        argv = patch.object(sys, "argv", ["locust", "--master"])
        argv.start()
        self.addCleanup(argv.stop)
        self.addCleanup(given.known.clear)

    def run_one(self, seed: int, loss: float, kill: bool) -> tuple[list[int], int]:
        made = random.Random(seed)
        count = made.choice((1, 7, 100, 800))
        self.file.write_text("id\n" + "".join(f"{number}\n" for number in range(count)))
        given.known.clear()
        test = Test(made, self.file, loss)
        for name in "abc":
            test.join(name, made.randint(1, 12))
        gevent.sleep(0.05)
        test.join("late", 5)
        gevent.sleep(0.05)
        test.go("a", in_order=not kill)
        test.end()
        return [row for rows in test.used.values() for row in rows], count

    def test_every_row_comes_to_one_user_though_workers_come_and_leave(self) -> None:
        for seed in range(12):
            used, count = self.run_one(seed, loss=0, kill=False)
            self.assertEqual(sorted(used), list(range(count)), f"seed {seed}")

    def begin(self, count: int, users: int) -> Test:
        self.file.write_text("id\n" + "".join(f"{number}\n" for number in range(count)))
        given.known.clear()
        test = Test(random.Random(1), self.file, loss=0.1)
        test.join("a_1", users)
        return test

    def test_names_and_seeds_are_looked_at(self) -> None:
        self.file.write_text("id\n1\n")
        self.assertEqual(data.rows(self.file, shuffle=10**18 - 1).told[:2], [str(self.file), 5])
        for file, seed, problem in (
            (self.file, 2**70, "shuffle=1180591620717411303424: it is a whole number of up to 18 digits"),
            (self.file, 1.5, "shuffle=1.5: it is a whole number"),
            (7, None, "rows(7): it is the name of a file, such as 'users.csv'"),
            (b"users.csv", None, "rows(b'users.csv'): it is the name of a file"),
        ):
            with self.assertRaisesRegex(ValueError, "^" + re.escape(problem)):
                data.rows(file, shuffle=seed)  # type: ignore[arg-type]

    def test_a_file_that_is_edited_ends_the_run_and_nobody_gets_what_is_none_of_its_rows(self) -> None:
        test = self.begin(4000, 4)
        gevent.sleep(0.1)
        self.assertGreater(len(test.used["a_1"]), 0)
        self.file.write_text("id\n" + "".join(f"{number}\n" for number in range(500_000, 504_000)))
        test.end()
        self.assertLess(max(test.used["a_1"]), 4000)
        end = [(one.by, one.problem) for one in test.ends]
        self.assertEqual(end, [("data", f"{self.file} was changed while it was in use")])

    def test_a_run_begins_with_the_file_as_it_is_then(self) -> None:
        test = self.begin(100, 0)
        self.file.write_text("id\n" + "".join(f"{number}\n" for number in range(700, 750)))
        test.status.run.going = False
        test.runner.start()
        self.assertEqual(len(test.starts), 1)
        test.status.run.going, test.status.run.number = True, 2
        test.status.beginning.began[0]()
        test.join("b_2", 3, run=2)
        test.end()
        self.assertEqual(sorted(test.used["b_2"]), list(range(700, 750)))
        self.file.write_text("id\n1,2\n")
        test.status.run.going = False
        self.assertRegex(str(handout.look_anew()), r"ids\.csv, line 2: the number of fields is 2, not 1$")
        test.runner.start()
        self.assertEqual(len(test.starts), 1, "a damaged file keeps it from starting")

    def test_a_worker_with_another_file_ends_the_run(self) -> None:
        test = self.begin(100, 0)
        # What the worker reads is not yet what the master has.
        self.file.write_text("id\n7\n")
        test.join("b_2", 3)
        test.end()
        self.assertEqual(test.used["b_2"], [])
        self.assertRegex(test.ends[0].problem, r"^\S+ has 5 bytes, not the master's 293: all need the same files")

    def test_no_row_comes_twice_though_messages_get_lost_and_workers_are_killed(self) -> None:
        for seed in range(12):
            used, count = self.run_one(seed, loss=0.1, kill=True)
            self.assertEqual(len(used), len(set(used)), f"seed {seed}")
            self.assertLessEqual(len(used), count)


if __name__ == "__main__":
    unittest.main()
