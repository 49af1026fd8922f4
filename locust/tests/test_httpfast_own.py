"""What a script puts into a session or its adapters, early or late, is used for the requests that it is for."""

import unittest
from typing import Any

from httpuser_case import HttpUserCase  # isort: split

from locust.clients import HttpSession
from requests.adapters import HTTPAdapter
from requests.auth import AuthBase
from urllib3 import PoolManager
from urllib3.util import Retry

from loadtest import fallbacks


class Signed(HTTPAdapter):
    def add_headers(self, request: Any, **_: Any) -> None:
        request.headers["X-Signed"] = "yes"


class OwnSession(HttpSession):
    def prepare_request(self, request: Any) -> Any:
        prepared = super().prepare_request(request)
        prepared.headers["X-Signed"] = "yes"
        return prepared


class Query(AuthBase):
    def __call__(self, request: Any) -> Any:
        request.prepare_url(request.url, {"key": "k"})
        return request


class HttpFastOwnTest(HttpUserCase):
    def _left(self, script: Any) -> dict[str, int]:
        fallbacks.counts.clear()
        self.both(lambda user, notes: notes.append(script(user.client)))
        return dict(fallbacks.counts)

    def test_adapters_of_some_paths(self) -> None:
        url = self.target.url

        def script(*mounts: tuple[str, HTTPAdapter]) -> Any:
            def ask(client: Any) -> Any:
                for prefix, adapter in mounts:
                    client.mount(prefix, adapter)
                paths = ("/login", "/api/one", "/login", "/api/two")
                return [client.get(path).request.headers.get("X-Signed") for path in paths]

            return ask

        reason = {"an adapter of the script": 2}
        self.assertEqual(self._left(script((f"{url}/api", Signed()))), reason)
        self.assertEqual(self._left(script(("http://", Signed()), (f"{url}/api", HTTPAdapter()))), reason)

    def test_adapters_that_try_again(self) -> None:
        self.target.answers["/api/closes"] = lambda _: None

        def script(client: Any) -> Any:
            client.mount(f"{self.target.url}/api", HTTPAdapter(max_retries=2))
            return [
                client.get("/ok").text,
                client.post("/api/closes").status_code,
                client.get("/api/closes").status_code,
            ]

        self.assertEqual(self._left(script), {"an adapter that tries again": 2})

    def test_what_a_session_is_given_later(self) -> None:
        def script(change: Any) -> Any:
            def ask(client: Any) -> Any:
                adapter = HTTPAdapter()
                client.mount("http://", adapter)
                client.get("/")
                change(client, adapter)
                return client.get("/").text

            return ask

        def sign(_: Any, adapter: Any) -> None:
            adapter.add_headers = lambda request, **_: request.headers.update({"X-Signed": "yes"})

        def set_class(client: Any, _: Any) -> None:
            client.__class__ = OwnSession

        def set_address(_: Any, adapter: Any) -> None:
            adapter.poolmanager.connection_pool_kw["source_address"] = ("127.0.0.1", 0)

        def set_manager(_: Any, adapter: Any) -> None:
            adapter.poolmanager = PoolManager(2)

        def set_retries(_: Any, adapter: Any) -> None:
            adapter.max_retries = Retry(2)

        for change, left in (
            (set_address, {}),
            (set_manager, {}),
            (set_retries, {"an adapter that tries again": 1}),
            (sign, {"an adapter of the script": 1}),
            (set_class, {"a session class with a prepare_request of its own": 1}),
        ):
            with self.subTest(change.__name__):
                self.assertEqual(self._left(script(change)), left)

    def test_authentication_that_changes_the_url(self) -> None:
        left = self._left(lambda client: client.get("/signed", auth=Query()).url)
        self.assertEqual(left, {"authentication that changes the URL": 1})
        self.assertEqual([report["name"] for report, *_ in self.reports], ["/signed?key=k"])

    def test_cookies_that_are_changed_in_place(self) -> None:
        def script(client: Any) -> None:
            client.cookies.set("one", "1")
            (cookie,) = client.cookies
            client.get("/before")
            for name, value in (("name", "two"), ("path", "/below"), ("domain", "other.example"), ("secure", True)):
                theirs = getattr(cookie, name)
                setattr(cookie, name, value)
                client.get(f"/{name}")
                client.get("/below")
                setattr(cookie, name, theirs)

        self.assertEqual(self._left(script), {})


if __name__ == "__main__":
    unittest.main()
