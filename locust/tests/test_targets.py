"""What the user classes' targets are before, in and after runs, on a runner that does what Locust does with them."""

import unittest
from types import SimpleNamespace

from locust import FastHttpUser, HttpUser, User
from locust.env import Environment
from locust.event import Events
from werkzeug.datastructures import MultiDict

from loadtest.run import LatestRun
from loadtest.targets import Targets


class Node:
    """`start` writes the run's target into the classes, as Locust does."""

    def __init__(self, *classes: type[User], host: str | None = None, allowed: str | None = None) -> None:
        self.environment = Environment(user_classes=list(classes), events=Events(), host=host)
        self.runner = SimpleNamespace(start=self._write)
        self.targets = Targets(self.environment, self.runner, allowed)  # type: ignore[arg-type]
        self.run = LatestRun()

        self.started = 0

    def _write(self) -> None:
        self.started += 1
        for cls in self.environment.user_classes:
            if self.environment.host:
                cls.host = self.environment.host

    def swarm(self, **form: str) -> None:
        completed = self.targets.complete(MultiDict(form), self.run)
        if "host" in completed:
            self.environment.host = completed["host"]
        self.runner.start()
        if not self.run.going:
            self.run.start(None)

    def hosts(self) -> dict[str, str | None]:
        return self.targets.hosts(self.run)


def classes() -> tuple[type[User], type[User], type[User]]:
    class Base(User):
        host = "http://base"

    class Heir(Base):
        pass

    class Nowhere(HttpUser):
        pass

    return Base, Heir, Nowhere


OWN = {"Base": "http://base", "Heir": "http://base", "Nowhere": None}


def everywhere(host: str) -> dict[str, str]:
    return dict.fromkeys(OWN, host)


class TargetsTest(unittest.TestCase):
    def test_are_the_scripts_again_after_another(self) -> None:
        base, heir, nowhere = classes()
        node = Node(base, heir, nowhere)
        self.assertEqual(node.hosts(), OWN)
        for _ in range(2):
            node.swarm(host="http://x")
            node.swarm(host="http://y")
            self.assertEqual(node.hosts(), everywhere("http://y"))
            node.run.end()
            self.assertEqual(node.hosts(), OWN)
            node.swarm(host="")
            self.assertEqual((base.host, heir.host, nowhere.host), tuple(OWN.values()))
            self.assertEqual(node.hosts(), OWN)
            node.run.end()
        base.host = "http://moved"
        self.assertEqual(heir.host, "http://moved", "what was inherited is so again")

    def test_are_what_the_script_or_the_page_sets_between_runs(self) -> None:
        base, heir, nowhere = classes()
        node = Node(base, heir, nowhere)
        node.swarm(host="http://x")
        nowhere.host = "http://late"
        node.run.end()
        expected = {**OWN, "Nowhere": "http://late"}
        self.assertEqual(node.hosts(), expected)
        node.swarm(host="http://x")
        self.assertEqual(nowhere.host, "http://x")
        node.run.end()
        node.swarm(host="")
        self.assertEqual(node.hosts(), expected)
        self.assertEqual((base.host, heir.host, nowhere.host), tuple(expected.values()))

    def test_are_needed_by_http_users_only(self) -> None:
        class Publisher(User):
            pass

        class Broker(User):
            host = "mqtt://broker"

        class Fast(FastHttpUser):
            pass

        class Whole(HttpUser):
            host = ""

        node = Node(Publisher, Broker, Fast, Whole)
        self.assertEqual(node.hosts(), {"Broker": "mqtt://broker", "Fast": None, "Whole": ""})
        node.swarm(host="http://x")
        self.assertEqual(node.hosts(), dict.fromkeys(("Publisher", "Broker", "Fast", "Whole"), "http://x"))

    def test_are_those_locust_was_started_with_where_a_run_has_none(self) -> None:
        node = Node(*classes(), host="http://start")
        self.assertEqual(node.hosts(), everywhere("http://start"))
        for form in ({"host": ""}, {}):
            node.swarm(**form)
            self.assertEqual(node.hosts(), everywhere("http://start"))
            node.run.end()
            node.swarm(host="http://x")
            self.assertEqual(node.hosts(), everywhere("http://x"))
            node.run.end()
            self.assertEqual(node.hosts(), everywhere("http://start"))

    def test_are_those_that_the_script_sets_for_all_after_the_plugin_is_there(self) -> None:
        node = Node(*classes())
        node.environment.host = "http://set"
        self.assertEqual(node.hosts(), everywhere("http://set"))
        node.swarm(host="http://x")
        node.run.end()
        node.swarm(host="")
        self.assertEqual(node.hosts(), everywhere("http://set"))

    def test_stay_when_a_form_changes_the_run_that_is_going_on(self) -> None:
        node = Node(*classes())
        node.swarm(host="http://x")
        node.swarm(user_count="3")
        self.assertEqual(node.hosts(), everywhere("http://x"))
        node.swarm(host="")
        self.assertEqual(node.hosts(), OWN)

    def test_arguments_of_a_run_are_not_those_of_the_next(self) -> None:
        node = Node(*classes())
        options = SimpleNamespace(tenant="acme", tags=["a"])
        node.environment.parsed_options = options  # type: ignore[assignment]
        node.swarm()
        options.tenant = "of the page"
        node.swarm(user_count="3")
        self.assertEqual(options.tenant, "of the page", "the run goes on")
        node.run.end()
        options.tags = ["b"]
        node.swarm(tenant="other")
        self.assertEqual(options.tenant, "of the page", "Locust reads it from the form")
        node.run.end()
        node.swarm()
        self.assertEqual((options.tenant, options.tags), ("acme", ["b"]), "tags are Locust's")

    def test_a_form_keeps_all_else(self) -> None:
        targets = Node(*classes(), host="http://start").targets
        form = MultiDict([("user_classes", "A"), ("host", ""), ("user_classes", "B")])
        completed = targets.complete(form, LatestRun())
        self.assertEqual(completed.getlist("user_classes"), ["A", "B"])
        self.assertEqual(completed.getlist("host"), ["http://start"])


