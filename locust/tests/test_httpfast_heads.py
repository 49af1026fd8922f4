"""Heads that differ in values alone are written the same as by `requests`, which is asked for the first."""

import re
import unittest
from typing import Any
from unittest import mock

from httpuser_case import HttpUserCase, tell  # isort: split

from urllib3.util import SKIP_HEADER

from loadtest import fallbacks, httpfast, httpheads


class HttpFastHeadsTest(HttpUserCase):
    def test_puts_values_into_heads_that_are_alike(self) -> None:
        def script(user: Any, notes: list[Any]) -> None:
            client = user.client
            for number in range(3):
                client.headers["Authorization"] = f"Bearer {{{number}}} %s"
                for headers in (
                    {"X-Request-ID": f"id-{number}", "x-{0}": "{0}"},
                    {"X-Request-ID": "", "Accept": f"text/{number} "},
                    {"X-Request-ID": f"ü{number}", "User-Agent": SKIP_HEADER},
                    {"authorization": None, "X-Bytes": b"%d" % number, "Host": f"{number}.example"},
                ):
                    for call in ({}, {"json": {"n": 10**number}}, {"auth": ("me", f"secret {number}")}):
                        answered = client.post("/", headers=headers, cookies=None, **call)
                        notes.append(tell(answered))
                        client.cookies.set("seen", f"{number}")
            for wrong in (" leading", "two\r\nlines", "\x00", 1):
                try:
                    notes.append(tell(client.get("/", headers={"X-Request-ID": wrong})))
                except Exception as error:
                    notes.append(repr(error))

        self.both(script)
        self.assertEqual(dict(fallbacks.counts), {})

    def test_has_requests_write_no_head_anew_for_a_value(self) -> None:
        httpfast.install()
        users = [self.user() for _ in range(5)]
        with mock.patch.object(httpheads, "write_prepared", wraps=httpheads.write_prepared) as written:
            for number, user in enumerate(users):
                user.client.headers["Authorization"] = f"Bearer {number}"
                for call in range(5):
                    user.client.get("/", headers={"X-Request-ID": f"{number} {call}"}, auth=("me", str(call)))
        self.assertEqual(written.call_count, 1)
        ids = [re.search(rb"X-Request-ID: (\d \d)", head) for _, head, _ in self.target.seen]
        self.assertEqual(len({one[1] for one in ids if one}), 25)


if __name__ == "__main__":
    unittest.main()
