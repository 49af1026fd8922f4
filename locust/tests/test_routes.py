"""The plugin's routes in a web server that is Locust's by name only."""

import gzip
import json
import unittest
from typing import Any

import gevent
from flask import Blueprint, Flask, jsonify

from fake_master import Master
from loadtest import samples


class RoutesTest(unittest.TestCase):
    def setUp(self) -> None:
        self.master = Master()
        self.swarm_answer: dict[str, Any] = {}
        app = Flask(__name__)
        locust = Blueprint("locust", __name__)
        locust.add_url_rule("/swarm", "swarm", lambda: jsonify(self.swarm_answer), methods=["POST"])
        locust.add_url_rule("/stop", "stop", lambda: jsonify({"success": True, "run_time": 5}), methods=["POST"])
        app.register_blueprint(locust)
        samples.serve(app, "/base", self.master.status, self.master.recorder)
        self.web = app.test_client()

    def test_the_forms_limit_is_what_locust_has_set(self) -> None:
        run = self.master.status.run
        for answer, limit in (
            ({"success": True, "run_time": 60}, 60),
            ({"success": False, "run_time": 5}, None),
            ({"success": True}, None),
            ({}, None),
        ):
            self.swarm_answer = answer
            self.web.post("/swarm")
            self.web.post("/stop")
            run.start(None)
            self.assertEqual(run.limit, limit, answer)
            run.end()

    def test_status_below_the_base_path(self) -> None:
        answer = self.web.get("/base/loadtest/status")
        self.assertEqual(answer.headers["Content-Type"], "application/json")
        self.assertEqual(answer.headers["Cache-Control"], "no-store")
        self.assertNotIn(b"\n", answer.data)
        self.assertEqual(answer.json["run"], 0)
        self.assertEqual(self.web.get("/loadtest/status").status_code, 404)

    def test_many_samples_are_compressed_for_who_can_read_that(self) -> None:
        for number in range(300):
            self.master.join(f"locust-worker-7d9f8b6c5d-{number:05}")
        self.master.begin()
        gevent.sleep(0.01)  # the first is taken
        path = "/base/loadtest/samples"
        plain = self.web.get(path)
        self.assertNotIn("Content-Encoding", plain.headers)
        self.assertEqual(len(json.loads(plain.data)["samples"][0]["workerCpu"]), 300)
        small = self.web.get(path, headers={"Accept-Encoding": "gzip, deflate"})
        self.assertEqual(small.headers["Content-Encoding"], "gzip")
        self.assertEqual(gzip.decompress(small.data), plain.data)
        self.assertLess(len(small.data), len(plain.data) / 3)
        nothing = self.web.get(f"{path}?after=99", headers={"Accept-Encoding": "gzip"})
        self.assertEqual(nothing.json, {"run": 1, "interval": 1, "samples": []})

    def test_what_is_no_number_is_all_samples(self) -> None:
        self.master.begin()
        self.master.end()
        for query, count in (("", 1), ("?after=", 1), ("?after=x", 1), ("?after=-1", 1), ("?after=5", 0)):
            self.assertEqual(len(self.web.get(f"/base/loadtest/samples{query}").json["samples"]), count, query)

    def test_kept(self) -> None:
        def keep(**form: str) -> tuple[int, Any]:
            answer = self.web.post("/base/loadtest/kept", data=form)
            return answer.status_code, answer.json

        self.assertEqual(keep(run="0"), (409, {"success": False, "message": "there was no run yet"}))
        self.master.begin()
        self.assertEqual(keep(run="1"), (409, {"success": False, "message": "run 1 is still going on"}))
        self.master.end()
        self.assertEqual(keep(), (409, {"success": False, "message": "the latest run is number 1"}))
        self.assertEqual(keep(run="1"), (200, {"success": True}))
        self.assertTrue(self.master.status.snapshot()["kept"])


if __name__ == "__main__":
    unittest.main()
