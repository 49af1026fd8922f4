"""Requests to a target that answers late or never, of users that are stopped."""

from __future__ import annotations

import time
import unittest
from collections.abc import Callable
from typing import Any

import gevent
from gevent.pool import Pool
from gevent.pywsgi import WSGIServer
from locust import FastHttpUser, HttpUser, User, constant
from locust.clients import HttpSession
from locust.contrib.fasthttp import FastHttpSession
from locust.env import Environment
from locust.event import Events

from loadtest import unanswered
from loadtest.unanswered import Unanswered, _Request, merge

GRACE = 0.3
STOP = User.stop
LOCUSTS: dict[Any, Any] = {session: session.request for session in (HttpSession, FastHttpSession)}


def answer(environ: dict[str, Any], start: Callable[..., Any]) -> list[bytes]:
    if environ["PATH_INFO"] == "/moved":
        start("302 Found", [("Location", "/hang")])
        return [b""]
    gevent.sleep({"/hang": 60, "/late": GRACE / 2}.get(environ["PATH_INFO"], 0))
    start("200 OK", [])
    return [b"ok"]


class UnansweredTest(unittest.TestCase):
    def setUp(self) -> None:
        self.addCleanup(self.unwatch)
        self.server = WSGIServer(("127.0.0.1", 0), answer, log=None)
        self.server.start()
        self.addCleanup(self.server.stop, timeout=0)
        self.host = f"http://127.0.0.1:{self.server.server_port}"

    def run_(self, kind: type[User], work: Callable[[Any], None], users: int = 1, **more: Any) -> Unanswered:
        """Runs users that do `work` again and again, stops them, and gives what was counted."""
        self.unwatch()
        own = {"abstract": False, "host": self.host, "wait_time": constant(60), "tasks": [work], **more}
        user_class = type("Visitor", (kind,), own)
        self.environment = Environment(user_classes=[user_class], events=Events(), stop_timeout=GRACE)
        self.told: list[str] = []
        self.environment.events.request.add_listener(lambda name, **_: self.told.append(name))
        runner = self.environment.create_local_runner()
        self.addCleanup(runner.greenlet.kill)
        unanswered = Unanswered(self.environment, runner)
        runner.spawn_users({"Visitor": users})
        gevent.sleep(0.1)
        self.waiting = (unanswered.count, unanswered.oldest)
        runner.stop_users({"Visitor": users})
        return unanswered

    def unwatch(self) -> None:
        User.stop = STOP  # type: ignore[method-assign]
        for session, theirs in LOCUSTS.items():
            session.request = theirs  # type: ignore[method-assign]
        unanswered._under_way.clear()

    def rows(self) -> dict[tuple[str, str], tuple[int, int]]:
        return {key: (row.num_requests, row.num_failures) for key, row in self.environment.stats.entries.items()}

    def errors(self) -> list[tuple[str, int]]:
        return [(str(error.error), error.occurrences) for error in self.environment.stats.errors.values()]

    def test_a_request_without_an_answer_is_a_failure_of_its_name(self) -> None:
        for kind, name in ((FastHttpUser, "/hang"), (HttpUser, "/hang?n=1")):
            with self.subTest(kind=kind.__name__):
                path = name if kind is FastHttpUser else "/hang"
                unanswered = self.run_(kind, lambda user, path=path: user.client.get(path, params={"n": 1}), users=3)
                self.assertEqual((unanswered.cut_off, unanswered.count), (3, 0))
                self.assertEqual(self.waiting[0], 3)
                self.assertGreaterEqual(self.waiting[1], 0.05)
                self.assertEqual(self.rows(), {(name, "GET"): (3, 3)})
                self.assertEqual(self.errors(), [("no answer within 0 s", 3)])
                self.assertGreaterEqual(self.environment.stats.total.min_response_time, GRACE * 1000)
                self.assertEqual(self.told, [], "listeners of `request` hear of what has ended")

    def test_requests_of_a_name_are_one_failure_of_which_none_has_waited_less(self) -> None:
        unanswered = self.run_(FastHttpUser, lambda user: user.client.get("/"))
        for began in (12, 9, 10):
            unanswered._count(_Request(time.monotonic() - began, None, "GET", "/hang", None, None))
        self.assertEqual(self.errors(), [("no answer within 9 s", 3)])
        for seconds, told in ((10, 9), (9, 9), (8, 8)):
            reported = {key: {"error": f"no answer within {seconds} s"} for key in self.environment.stats.errors}
            merge(self.environment.stats.errors, reported)
            self.assertEqual(self.errors(), [(f"no answer within {told} s", 3)])

    def test_names(self) -> None:
        def named(user: Any) -> None:
            user.client.post("/hang", name="mine")

        def renamed(user: Any) -> None:
            with user.client.rename_request("ours"):
                user.client.get("/hang")

        def moved(user: Any) -> None:
            with user.client.get("/moved", catch_response=True) as response:
                response.success()

        for kind in (FastHttpUser, HttpUser):
            for work, row in ((named, ("mine", "POST")), (renamed, ("ours", "GET")), (moved, ("/moved", "GET"))):
                with self.subTest(kind=kind.__name__, work=work.__name__):
                    self.run_(kind, work)
                    self.assertEqual(self.rows(), {row: (1, 1)})

    def test_what_is_answered_within_the_grace_counts_as_ever(self) -> None:
        for kind in (FastHttpUser, HttpUser):
            with self.subTest(kind=kind.__name__):
                unanswered = self.run_(kind, lambda user: user.client.get("/late"))
                self.assertEqual((unanswered.cut_off, unanswered.count), (0, 0))
                self.assertEqual(self.rows(), {("/late", "GET"): (1, 0)})
                self.assertEqual(self.told, ["/late"])

    def test_requests_of_a_users_own_greenlets(self) -> None:
        def page(user: Any) -> None:
            pool = Pool()
            for path in ("/", "/hang", "/hang"):
                pool.spawn(user.client.get, path)
            pool.join()

        for kind in (FastHttpUser, HttpUser):
            with self.subTest(kind=kind.__name__):
                unanswered = self.run_(kind, page)
                self.assertEqual((unanswered.cut_off, unanswered.count), (2, 0))
                self.assertEqual(self.rows(), {("/", "GET"): (1, 0), ("/hang", "GET"): (2, 2)})

    def test_a_greenlet_that_the_script_ends_itself_is_none_of_ours(self) -> None:
        def begin(user: Any) -> None:
            user.polling = gevent.spawn(user.client.get, "/hang?poll")

        def hang(user: Any) -> None:
            user.client.get("/hang")

        on_stop = lambda user: user.polling.kill()  # noqa: E731
        for work, cut_off in ((lambda user: user.client.get("/"), 0), (hang, 1)):
            unanswered = self.run_(FastHttpUser, work, on_start=begin, on_stop=on_stop)
            self.assertEqual((unanswered.cut_off, unanswered.count), (cut_off, 0))

    def test_a_poll_that_outlives_a_user_who_ended_in_order(self) -> None:
        def begin(user: Any) -> None:
            self.addCleanup(gevent.spawn(user.client.get, "/hang").kill)

        unanswered = self.run_(FastHttpUser, lambda user: user.client.get("/"), on_start=begin)
        self.assertEqual((unanswered.cut_off, self.rows()), (0, {("/", "GET"): (1, 0)}))

    def test_a_timeout_of_the_scripts_own_counts_as_ever(self) -> None:
        def impatient(user: Any) -> None:
            with gevent.Timeout(0.05, False):
                user.client.get("/hang")

        for kind, rows in ((FastHttpUser, {("/hang", "GET"): (1, 1)}), (HttpUser, {})):
            with self.subTest(kind=kind.__name__):
                unanswered = self.run_(kind, impatient)
                self.assertEqual((unanswered.cut_off, unanswered.count, self.rows()), (0, 0, rows))

    def test_a_farewell_without_an_answer_does_not_hold_up_the_end(self) -> None:
        def leave(user: Any) -> None:
            user.client.post("/hang", name="logout")

        for kind in (FastHttpUser, HttpUser):
            with self.subTest(kind=kind.__name__):
                with gevent.Timeout(5):
                    unanswered = self.run_(kind, lambda user: user.client.get("/hang"), on_stop=leave)
                self.assertEqual(unanswered.cut_off, 2)
                self.assertEqual(self.rows(), {("/hang", "GET"): (1, 1), ("logout", "POST"): (1, 1)})

    def test_a_user_that_never_stops_asking_tells_nothing_of_the_target(self) -> None:
        def ask(user: Any) -> None:
            while True:
                user.client.get("/late")

        def ask_elsewhere(user: Any) -> None:
            self.addCleanup(gevent.spawn(ask, user).kill)
            gevent.sleep(60)

        for work in (ask, ask_elsewhere):
            self.run_(FastHttpUser, work)
            self.assertEqual(self.errors(), [])

    def test_work_that_asks_for_nothing_leaves_nothing(self) -> None:
        unanswered = self.run_(FastHttpUser, lambda _: gevent.sleep(60))
        self.assertEqual((unanswered.cut_off, self.rows()), (0, {}))


if __name__ == "__main__":
    unittest.main()