class AllowedHostsTest(unittest.TestCase):
    ALLOWED = "shop.test,*.example.com,127.0.0.1,::1"

    def _refusal(self, host: str) -> str | None:
        node = Node(User, allowed=self.ALLOWED)
        return node.targets.refuse(MultiDict({"host": host}), node.run)

    def test_lets_allowed_targets_through(self) -> None:
        for host in (
            "http://shop.test/v1", "https://SHOP.test:8443", "http://a.b.example.com.", "http://127.0.0.1:1",
            "http://[::1]:80", "mqtt://shop.test:1883", "shop.test:1883",
        ):  # fmt: skip
            with self.subTest(host):
                self.assertIsNone(self._refusal(host))

    def test_refuses_any_other_and_names_both(self) -> None:
        for host in (
            "http://example.com", "http://shop.test.evil.test", "http://badexample.com", "http://shop.test@evil.test",
            "other.test:1883", "http://other.test\\@shop.test/", "http://[::1",
        ):  # fmt: skip
            with self.subTest(host):
                self.assertEqual(
                    self._refusal(host),
                    f"{host} is on none of allowedHosts: shop.test, *.example.com, 127.0.0.1, ::1",
                )

    def test_looks_at_the_script_where_a_run_names_no_target(self) -> None:
        node = Node(*classes(), allowed=self.ALLOWED)
        self.assertIn("http://base is on none", node.targets.refuse(MultiDict(), node.run) or "")
        node = Node(*classes(), allowed="base")
        self.assertIsNone(node.targets.refuse(MultiDict(), node.run))

    def test_starts_nothing_by_itself_that_is_not_allowed(self) -> None:
        with self.assertLogs("locust.loadtest.targets", "ERROR") as logs:
            node = Node(*classes(), host="http://other.test", allowed=self.ALLOWED)
            node.runner.start()
        self.assertEqual(node.started, 0)
        self.assertIn("No load is started: http://other.test is on none of allowedHosts", logs.output[0])
        Node(*classes(), host="http://shop.test", allowed=self.ALLOWED).runner.start()

    def test_allows_all_where_none_are_named(self) -> None:
        node = Node(*classes(), host="http://other.test")
        node.runner.start()
        self.assertEqual(node.started, 1)


if __name__ == "__main__":
    unittest.main()
