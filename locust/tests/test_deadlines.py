"""Many wait for answers with one timer."""

import time
import unittest
from typing import Any

import gevent
import gevent.socket

from loadtest import sockets


class DeadlinesTest(unittest.TestCase):
    def _pair(self, timeout: float | None) -> tuple[Any, Any]:
        pair = gevent.socket.socketpair()
        for one in pair:
            self.addCleanup(one.close)
        pair[0].settimeout(timeout)
        return pair

    def _wait(self, timeout: float) -> tuple[gevent.Greenlet, Any]:
        near, far = self._pair(timeout)

        def wait() -> float | str:
            begun = time.monotonic()
            try:
                sockets.wait_until_readable(near)
            except TimeoutError as error:
                return f"{error} after {time.monotonic() - begun:.1f} s"
            return time.monotonic() - begun

        return gevent.spawn(wait), far

    def test_end_a_wait_with_the_first_byte(self) -> None:
        wait, far = self._wait(5)
        gevent.sleep(0.05)
        far.send(b"x")
        self.assertLess(wait.get(timeout=1), 0.2)
        self.assertFalse(any(sockets._waiting.values()))

    def test_end_each_wait_at_its_own_time(self) -> None:
        waits = [self._wait(timeout)[0] for timeout in (0.5, 0.2, 0.5, 1.0)]
        found = [wait.get(timeout=2) for wait in waits]
        for text, least in zip(found, (0.5, 0.2, 0.5, 1.0), strict=True):
            self.assertRegex(text, r"^timed out after")
            seconds = float(text.split()[-2])
            self.assertTrue(least <= seconds <= least + 0.3, found)

    def test_throw_at_nobody_who_has_his_answer(self) -> None:
        wait, far = self._wait(0.3)
        gevent.sleep(0.25)
        far.send(b"x")
        self.assertIsInstance(wait.get(timeout=1), float)
        gevent.sleep(0.3)
        self.assertFalse(any(sockets._waiting.values()))

    def test_forget_who_is_killed(self) -> None:
        wait, _ = self._wait(5)
        gevent.sleep(0.05)
        wait.kill()
        self.assertFalse(any(sockets._waiting.values()))
        gevent.sleep(0.3)
        self.assertIsNone(sockets._watch)
        again, far = self._wait(0.3)
        self.assertRegex(again.get(timeout=1), "^timed out")
        far.close()

    def test_leave_nothing_of_timeouts_that_nobody_has_any_more(self) -> None:
        waits, far = self._wait(5)
        near, peer = self._pair(None)
        peer.send(b"x")
        for number in range(2000):
            near.settimeout(1 + number / 1000)
            sockets.wait_until_readable(near)
        gevent.sleep(0.3)
        self.assertEqual(list(sockets._waiting), [5])
        far.send(b"x")
        waits.join(1)
        gevent.sleep(0.3)
        self.assertEqual(sockets._waiting, {})
        self.assertIsNone(sockets._watch)

    def test_are_for_sockets_with_a_timeout(self) -> None:
        near, far = self._pair(None)
        wait = gevent.spawn(sockets.receive, near)
        gevent.sleep(0.05)
        self.assertFalse(any(sockets._waiting.values()))
        far.send(b"x")
        self.assertEqual(wait.get(timeout=1), b"x")
        with self.assertRaises(BlockingIOError):
            sockets.receive(self._pair(0)[0])


if __name__ == "__main__":
    unittest.main()
