"""The list of metrics as Prometheus reads it, and as lines of the log."""

import json
import re
import unittest
from typing import Any
from unittest import mock

from flask import Flask

from fake_master import Master
from loadtest import metrics, run
from loadtest.metrics import LIST, Metrics

WORKER = "locust-worker-7d9f8b6c5d-abcde"


class MetricsCase(unittest.TestCase):
    def setUp(self) -> None:
        self.master = Master()
        self.metrics = Metrics(self.master.status)
        self.stats = self.master.environment.stats

    def values(self) -> dict[str, float]:
        """By what stands before them."""
        lines = [line for line in self.metrics.text().splitlines() if not line.startswith("#")]
        values = {key: float(value) for key, _, value in (line.rpartition(" ") for line in lines)}
        self.assertEqual(len(values), len(lines), "no two lines of one series")
        return values

    def line(self) -> dict[str, Any]:
        return json.loads(self.metrics.line())

    def load(self, users: int, there: int) -> None:
        self.master.join(f"{WORKER}_1")
        self.master.begin()
        self.master.runner.target_user_count, self.master.runner.user_count = users, there


class TextTest(MetricsCase):
    def test_requests(self) -> None:
        self.master.begin()
        for ms in (5, 6, 240, 250, 45_000):
            self.stats.log_request("GET", "/cart", ms, 0)
        self.stats.log_request("GET", "/cart", None, 0)  # type: ignore[arg-type] -- clients of scripts do that
        self.stats.log_error("GET", "/cart", "no")
        values = self.values()
        labelled = 'method="GET",name="/cart"'
        self.assertEqual(values[f"locust_requests_total{{{labelled}}}"], 6)
        self.assertEqual(values[f"locust_failures_total{{{labelled}}}"], 1)
        bucket = f"locust_request_duration_seconds_bucket{{{labelled},le="
        below = {key.removeprefix(bucket).strip('"}'): int(n) for key, n in values.items() if key.startswith(bucket)}
        self.assertEqual(list(below.values()), sorted(below.values()))
        self.assertEqual([below[le] for le in ("0.005", "0.01", "0.1", "0.25", "30", "+Inf")], [1, 2, 2, 4, 4, 5])
        self.assertEqual(values[f"locust_request_duration_seconds_count{{{labelled}}}"], 5)
        self.assertAlmostEqual(values[f"locust_request_duration_seconds_sum{{{labelled}}}"], 45.501)

    def test_names_are_bounded_and_none_gets_lost(self) -> None:
        self.master.begin()
        for number in range(150):
            for _ in range(number + 1):
                self.stats.log_request("GET", f"/{number}", 10, 0)
        self.stats.log_request("", "other", 10, 0)
        first = self.requests()
        self.assertEqual(len(first), 101)
        self.assertIn("/149", first)
        self.assertNotIn("/0", first)
        self.assertEqual(first["other"], sum(range(1, 51)) + 1)
        self.assertEqual(sum(first.values()), self.stats.total.num_requests)
        for _ in range(1000):
            self.stats.log_request("GET", "/0", 10, 0)
        later = self.requests()
        self.assertEqual(first.keys(), later.keys(), "a counter that came and went would look like a restart")
        self.assertEqual(later["other"], first["other"] + 1000)
        self.stats.reset_all()
        self.assertEqual(sum(self.requests().values()), 0)
        self.stats.log_request("GET", "/0", 10, 0)
        self.assertEqual(self.requests()["/0"], 1)

    def requests(self) -> dict[str, float]:
        found = ((re.search('name="(.*)"', key), n) for key, n in self.values().items() if "requests_total" in key)
        return {match[1]: n for match, n in found if match}

    def test_a_run_begins_at_zero(self) -> None:
        self.master.begin()
        self.stats.log_request("GET", "/", 10, 0)
        self.assertIn('locust_run_info{run="1",script="None",host="http://own"}', self.values())
        self.master.end()
        self.stats.clear_all()  # as Locust does when it starts
        self.master.begin()
        values = self.values()
        self.assertIn('locust_run_info{run="2",script="None",host="http://own"}', values)
        self.assertFalse([key for key in values if key.startswith("locust_requests_total")])

    def test_any_text_is_a_label(self) -> None:
        self.master.begin()
        self.stats.log_request("GET", 'a\\n"b"\n\N{SNOWMAN}\udc80{},=', 1, 0)
        app = Flask(__name__)
        metrics.serve(app, "/base", self.metrics)
        answer = app.test_client().get("/base/metrics")
        self.assertEqual(answer.headers["Content-Type"], "text/plain; version=0.0.4; charset=utf-8")
        self.assertEqual(answer.headers["Cache-Control"], "no-store")
        expected = 'locust_requests_total{method="GET",name="a\\\\n\\"b\\"\\n\N{SNOWMAN}?{},="} 1'
        self.assertIn(expected, answer.text.split("\n"))

    def test_the_scripts_own_page_stays(self) -> None:
        app = Flask(__name__)
        app.add_url_rule("/metrics", "metrics", lambda: "mine")
        with self.assertLogs("locust.loadtest.metrics", "INFO"):
            metrics.serve(app, "", self.metrics)
        self.assertEqual(app.test_client().get("/metrics").text, "mine")

    def test_exceptions_by_line(self) -> None:
        self.master.begin()
        for number in range(30):
            raised = {f"ValueError shop.py:{number * 20 + one}": 2 for one in range(20)}
            told = {"exceptions": {"count": 45, "kinds": []}, "raised": raised, "left": {"count": 0, "kinds": []}}
            self.master.report(f"{number}_1", run=1, script=told)
        counts = {key: n for key, n in self.values().items() if key.startswith("locust_exceptions_total")}
        self.assertEqual(len(counts), 101)
        self.assertEqual(counts['locust_exceptions_total{exception="other"}'], 30 * 45 - 100 * 2)

    def test_two_workers_of_one_name(self) -> None:
        self.load(2, 2)
        self.master.join(f"{WORKER}_2")
        for number in (1, 2):
            self.master.report(f"{WORKER}_{number}", name=WORKER, run=1)
        self.assertEqual(self.values()[f'locust_worker_cpu_cores{{worker="{WORKER}"}}'], 0.1)

    def test_logins_are_not_told(self) -> None:
        for host in ("http://me:secret@shop.example", "http://me:se@secret@shop.example"):
            self.master.environment.host = host
            self.assertIn("http://shop.example", self.metrics.text())
            self.assertNotIn("secret", self.metrics.text())

    def test_names_that_are_no_text(self) -> None:
        self.stats.log_request(None, 7, 100, 0)
        self.assertIn('method="None",name="7"', self.metrics.text())


