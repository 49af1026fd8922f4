"""Corrected times of requests that have none of their own."""

import unittest
from collections.abc import Callable
from typing import Any

from loadtest.corrected import Corrected


class ListenerTest(unittest.TestCase):
    def test_requests_without_a_time_have_none(self) -> None:
        corrected = Corrected()
        listen: Callable[..., Any] = corrected.listen(lambda: 1.0)
        listen("WS", "push", None)
        listen("GET", "/", 5)
        master = Corrected()
        master.merge(corrected.report())
        self.assertEqual(master.stats.entries["push", "WS"].num_none_requests, 1)
        self.assertEqual(master.stats.total.max_response_time, 1005)
        self.assertRegex(master.csv().splitlines()[-1], r"^,Aggregated,2,0,[\d.]+,1005.0,1005.0,1005.0,")
