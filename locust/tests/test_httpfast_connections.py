"""What the fast client keeps: connections as long as `requests` does, none lost, and answers as long as scripts do."""

import gc
import socket
import unittest
import weakref
from typing import Any
from unittest import mock

import gevent

from httpuser_case import THEIRS, HttpUserCase, Target, answer  # isort: split

from locust.clients import HttpSession
from requests.adapters import HTTPAdapter

from loadtest import httpfast, httproute


class HttpFastConnectionsTest(HttpUserCase):
    def _open(self) -> int:
        gc.collect()
        gevent.sleep(0.05)  # so that ends of connections have come
        return len(self.target.open)

    def test_are_closed_with_the_client(self) -> None:
        def script(user: Any, notes: list[Any]) -> None:
            for _ in range(5):
                notes.append(user.client.get("/").text)
                user.client.get("/again")
                user.client.close()
                notes.append(self._open())

        notes, _ = self.both(script)
        self.assertEqual(notes, ["hello", 0] * 5)
        self.assertEqual(self.target.connections, 5)

    def test_are_not_used_after_that_where_an_answer_is_kept(self) -> None:
        self.target.answers["/moved"] = answer(b"", "302 Found", Location="/")

        def script(user: Any, notes: list[Any]) -> None:
            for path in ("/", "/moved"):
                kept = user.client.get(path)
                user.client.close()
                notes += [kept.text, user.client.get("/").text, self.target.connections]
                del kept
                notes.append(self._open())
                user.client.close()

        notes, _ = self.both(script)
        self.assertEqual([notes[2:4], notes[6:8]], [[2, 1], [4, 1]])

    def test_are_those_of_a_new_pool_manager(self) -> None:
        def script(user: Any, notes: list[Any]) -> None:
            adapter = HTTPAdapter()
            user.client.mount("http://", adapter)
            user.client.get("/")
            adapter.init_poolmanager(1, 5)
            notes.append(self._open())
            notes += [user.client.get("/").text for _ in range(2)]
            user.client.mount("http://", HTTPAdapter())
            notes += [user.client.get("/").text, self.target.connections]

        notes, _ = self.both(script)
        self.assertEqual((notes[0], notes[-1]), (0, 3))

    def _others(self, count: int) -> list[Target]:
        """Targets, each of which has a pool of its own."""
        others = [Target() for _ in range(count)]
        for one in others:
            self.addCleanup(one.close)
        return others

    def test_are_kept_to_as_many_hosts_as_with_requests(self) -> None:
        def script(user: Any, notes: list[Any]) -> None:
            targets = self._others(12)

            def ask(*numbers: int) -> None:
                for number in numbers:
                    user.client.get(targets[number].url, name="any")
                gc.collect()
                gevent.sleep(0.05)
                notes.append((sum(one.connections for one in targets), sum(len(one.open) for one in targets)))

            ask(*range(9))
            ask(*range(9))
            ask(0)
            ask(*range(9, 12))
            ask(0, 3)  # used lately
            ask(1)
            routes = vars(user.client)["_fast"].routes if "_fast" in vars(user.client) else ()
            self.assertLessEqual(len(routes), 10)
            self.reports.clear()

        notes, _ = self.both(script)
        self.assertEqual(notes, [(9, 9), (9, 9), (9, 9), (12, 10), (12, 10), (13, 10)])

    def test_have_their_ways_remembered_with_as_many_hosts_as_there_may_be(self) -> None:
        httpfast.install()
        client, targets = self.user().client, self._others(10)
        with mock.patch.object(httproute, "_make_route", wraps=httproute._make_route) as made:
            for target in targets * 3:
                self.assertEqual(client.get(target.url).text, "hello")
        self.assertEqual(made.call_count, 10)
        self.assertEqual([target.connections for target in targets], [1] * 10)

    def test_are_given_back_where_requests_does_not_ask_for_them(self) -> None:
        """As code fails ahead of that; nobody else would get one from a pool that waits for them."""
        self.target.answers["/moved"] = answer(b"", "302 Found", Location="/")
        httpfast.install()
        client = self.user().client
        client.mount("http://", HTTPAdapter(pool_maxsize=1, pool_block=True))
        for url in ("/moved", f"http://127.0.0.1:{self._closed()}/") * 2:
            broken = mock.patch("requests.sessions.preferred_clock", side_effect=KeyError("any"))
            with broken, self.assertRaises(KeyError):
                client.get(url)
        with gevent.Timeout(2):
            self.assertEqual(client.get("/moved").text, "hello")
        self.assertEqual(self._open(), 1)
        self._check_pools(client)

    def _closed(self) -> int:
        with socket.create_server(("127.0.0.1", 0)) as server:
            return server.getsockname()[1]

    def test_answers_go_without_a_search_for_garbage_and_keep_what_was_reported(self) -> None:
        def script(user: Any, notes: list[Any]) -> None:
            with user.client.get("/", catch_response=True) as response:
                kept = response.request_meta
            for one in (response, user.client.get("/")):
                notes.extend((sorted(one.request_meta), one.request_meta["response"] is one))
            notes.append(kept["response"] is response)
            with user.client.get("/", catch_response=True) as caught:
                caught.failure("odd")
            for gone in (weakref.ref(caught), weakref.ref(user.client.get("/"))):
                caught = None
                if HttpSession.request is not THEIRS:
                    self.assertIsNone(gone())

        self.both(script)


if __name__ == "__main__":
    unittest.main()
