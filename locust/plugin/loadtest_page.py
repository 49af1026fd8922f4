"""What the guard shows to people, who read a page and not an answer's status."""

from __future__ import annotations

from html import escape
from typing import Any

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
    """Locust's page, saying that it is only to look at."""
    head, end, tail = page.rpartition(b"</body>")
    return head + _BANNER + end + tail
