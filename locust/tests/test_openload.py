"""The master's part of a run with an arrival rate, with workers that are what a test says."""

import unittest
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any
from unittest import mock

from locust import LoadTestShape, User, task
from locust.env import Environment
from locust.event import Events
from locust.runners import WorkerNode

from loadtest import openload, patching
from loadtest.corrected import Corrected
from loadtest.openload import OpenLoad
from loadtest.run import LatestRun
from loadtest.samples import _AS_THEY_ARE, to_sample
from loadtest.tally import Report


class Visitor(User):
    @task
    def one(self) -> None: ...


class Wave(LoadTestShape):
    def tick(self) -> None: ...


class OwnWay(User):
    def run(self) -> None: ...


class OpenLoadTest(unittest.TestCase):
    def setUp(self) -> None:
        self.now = 1000.0
        for module in (openload.time, openload.gevent):
            patch = mock.patch.object(
                module, *(("monotonic", lambda: self.now) if module is openload.time else ("spawn", mock.Mock()))
            )
            patch.start()
            self.addCleanup(patch.stop)
        self.sent: list[tuple[str, dict[str, Any]]] = []
        self.stops = 0
        self.load = self.make()

    def make(self, classes: tuple[type[User], ...] = (Visitor,), **options: Any) -> OpenLoad:
        given = SimpleNamespace(arrival_rate="", arrival_spacing="even", **options)
        self.environment = Environment(user_classes=list(classes), events=Events(), parsed_options=given)
        self.runner: Any = SimpleNamespace(
            state="ready",
            clients={},
            user_count=0,
            spawning_completed=False,
            start=lambda *_: self.starts.append(1),
            register_message=lambda *_: None,
            send_message=lambda _, data, client_id: self.sent.append((client_id, data)),
        )
        self.starts: list[int] = []
        self.run_ = LatestRun(lambda: self.now)
        return OpenLoad(self.environment, self.runner, self.run_, self.stop)

    def stop(self) -> None:
        self.stops += 1
        self.run_.end()

    def begin(self, rate: str, users: dict[str, int], limit: float | None = None) -> None:
        self.environment.parsed_options.arrival_rate = rate
        self.run_.ask(limit)
        self.run_.start(None)
        self.load.begin()
        for name, count in users.items():
            self.worker(name, count)
        self.runner.state, self.runner.spawning_completed = "running", True

    def worker(self, name: str, users: int, ready: bool = True) -> None:
        node = WorkerNode(name, "running")
        node.user_classes_count = {"Visitor": users}
        self.runner.clients[name] = node
        self.runner.user_count = sum(one.user_count for one in self.runner.clients.values())
        if ready:
            self.load._on_message(SimpleNamespace(data={"run": self.run_.number, "users": users}, node_id=name))

    def status(self, **reports: dict[str, Any]) -> dict[str, Any]:
        told = {name: Report({"run": 1, "arrivals": data}, self.now) for name, data in reports.items()}
        answer: dict[str, Any] = self.load.answer(told)["arrivals"]
        return answer

    def refusal(self, **form: str) -> str:
        return self.load.refuse(form) or ""

    def test_refuses_what_cannot_be(self) -> None:
        self.assertEqual(self.refusal(), "")
        self.assertEqual(self.refusal(arrival_rate=" 50/s:1m 5:2m "), "")
        self.assertIn("Arrival rate must be a rate such as 500", self.refusal(arrival_rate="fast"))
        self.assertRegex(self.refusal(arrival_rate="5000000"), r"at most 1,000,000/s, not '5000000'$")
        self.assertIn("not 'odd'", self.refusal(arrival_rate="5", arrival_spacing="odd"))
        self.environment.shape_class = Wave()
        self.assertIn("load shape (Wave)", self.refusal(arrival_rate="5"))
        self.assertEqual(self.refusal(), "")

    def test_refuses_users_that_have_no_tasks_of_locusts(self) -> None:
        self.load = self.make((Visitor, OwnWay))
        self.assertIn("class OwnWay", self.refusal(arrival_rate="5"))

    def test_refuses_a_locust_that_it_does_not_know(self) -> None:
        with mock.patch.object(patching, "untested", lambda *_: ["locust"]):
            self.assertIn("needs Locust 2.47.0", self.refusal(arrival_rate="5"))

    def test_refuses_autostart_too(self) -> None:
        self.environment.parsed_options.arrival_rate = "odd"
        with self.assertLogs("locust.loadtest.openload", "ERROR") as logs:
            self.runner.start(5, 1)
        self.assertEqual(self.starts, [])
        self.assertIn("No load is started: Arrival rate must be", logs.output[0])
        self.environment.parsed_options.arrival_rate = "5"
        self.runner.start(5, 1)
        self.assertEqual(self.starts, [1])

    def test_a_run_stays_open_or_closed(self) -> None:
        self.begin("5", {"a": 1})
        self.assertIn("stop it first", self.refusal(arrival_rate=""))
        self.assertIn("cannot change", self.refusal(arrival_rate="6", arrival_spacing="poisson"))
        self.assertEqual(self.refusal(arrival_rate="6"), "")
        self.assertEqual(self.refusal(user_count="9"), "")

    def test_has_nothing_to_say_where_the_script_has_the_option(self) -> None:
        del self.environment.parsed_options.arrival_spacing
        self.load = OpenLoad(self.environment, self.runner, self.run_, self.stop)
        self.assertEqual((self.load.answer({}), self.refusal(arrival_rate="mine")), ({}, ""))

    def test_has_no_iterations_without_a_rate(self) -> None:
        self.begin("", {"a": 1})
        self.assertEqual((self.load.answer({}), self.sent), ({"arrivals": None}, []))

    def test_begins_when_all_users_are_there(self) -> None:
        self.begin("10", {"a": 1})
        self.worker("b", 1, ready=False)
        self.load._step()
        self.assertEqual((self.sent, self.status()["began"]), ([], None))
        self.now += 2
        self.worker("b", 1)
        self.load._step()
        self.assertEqual(
            {name: (data["age"], data["share"]) for name, data in self.sent},
            {"a": (0, (0, 2, [0])), "b": (0, (0, 2, [1]))},
        )
        self.now += 3
        self.assertEqual(
            {name: self.status()[name] for name in ("began", "rate", "due", "ends")},
            {"began": 2, "rate": 10, "due": 30, "ends": None},
        )
        self.load._step()
        self.assertEqual(len(self.sent), 2, "nothing has changed")

    def test_does_not_wait_for_ever_for_users_in_their_on_start(self) -> None:
        self.begin("10", {"a": 1})
        self.worker("b", 1, ready=False)
        self.load._step()
        self.now += 10.1
        self.load._step()
        self.assertEqual({name for name, _ in self.sent}, {"a", "b"})

    def test_workers_that_come_and_go_change_shares_ahead_of_time(self) -> None:
        self.begin("100", {"a": 5, "b": 5})
        self.load._step()
        self.sent.clear()
        self.now += 1
        self.runner.clients["b"].heartbeat = 1
        self.load._step()
        self.assertEqual({name: data["share"] for name, data in self.sent}, {"a": (125, 1, [0]), "b": (125, 1, [])})
        self.sent.clear()
        self.now += 1
        self.worker("c", 5)
        self.load._step()
        self.assertEqual(
            {name: data["share"] for name, data in self.sent},
            {"a": (225, 2, [0]), "b": (125, 1, []), "c": (225, 2, [1])},
        )

    def test_another_rate_holds_from_then_on(self) -> None:
        self.begin("10", {"a": 5})
        self.load._step()
        self.now += 2
        self.environment.parsed_options.arrival_rate = "100"
        self.load.see_form()
        self.assertEqual(self.sent[-1][1]["schedule"], [(0, 0, 10), (2.25, 22.5, 100)])
        self.now += 1.25
        self.assertEqual((self.status()["due"], self.status()["asked"], self.status()["rate"]), (123, "100", 100))
        master = {"cpu": 0.1, "cpuLimit": 1}
        others = dict.fromkeys(_AS_THEY_ARE, 0) | {"workers": [], "master": master, "rps": 0, "failuresPerSecond": 0}
        sample = to_sample({**others, "arrivals": self.status()}, 3.25, datetime.now(UTC))
        self.assertEqual(sample["arrivals"]["asked"], "100", "each sample says what was asked then")

    def test_ends_a_run_when_its_stages_are_over(self) -> None:
        self.begin("10:2s 20:1s", {"a": 5}, limit=90)
        self.load._step()
        self.assertEqual(self.status()["ends"], 3)
        self.now += 3.05
        self.load._step()
        self.assertEqual(self.stops, 0)
        self.now += 0.1
        self.load._step()
        self.now += 5
        self.assertEqual((self.stops, self.status()["due"], self.status()["rate"]), (1, 40, 0))

    def test_ends_a_little_before_the_run_does(self) -> None:
        self.begin("100", {"a": 5}, limit=10)
        self.now += 1
        self.load._step()
        self.assertAlmostEqual(self.status()["ends"], 9.9)
        self.now += 60
        self.assertEqual(self.status()["due"], 890)

    def test_adds_up_what_workers_tell(self) -> None:
        self.begin("100", {"a": 5, "b": 5})
        self.load._step()
        self.now += 3
        one: dict[str, Any] = {"started": 150, "dropped": 1, "late": 2, "waiting": 3, "underWay": 4, "ready": 5}
        one["lags"] = [(0.5, 149), (12.0, 1)]
        corrected = Corrected()
        corrected.log("GET", "/", 70)
        for name in ("a", "b"):
            self.load.see(name, {"arrivals": {**one, "corrected": corrected.report()}})
            corrected.log("GET", "/", 90)
        status = self.status(a=one, b=one)
        self.assertEqual(
            {name: status[name] for name in ("due", "started", "dropped", "late", "waiting", "underWay", "ready")},
            {"due": 300, "started": 300, "dropped": 2, "late": 4, "waiting": 6, "underWay": 8, "ready": 10},
        )
        self.assertEqual(status["lag"], {"p50": 0.5, "p99": 0.5, "max": 12.0})
        self.assertEqual(status["startedPerSecond"], 100)
        total = self.load.corrected.stats.total
        self.assertEqual((total.num_requests, total.max_response_time), (2, 90))
        self.environment.stats.reset_all()
        self.assertEqual(self.load.corrected.stats.total.num_requests, 0)
