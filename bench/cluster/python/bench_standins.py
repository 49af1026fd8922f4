"""Stands in for many workers: speaks Locust's protocol to a master through Locust's own code, and makes no load.

`POST /?count=N` on port 8090 brings their number up to N, and answers once all are acknowledged.
"""

from __future__ import annotations

import json
import time
from typing import Any
from urllib.parse import parse_qs
from uuid import uuid4

import gevent
from gevent.event import Event
from gevent.pywsgi import WSGIServer
from locust import __version__
from locust.rpc import Message, zmqrpc
from locust.stats import RequestStats

_ROWS, _REPORT, _HEARTBEAT = 10, 3.0, 1.0
_TIMES = [*range(20, 60), 70, 80, 90, 100, 120, 150, 200, 300, 500, 1000]


class StandIn:
    def __init__(self, number: int) -> None:
        self._name = f"standin-{number}"
        self._id = f"{self._name}_{uuid4().hex}"
        self._client = zmqrpc.Client("127.0.0.1", 5557, self._id)
        self._state = "ready"
        self._users: dict[str, int] = {}
        self._run = 0
        self.ready = Event()
        self._stats = RequestStats()
        gevent.spawn(self._listen)
        self._send("client_ready", __version__)
        gevent.spawn(self._beat)
        gevent.spawn_later(_REPORT * (number % 100) / 100, self._report)

    def _send(self, kind: str, data: Any) -> None:
        self._client.send(Message(kind, data, self._id))

    def _listen(self) -> None:
        while True:
            message = self._client.recv()
            if message.type == "ack":
                self.ready.set()
            elif message.type == "spawn":
                self._send("spawning", None)
                self._users = message.data["user_classes_count"]
                self._run = message.data["parsed_options"].get("loadtest_run", 0)
                self._state = "running"
                self._send("spawning_complete", {"user_classes_count": self._users, "user_count": self._count()})
            elif message.type == "stop":
                self._state, self._users = "ready", {}
                self._send("client_stopped", None)
                gevent.sleep(1)
                self._send("client_ready", __version__)

    def _count(self) -> int:
        return sum(self._users.values())

    def _beat(self) -> None:
        while True:
            usage = {"current_cpu_usage": 25.0, "current_memory_usage": 90_000_000}
            self._send("heartbeat", {"state": self._state, **usage})
            gevent.sleep(_HEARTBEAT)

    def _report(self) -> None:
        while True:
            stats = self._stats
            if self._state == "running":
                for row in range(_ROWS):
                    for value in _TIMES:
                        stats.log_request("GET", f"/route/{row}", value, 5000)
            extra = {"name": self._name, "cpu": 0.2, "cpuLimit": 0.25, "memory": 90_000_000, "memoryLimit": 268435456}
            self._send(
                "stats",
                {
                    "stats": stats.serialize_stats(),
                    "stats_total": stats.total.get_stripped_report(),
                    "errors": {},
                    "user_classes_count": self._users,
                    "user_count": self._count(),
                    "loadtest": {**extra, "run": self._run, "drained": False, "leaving": False},
                },
            )
            gevent.sleep(_REPORT)


_standins: list[StandIn] = []


def _answer(environ: dict[str, Any], start_response: Any) -> list[bytes]:
    count = int(parse_qs(environ["QUERY_STRING"])["count"][0])
    while len(_standins) < count:
        _standins.append(StandIn(len(_standins)))
        gevent.sleep(0.02)
    ready = gevent.wait([one.ready for one in _standins], timeout=60)
    start_response("200 OK", [("Content-Type", "application/json")])
    return [json.dumps({"ready": len(ready), "at": time.time()}).encode()]


if __name__ == "__main__":
    WSGIServer(("", 8090), _answer, log=None).serve_forever()