class FactsTest(MetricsCase):
    def test_each_metric_of_the_list_is_there_in_a_run(self) -> None:
        self.load(2, 2)
        self.stats.log_request("GET", "/", 100, 0)
        told = {"exceptions": {"count": 1, "kinds": []}, "raised": {"KeyError shop.py:1": 1}, "left": {}}
        self.master.report(f"{WORKER}_1", {"num_requests": 3, "num_failures": 0}, run=1, script={**told, "left": {}})
        with mock.patch.object(run.StatsEntry, "get_current_response_time_percentile", lambda *_: 100):
            text, line = self.metrics.text(), self.line()
        for metric in LIST:
            self.assertIn(f"\n# TYPE {metric['name']} {metric['type']}\n", f"\n{text}")
        keys = [line["key"] for metric in LIST for line in metric.get("lines", ())]
        self.assertEqual(sorted(line), sorted(["loadtest", "time", "run", "state", *keys]))
        self.assertEqual((line["loadtest"], line["run"], line["state"], line["p95"]), ("metrics", 1, "running", 0.1))
        self.assertNotIn("\n", self.metrics.line())

    def test_what_is_not_known_is_left_out(self) -> None:
        line = self.line()
        for key in ("p50", "p95", "failRatio", "workerCpuMax"):
            self.assertNotIn(key, line)
        self.assertEqual((line["run"], line["state"], line["workers"], line["workersIdle"]), (0, "ready", 0, 0))
        self.assertNotIn("locust_fail_ratio", self.metrics.text())

    def test_idle_workers(self) -> None:
        self.master.join(f"{WORKER}_1", "ready")
        self.assertEqual((self.line()["workers"], self.line()["workersIdle"]), (1, 1))
        self.master.begin()
        self.assertEqual((self.line()["workers"], self.line()["workersIdle"]), (1, 0))
        self.master.end()
        self.assertEqual(self.line()["workersIdle"], 1)

    def test_missing_users_once_a_ramp_is_over(self) -> None:
        self.load(10, 4)
        self.assertEqual(self.line()["usersMissingRatio"], 0.6)
        self.master.runner.state = "spawning"
        self.assertEqual(self.line()["usersMissingRatio"], 0)
        self.master.runner.state = "running"
        self.master.status.stops.start()  # a shape's next stage: workers have not told of it
        self.assertEqual(self.line()["usersMissingRatio"], 0)
        self.master.end()
        self.assertEqual(self.line()["usersMissingRatio"], 0)

    def test_lost_workers_are_told_for_a_while(self) -> None:
        self.load(2, 2)
        self.master.join(f"{WORKER}_2")
        self.master.report(f"{WORKER}_2", run=1)
        self.assertEqual((self.line()["workersWanted"], self.line()["workersLost"]), (2, 0))
        self.master.runner.clients[f"{WORKER}_2"].heartbeat = 0
        self.assertEqual(self.line()["workersLost"], 1)
        self.master.runner.clients[f"{WORKER}_2"].heartbeat = 3
        self.assertEqual(self.line()["workersLost"], 0)
        self.master.runner.clients[f"{WORKER}_1"].state = "missing"
        self.stats.log_request("GET", "/", 100, 0)
        self.master.end()
        self.master.runner.clients.clear()  # a command takes the workers away
        self.assertEqual((self.line()["workersWanted"], self.line()["workersLost"]), (2, 1))
        self.assertIn("failRatio", self.line())
        with mock.patch.object(metrics, "LINGER", 0):
            self.assertEqual((self.line()["workersWanted"], self.line()["workersLost"]), (0, 0))
            self.assertNotIn("failRatio", self.line())

    def test_how_often_lines_come(self) -> None:
        for given, seconds in ((None, None), ("60", 60), ("1", 1), ("2.5", 2.5)):
            with mock.patch.dict("os.environ", {} if given is None else {metrics.LOG_SECONDS: given}):
                self.assertEqual(metrics.log_interval(), seconds)
        for wrong in ("", "0", "0.5", "-1", "soon", "nan", "inf", "100000"):
            with mock.patch.dict("os.environ", {metrics.LOG_SECONDS: wrong}), self.assertRaises(SystemExit) as ended:
                metrics.log_interval()
            self.assertIn(
                f"LOADTEST_METRICS_LOG_SECONDS must be a number of seconds from 1 to 86400, not {wrong!r}",
                str(ended.exception),
            )


if __name__ == "__main__":
    unittest.main()
