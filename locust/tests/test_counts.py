"""What was counted up to a moment, with reports of that moment."""

import json
import unittest
from typing import Any
from unittest.mock import patch

import gevent
from flask import Flask

from fake_master import Master
from loadtest import counts


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


if __name__ == "__main__":
    unittest.main()
