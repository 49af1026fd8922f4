"""Keys that let a request in beside the token, what keeps both out of the log, and what others are shown."""

from __future__ import annotations

import hmac
import logging
import re
import time
from contextlib import suppress
from html import escape
from ipaddress import ip_address
from pathlib import Path
from typing import Any

_KEY = re.compile(r"[A-Za-z0-9_-]{32,128}", re.ASCII)


class Sessions:
    """Keys that do what the token does for a while: a command that shows one in an address takes it back at its end."""

    MOST = 100
    LONGEST = 3600.0

    def __init__(self) -> None:
        self._ends: dict[str, float] = {}

    def admit(self, key: str, seconds: float) -> str | None:
        """Let `key` in for that long from now, or no longer where that is 0; gives what is wrong instead."""
        if not _KEY.fullmatch(key):
            return "key must be 32 to 128 letters, digits, - or _"
        if not 0 <= seconds <= self.LONGEST:
            return f"seconds must be from 0 to {self.LONGEST:.0f}"
        now = time.monotonic()
        self._ends = {known: end for known, end in self._ends.items() if end > now and known != key}
        if seconds > 0:
            if len(self._ends) >= self.MOST:
                return "there are too many sessions"
            self._ends[key] = now + seconds
        return None

    def has(self, given: bytes) -> bool:
        now = time.monotonic()
        return any(hmac.compare_digest(given, key.encode()) and end > now for key, end in self._ends.items())

    def keys(self) -> list[str]:
        return list(self._ends)


class Redact(logging.Filter):
    """Takes token and keys out of log records: a malformed request's first line is logged as it came."""

    def __init__(self, token: str, sessions: Sessions) -> None:
        super().__init__()
        self._token = token
        self._sessions = sessions

    def filter(self, record: logging.LogRecord) -> bool:
        message = record.getMessage()
        for secret in (self._token, *self._sessions.keys()):
            if secret in message:
                message = message.replace(secret, "***")
                record.msg, record.args = message, ()
        return True


SERVICE = "locust-control"
"""The master's Service, as `components/locust/workload.ts` names it."""
_SEARCH = re.compile(r"^search\s.*?\b(([a-z0-9-]+)\.svc)\.(\S+)", re.MULTILINE)


def service_names(resolver: Path = Path("/etc/resolv.conf")) -> list[str]:
    """How the pods of a cluster call it; only in a pod, whose resolver knows namespace and domain."""
    with suppress(OSError):
        found = _SEARCH.search(resolver.read_text(errors="replace"))
        if found:
            service, namespace, domain = found.groups()
            return [SERVICE, *(f"{SERVICE}.{rest}" for rest in (namespace, service, f"{service}.{domain}"))]
    return []


def is_address(host: str) -> bool:
    """Of a `Host` without its port: an IPv4 address, or one of IPv6 in brackets."""
    with suppress(ValueError):
        return ip_address(host.removeprefix("[").removesuffix("]")).version == (6 if host.startswith("[") else 4)
    return False


def is_loopback(peer: str) -> bool:
    """Also where nobody knows who asks."""
    with suppress(ValueError):
        address = ip_address(peer)
        return (getattr(address, "ipv4_mapped", None) or address).is_loopback
    return True


WAY_IN = "open the address that `loadtest dashboard` prints"

_PAGE = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>Refused</title>
<body style="font: 18px/1.6 system-ui, sans-serif; max-width: 34em; margin: 18vh auto; padding: 0 1.5em">
<h1 style="font-size: 1.5em">Refused</h1>
<p>%s</p>
<p>To get in, open the address that <code>loadtest dashboard</code> prints in its terminal. It holds for as long as
that command runs; the next one prints a new one.</p>
"""

_BANNER = b"""<div role="note" style="position: fixed; z-index: 2000; inset: auto 0 0; padding: 12px 24px;
background: #ffe08a; color: #222; font: 16px/1.5 system-ui, sans-serif; text-align: center"><b>Only to look at.</b>
To start, change or stop a test, open the address that <code>loadtest dashboard</code> prints;
Ctrl-C ends a <code>loadtest run</code>.</div>
"""


def is_for_people(environ: dict[str, Any]) -> bool:
    """A browser that opens an address says that it wants HTML; scripts and probes do not."""
    return "text/html" in environ.get("HTTP_ACCEPT", "")


def refusal(reason: str) -> bytes:
    return (_PAGE % escape(reason)).encode()


def with_banner(page: bytes) -> bytes:
    """Locust's web UI, saying that it is only to look at."""
    head, end, tail = page.rpartition(b"</body>")
    return head + _BANNER + end + tail
