"""Status and samples of a master with workers that are none."""

import unittest
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any
from unittest import mock

import gevent

from fake_master import Master
from loadtest import samples, status
from loadtest.samples import to_sample


class StatusTest(unittest.TestCase):
    def test_identity(self) -> None:
        master = Master()
        first = master.status.snapshot()["master"]["id"]
        self.assertEqual(first, master.status.snapshot()["master"]["id"])
        self.assertNotEqual(first, Master().status.snapshot()["master"]["id"])
        self.assertGreaterEqual(len(first), 16)

    def test_says_that_its_process_is_about_to_end(self) -> None:
        master = Master()
        self.assertFalse(master.status.snapshot()["master"]["leaving"])
        master.environment.events.quitting.fire(environment=master.environment, reverse=True)
        self.assertTrue(master.status.snapshot()["master"]["leaving"])

    def test_an_end_without_an_event(self) -> None:
        master = Master()
        master.begin()
        self.assertTrue(master.status.run.going)
        master.runner.state = "stopped"
        elapsed = master.status.snapshot()["elapsed"]
        gevent.sleep(0.01)
        self.assertEqual(master.status.snapshot()["elapsed"], elapsed)

    def test_a_run_begins_when_the_script_has_prepared_it(self) -> None:
        master = Master()
        seen: list[dict[str, Any]] = []

        def slow(**_: Any) -> None:
            gevent.sleep(0.02)
            seen.append(master.status.snapshot())
            master.report("w-1", run=0, late=[1])

        master.join("w-1")
        self.assertIsNone(master.status.snapshot()["preparing"])
        master.environment.events.test_start.add_listener(slow)
        with self.assertLogs("locust.loadtest.status"):  # of what came late of the run before
            master.runner.start()
        self.assertEqual((seen[0]["run"], seen[0]["elapsed"]), (0, None))
        self.assertGreaterEqual(seen[0]["preparing"], 0.02)
        begun = master.status.snapshot()
        self.assertEqual((begun["run"], begun["preparing"]), (1, None))
        self.assertLess(begun["elapsed"], 0.02)

    def test_its_clock_begins_with_users_that_workers_have_prepared(self) -> None:
        master = Master()
        master.runner.target_user_count = 2
        master.begin()
        gevent.sleep(0.05)
        master.report("w-1", run=1, preparing=True)
        status = master.status.snapshot()
        self.assertEqual((status["run"], master.series()["samples"]), (1, []))
        self.assertGreaterEqual(status["preparing"], 0.05)
        master.report("w-1", run=1, preparing=False, loadAge=0.01)
        status = master.status.snapshot()
        self.assertIsNone(status["preparing"])
        self.assertGreaterEqual(status["elapsed"], 0.01)
        self.assertLess(status["elapsed"], 0.05)
        gevent.sleep(0.01)
        self.assertLess(master.series()["samples"][0]["t"], 0.05)

    def test_says_which_workers_are_silent(self) -> None:
        master = Master()
        master.join("w-1")
        master.join("w-2")
        master.runner.clients["w-2"].heartbeat = 0
        silent = [worker.get("silent", False) for worker in master.status.snapshot()["workers"]]
        self.assertEqual(silent, [False, True])

    def test_its_clock_begins_where_users_end_at_once(self) -> None:
        master = Master()
        master.runner.target_user_count = 2
        master.begin()
        self.assertIsNotNone(master.status.snapshot()["preparing"])
        gevent.sleep(0.05)
        master.report("w-1", run=1, preparing=False)
        status = master.status.snapshot()
        self.assertIsNone(status["preparing"])
        self.assertGreaterEqual(status["elapsed"], 0.05, "nothing is left out of its time")

    def test_its_clock_is_as_old_as_the_start_where_nothing_was_prepared(self) -> None:
        master = Master()
        master.runner.target_user_count = 2
        master.begin()
        gevent.sleep(0.05)
        master.runner.user_count = 2
        gevent.sleep(0.05)
        status = master.status.snapshot()
        self.assertIsNone(status["preparing"])
        self.assertGreaterEqual(status["elapsed"], 0.05)

    def test_what_waits_for_an_answer(self) -> None:
        master = Master()
        master.begin()
        for name, state, waiting in (("w-1", "running", 2), ("w-2", "running", 3), ("w-3", "missing", 4)):
            master.join(name, state)
            own = {"httpFallbacks": {"files": 3, f"reason {waiting}": waiting}}
            master.report(name, run=1, underWay=waiting, oldestWait=waiting * 10.04, cutOff=1, **own)
        master.report("w-4", run=0, underWay=9, oldestWait=90, cutOff=9, httpFallbacks={"files": 99})
        master.report("w-5", run=1)
        status = master.status.snapshot()
        self.assertEqual((status["underWay"], status["oldestWait"], status["cutOff"]), (5, 30.1, 3))
        counts = [9, 4, 3, 2]
        self.assertEqual([fallback["count"] for fallback in status["httpFallbacks"]], counts, "of this run")
        self.assertEqual(status["httpFallbacks"][0], {"reason": "files", "count": 9}, "of all workers")

    def test_percentiles_once_a_second(self) -> None:
        master = Master()
        master.report("w-1", stats_total={"num_requests": 1, "num_failures": 0})
        master.environment.stats.log_request("GET", "/", 12, 1)
        total = master.environment.stats.total
        with mock.patch.object(type(total), "get_current_response_time_percentile", return_value=7) as asked:
            for _ in range(3):
                self.assertEqual(master.status.snapshot()["p95"], 7)
            self.assertEqual(asked.call_count, 3)  # p50, p95 and p99
            master.environment.stats.reset_all()
            self.assertIsNone(master.status.snapshot()["p95"])
            master.environment.stats.log_request("GET", "/", 12, 1)
            master.status.snapshot()
            self.assertEqual(asked.call_count, 6)

    def test_a_limit_for_a_load_shape_is_none(self) -> None:
        master = Master()
        master.environment.parsed_options = SimpleNamespace(autostart=True, run_time=9)
        master.environment.shape_class = SimpleNamespace()
        master.begin()
        self.assertIsNone(master.status.snapshot()["runTime"])


