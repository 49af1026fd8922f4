"""What was counted up to a moment, with reports of that moment."""

import json
import unittest
from typing import Any
from unittest.mock import patch

import gevent
from flask import Flask
from locust.stats import RequestStats

from fake_master import Master
from loadtest import counts, patching


class CountsTest(unittest.TestCase):
    def setUp(self) -> None:
        self.master = Master()
        self.asked: list[str] = []
        self.master.runner.send_message = self.asked.append
        self.counts = counts.Counts(self.master.status)
        app = Flask(__name__)
        counts.serve(app, "/base", self.counts)
        self.web = app.test_client()
        self.master.begin()
        self.master.join("one")
        self.master.join("two")

    def get(self, query: str = "") -> dict[str, Any]:
        answer = self.web.get(f"/base/loadtest/counts{query}")
        self.assertEqual(answer.headers["Cache-Control"], "no-store")
        return json.loads(answer.data)

    def log(self, *times: int) -> None:
        for time in times:
            self.master.environment.stats.log_request("GET", "/", time, 10)

    def test_all_of_the_run_with_each_worker_and_its_last_report(self) -> None:
        self.log(3, 3, 120)
        self.master.environment.stats.log_error("GET", "/", "it failed")
        self.master.report("one", stats_total={"num_requests": 2}, run=1)
        self.master.report("one", stats_total={"num_requests": 1}, run=1)
        answer = self.get("?names=1")
        self.assertEqual(answer["run"], 1)
        self.assertEqual([(one["id"], one["requests"]) for one in answer["workers"]], [("one", 3), ("two", 0)])
        self.assertGreaterEqual(answer["workers"][0]["at"], answer["workers"][1]["at"])
        self.assertEqual(answer["total"], {"requests": 3, "failures": 1, "time": 126, "times": {"3": 2, "120": 1}})
        self.assertEqual(answer["requests"], [{"method": "GET", "name": "/", **answer["total"]}])
        self.assertEqual(self.get()["requests"], [])
        self.assertEqual(self.asked, [])

    def test_begins_anew_with_each_run(self) -> None:
        self.master.report("one", stats_total={"num_requests": 2}, run=1)
        self.master.end()
        self.master.begin()
        self.assertEqual(self.get()["workers"], [])

    def test_waits_for_reports_of_this_moment(self) -> None:
        def answer_late() -> None:
            for name in ("one", "two"):
                gevent.sleep(0.03)
                self.master.report(name, stats_total={"num_requests": 5}, run=1)

        gevent.spawn(answer_late)
        answer = self.get("?now=1")
        self.assertEqual(self.asked, [counts.REPORT])
        self.assertEqual([one["requests"] for one in answer["workers"]], [5, 5])

    def test_does_not_wait_for_who_is_gone_nor_for_ever(self) -> None:
        self.master.runner.clients["two"].state = "missing"
        gevent.spawn(lambda: self.master.report("one", run=1))
        with patch.object(counts, "_PATIENCE", 600), gevent.Timeout(60):
            self.get("?now=1")
        with patch.object(counts, "_PATIENCE", 0.05), gevent.Timeout(60):
            self.get("?now=1")


class OnePassTest(unittest.TestCase):
    _REQUESTS = (
        *((0.2, "a", 3.4, 7), (0.9, "b", 147.0, 500), (1.1, "a", 99_999, 0), (1.1, "a", None, 20), (1.8, "a", 0, 1)),
        *((2.0, "b", 2.5, 33), (2.1, "c", None, 0), (5.5, "c", 3432, 10**12), (5.6, "c", 3432, 1), (17.2, "a", 1, 1)),
    )
    """Seconds from the start, name, response time, length."""

    def setUp(self) -> None:
        restored = patch.object(RequestStats, "log_request", RequestStats.log_request)
        restored.start()
        self.addCleanup(restored.stop)

    def _count(self, keeps_times: bool) -> list[dict[str, Any]]:
        """All that Locust keeps of these requests, with a clock that goes from one to the next."""
        began = 1_000_000.5
        with patch("time.time", return_value=began) as clock:
            stats = RequestStats(use_response_times_cache=keeps_times)
            for after, name, took, length in self._REQUESTS:
                clock.return_value = began + after
                stats.log_request("GET", name, took, length)  # type: ignore[arg-type]
            rows = [stats.total, *stats.entries.values()]
            kept = [{name: value for name, value in vars(row).items() if name != "stats"} for row in rows]
            return [*kept, *(row.to_dict() for row in rows), {"report": stats.serialize_stats()}]

    def test_counts_all_that_locust_does(self) -> None:
        self.maxDiff = None
        theirs = [self._count(keeps_times) for keeps_times in (False, True)]
        self.assertEqual(theirs[0][0]["num_requests"], len(self._REQUESTS))
        counts.count_in_one_pass()
        for keeps_times in (False, True):
            self.assertEqual(self._count(keeps_times), theirs[keeps_times])

    def test_counts_as_ever_with_another_version_of_locust_alone(self) -> None:
        theirs = RequestStats.log_request
        with patch.dict(patching.TESTED, {"locust": ("1.0",)}):
            counts.count_in_one_pass()
        self.assertIs(RequestStats.log_request, theirs)
        with patch.dict(patching.TESTED, {"geventhttpclient": ("1.0",)}):
            counts.count_in_one_pass()
        self.assertIsNot(RequestStats.log_request, theirs)


if __name__ == "__main__":
    unittest.main()
