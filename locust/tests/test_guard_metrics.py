"""Who may ask for the master's metrics: a Prometheus in the cluster, beside those who may see the dashboard."""

import tempfile
import unittest
from pathlib import Path

from loadtest.access import service_names
from loadtest.guard import Answer, Guard

TOKEN = "t0ken-of-the-run"
SERVICES = ("locust-control", "locust-control.shop", "locust-control.shop.svc", "locust-control.shop.svc.cluster.local")
RESOLVER = "nameserver 10.96.0.10\nsearch shop.svc.cluster.local svc.cluster.local cluster.local\noptions ndots:5\n"


class MetricsTest(unittest.TestCase):
    def asks(self, host: str, path: str = "/metrics", method: str = "GET", **more: str) -> int | None:
        environ = {"REQUEST_METHOD": method, "PATH_INFO": path, "QUERY_STRING": "", "HTTP_HOST": host}
        peer = {"REMOTE_ADDR": "10.0.3.4"}
        return status(Guard(lambda *_: [b""], TOKEN, "", SERVICES).decide({**environ, **peer, **more}))

    def test_prometheus_asks_by_address_and_by_the_names_of_the_service(self) -> None:
        for host in ("10.0.1.2:8089", "10.0.1.2", "[fd00::1]:8089", *SERVICES, f"{SERVICES[1].upper()}:8089"):
            self.assertIsNone(self.asks(host), host)
        self.assertIsNone(self.asks("10.0.1.2", method="HEAD"))

    def test_no_other_name_may(self) -> None:
        for host in (
            *("evil.example", "10.0.1.2.evil.example", "10.0.1.2x", "10.1", "167772418", "0x0a.0.1.2"),
            *("fd00::1", "[10.0.1.2]"),
            *("locust-control.other", "locust-control.shop.svc.evil.example", "x.locust-control", "", "[fe80::1%eth0]"),
        ):
            self.assertEqual(self.asks(host), 403, host)

    def test_a_name_does_not_hold_where_browsers_come_in(self) -> None:
        for peer in ("127.0.0.1", "::1", "127.9.9.9", "::ffff:127.0.0.1", ""):
            self.assertEqual(self.asks("locust-control.shop", REMOTE_ADDR=peer), 403, peer)

    def test_only_the_metrics_are_open(self) -> None:
        for path in ("/", "/stats/requests", "/loadtest/status", "/metrics/", "//metrics", "/base/metrics"):
            for host in ("10.0.1.2", "locust-control"):
                self.assertEqual(self.asks(host, path), 403, (path, host))
        for method in ("POST", "PUT", "DELETE", "OPTIONS"):
            self.assertEqual(self.asks("10.0.1.2", method=method, HTTP_AUTHORIZATION=f"Bearer {TOKEN}"), 403, method)

    def test_other_pages_may_not_read_them(self) -> None:
        self.assertEqual(self.asks("10.0.1.2", HTTP_ORIGIN="http://evil.example"), 403)
        self.assertEqual(self.asks("10.0.1.2", HTTP_SEC_FETCH_SITE="cross-site"), 403)
        self.assertEqual(self.asks("127.0.0.1:8089", HTTP_ORIGIN="http://evil.example"), 403)

    def test_below_the_base_path(self) -> None:
        guard = Guard(lambda *_: [b""], TOKEN, "/base")
        environ = {"REQUEST_METHOD": "GET", "QUERY_STRING": "", "HTTP_HOST": "10.0.1.2"}
        self.assertIsNone(guard.decide({**environ, "PATH_INFO": "/base/metrics"}))
        self.assertEqual(status(guard.decide({**environ, "PATH_INFO": "/metrics"})), 403)

    def test_names_of_the_service_are_what_the_pods_resolver_knows(self) -> None:
        with tempfile.TemporaryDirectory() as folder:
            resolver = Path(folder, "resolv.conf")
            resolver.write_text(RESOLVER)
            self.assertEqual(tuple(service_names(resolver)), SERVICES)
            resolver.write_text("search corp.example\nnameserver 192.0.2.1\n")
            self.assertEqual(service_names(resolver), [])
            self.assertEqual(service_names(Path(folder, "none")), [])


def status(answer: Answer | None) -> int | None:
    return None if answer is None else int(answer.status[:3])


if __name__ == "__main__":
    unittest.main()