class RecorderTest(unittest.TestCase):
    def setUp(self) -> None:
        patch = mock.patch.object(samples, "BEAT", 0.02)
        patch.start()
        self.addCleanup(patch.stop)
        self.master = Master()
        self.addCleanup(self.master.environment.events.test_start.fire)  # ends the recording

    def test_nothing_yet(self) -> None:
        self.assertEqual(self.master.series(), {"run": 0, "interval": 1, "samples": []})

    def test_from_the_start_until_the_last_numbers(self) -> None:
        master = self.master
        master.join("w-1", "ready")
        master.begin()
        master.report("w-1", run=1)
        gevent.sleep(0.05)
        self.assertEqual([sample["t"] < 0.02 for sample in master.series()["samples"]], [True])
        master.end()
        gevent.sleep(0.05)
        self.assertEqual(len(master.series()["samples"]), 1, "it waits for the worker")
        master.environment.stats.log_request("GET", "/", 12, 1)
        master.report("w-1", run=1, drained=True)
        series = master.series()  # at once, not with the next beat
        self.assertEqual([sample["requests"] for sample in series["samples"]], [0, 1])
        gevent.sleep(0.05)
        self.assertEqual(master.series(), series, "nothing comes behind the last")
        self.assertEqual(master.series(series["samples"][0]["t"])["samples"], series["samples"][1:])

    def test_without_anybody_who_asks(self) -> None:
        master = self.master
        master.begin()
        gevent.sleep(0.03)
        master.end()
        gevent.sleep(0.05)
        with mock.patch.object(master.status, "is_drained", return_value=False):
            self.assertEqual([sample["state"] for sample in master.series()["samples"]], ["running", "stopped"])

    def test_last_numbers_that_never_come(self) -> None:
        master = self.master
        master.join("w-1", "ready")
        master.begin()
        gevent.sleep(0.03)
        master.end()
        with mock.patch.object(status, "LOCUST_PATIENCE", -10.0):  # so that it is over at once
            gevent.sleep(0.05)
        self.assertEqual(len(master.series()["samples"]), 2)
        gevent.sleep(0.05)
        self.assertEqual(len(master.series()["samples"]), 2)

    def test_a_failure_costs_one_sample(self) -> None:
        master = self.master
        with (
            mock.patch.object(master.status, "snapshot", side_effect=RuntimeError("inside")),
            self.assertLogs("locust.loadtest.samples"),
        ):
            master.begin()
            gevent.sleep(0.03)
        gevent.sleep(0.03)
        self.assertEqual(len(master.series()["samples"]), 1)

    def test_the_next_run_has_its_own(self) -> None:
        master = self.master
        master.begin()
        gevent.sleep(0.03)
        master.end()
        master.begin()
        self.assertEqual(master.series(), {"run": 2, "interval": 1, "samples": []})
        gevent.sleep(0.05)
        self.assertEqual(len(master.series()["samples"]), 1)

    def test_sample(self) -> None:
        master = self.master
        for name, state in (("w-1", "running"), ("w-2", "missing"), ("w-3", "spawning")):
            master.join(name, state)
        status = {**master.status.snapshot(), "rps": 12.3456, "failuresPerSecond": 0.004, "users": 3}
        status["master"] = {**status["master"], "cpu": 0.1, "cpuLimit": 0.25}
        sample = to_sample(status, 3.1239, datetime(2026, 11, 24, 11, 12, 5, 7999, UTC))
        self.assertEqual(
            sample,
            {
                "t": 3.124,
                "time": "2026-11-24T11:12:05.007Z",
                "state": "ready",
                "users": 3,
                "targetUsers": 0,
                "workers": 2,
                "rps": 12.35,
                "failuresPerSecond": 0.0,
                "requests": 0,
                "failures": 0,
                "resets": 0,
                "underWay": 0,
                "oldestWait": 0,
                "p50": None,
                "p95": None,
                "p99": None,
                "workerCpu": {"w-1": 0.4, "w-3": 0.4},
                "workerMemory": 5,
                "masterCpu": 0.4,
            },
        )


if __name__ == "__main__":
    unittest.main()
