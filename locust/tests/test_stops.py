"""Starts and stops of a master that is none."""

import unittest
from types import SimpleNamespace
from typing import Any

import gevent

from loadtest.course import Stops
from loadtest.run import LatestRun
from loadtest.tally import Caller


class FakeMaster:
    """Its ramp takes for ever; `log` is what it was asked to do."""

    def __init__(self) -> None:
        self.state = "ready"
        self.shape_greenlet = self._users_dispatcher = None
        self.log: list[str] = []
        self.on_start = lambda: gevent.sleep(60)

    def start(self, users: int, rate: float = 1) -> None:
        self.log.append(f"start {users} {rate}")
        self.state = "spawning"
        try:
            self.on_start()
        except gevent.GreenletExit:
            self.log.append("start killed")
            raise
        self.state = "running"

    def stop(self, send_stop_to_client: bool = True) -> None:
        self.log.append(f"stop {send_stop_to_client}")
        self.state = "stopped"

    def quit(self) -> None:
        self.log.append("quit")

    def shape_worker(self) -> None:
        raise LookupError("no wave")


class StopsTest(unittest.TestCase):
    def setUp(self) -> None:
        self.master = FakeMaster()
        self.run_ = LatestRun()
        self.raised: list[BaseException] = []
        self.stops = Stops(self.master, self.run_, self.raised.append)  # type: ignore[arg-type]

    def spawn(self, work: Any, *args: Any, **kwargs: Any) -> gevent.Greenlet:
        job = gevent.spawn(work, *args, **kwargs)
        self.addCleanup(job.kill)
        gevent.sleep(0.01)
        return job

    def test_a_load_shape_that_raises_ends_its_run(self) -> None:
        self.master.state = "running"
        with self.assertRaises(LookupError):
            self.master.shape_worker()
        self.assertEqual(self.master.state, "stopped")
        self.assertEqual([str(error) for error in self.raised], ["no wave"])
        self.assertEqual(self.stops.ended_by and self.stops.ended_by.by, "script")

    def test_a_stop_ends_the_ramp_first_and_who_asked_for_it_goes_on(self) -> None:
        def loop_over_workers() -> None:
            self.master.start(5, rate=2)
            self.master.log.append("asker goes on")

        asker = self.spawn(loop_over_workers)
        self.assertTrue(self.stops.starting)
        self.master.stop(send_stop_to_client=False)
        asker.join(1)
        self.assertFalse(self.stops.starting)
        self.assertEqual(self.master.log[:2], ["start 5 2", "start killed"])
        self.assertCountEqual(self.master.log[2:], ["stop False", "asker goes on"])

    def test_a_killed_asker_takes_its_ramp_along(self) -> None:
        self.spawn(self.master.start, 1).kill()
        self.assertEqual(self.master.log, ["start 1 1", "start killed"])
        self.assertFalse(self.stops.starting)

    def test_a_script_that_quits_has_its_users_stopped_first_and_is_known(self) -> None:
        self.master.state = "running"
        self.master.quit()
        self.assertEqual(self.master.log, ["stop True", "quit"])
        ended = self.stops.ended_by
        self.assertIsNotNone(ended)
        self.assertEqual((ended and ended.by, ended and ended.place.file), ("script", "test_stops.py"))

    def test_who_ends_a_run_says_why(self) -> None:
        self.master.state = "running"
        self.stops.end(Caller("time"))
        self.assertEqual((self.master.log, self.stops.ended_by), (["stop True"], Caller("time")))

    def test_nothing_starts_just_ahead_of_a_stop(self) -> None:
        self.master.state = "running"
        stop = gevent.spawn(self.master.stop)
        gevent.sleep(0)
        self.master.start(1)
        stop.join(1)
        self.assertEqual(self.master.log, ["stop True"])
        self.master.on_start = lambda: None
        self.master.start(2)
        self.assertEqual(self.master.log, ["stop True", "start 2 1"])

    def test_a_start_may_stop_itself(self) -> None:
        self.master.on_start = self.master.stop
        self.spawn(self.master.start, 1).join(1)
        self.assertEqual(self.master.log, ["start 1 1", "stop True"])

    def test_what_a_start_raises_reaches_who_asked(self) -> None:
        self.master.on_start = lambda: SimpleNamespace().missing
        hub = gevent.get_hub()
        self.addCleanup(setattr, hub, "handle_error", hub.handle_error)
        hub.handle_error = lambda *_: None  # it prints the error of every greenlet
        with self.assertRaises(AttributeError):
            self.master.start(1)
        self.assertFalse(self.stops.starting)

    def test_autostarts_limit_is_for_its_own_run(self) -> None:
        def stop_and_optionally_quit() -> None:
            self.master.stop()

        self.master.state = "running"
        self.run_.start(5)
        self.run_.end()
        self.run_.ask(None)
        self.run_.start(5)
        with self.assertLogs("locust.loadtest.course"):
            stop_and_optionally_quit()
        self.assertEqual(self.master.log, [])
        self.master.stop()
        self.assertEqual(self.master.log, ["stop True"])

    def test_autostarts_limit_stops_its_own_run(self) -> None:
        def stop_and_optionally_quit() -> None:
            self.master.stop()

        for number in (None, 1):
            self.master.state = "running"
            if number is None:
                self.run_.ask(None)  # a form's: autostart may have changed that one
            self.run_.start(5)
            stop_and_optionally_quit()
            self.run_.end()
        self.assertEqual(self.master.log, ["stop True", "stop True"])


if __name__ == "__main__":
    unittest.main()
