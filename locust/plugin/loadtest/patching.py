"""Which versions of others' code the plugin may change, and how it joins Locust's events.

What reaches into insides of Locust and of what its users are made of, to save CPU or to explain more, was tested with
the versions in `TESTED`. With any other one it is left out, and the log says so: requests cost more, and reports say
less of the script's own code. What a run cannot do without, such as starting and stopping it by the runner's methods,
stays.
"""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Callable, Iterable
from functools import cache, wraps
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from gevent import GreenletExit
from gevent.hub import Hub
from locust import HttpUser
from locust.event import EventHook

logger = logging.getLogger("locust.loadtest.patching")

TESTED = {
    "locust": ("2.47.0",),
    "gevent": ("26.9.0",),
    "geventhttpclient": ("2.6.1",),
    "requests": ("2.34.2",),
    "urllib3": ("2.8.0",),
}
"""Those of `constraints.txt`, for processes here, and those in Locust's image, for pods."""

FAST_HTTP_USER = ("locust", "gevent", "geventhttpclient")
"""What the faster FastHttpUser depends on. The fast HttpUser does on all in the table."""

ENDS_PROCESS = Hub.SYSTEM_ERROR
"""KeyboardInterrupt, SystemExit and the like: what gevent passes on from any greenlet to the main one."""


@cache
def versions() -> dict[str, str]:
    """By package: what is installed; "unknown" where it does not say."""
    found = {}
    for package in TESTED:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            found[package] = "unknown"
    return found


def untested(*packages: str) -> list[str]:
    """Those of the packages whose versions are not in the table."""
    return [package for package in packages if versions()[package] not in TESTED[package]]


def only_tested(*packages: str) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Has a function that changes insides of these packages do nothing with an untested version of one."""

    def decorate(patch: Callable[..., None]) -> Callable[..., None]:
        @wraps(patch)
        def call(*args: Any) -> None:
            if not untested(*packages):
                patch(*args)

        return call

    return decorate


def client(user_classes: Iterable[type] = (HttpUser,)) -> dict[str, str]:
    """`ClientVersions` of `runner/types.ts`: which clients are changed, and what they are made of."""
    original = untested(*FAST_HTTP_USER) or os.environ.get("FASTHTTP_AS_IS")
    parts = {package: versions()[package] for package in ("geventhttpclient", "gevent", "requests", "urllib3")}
    http = _http_user() if any(issubclass(kind, HttpUser) for kind in user_classes) else {}
    return {"client": "original" if original else "patched", **http, **parts}


def _http_user() -> dict[str, str]:
    """`httpUserCause`: why it stays on `requests`, where nobody asked for that."""
    if http_client() == "requests":
        return {"httpUser": "requests"}
    why = stays_on_requests()
    return {"httpUser": "fast"} if why is None else {"httpUser": "requests", "httpUserCause": why}


def http_client() -> str:
    """What HttpUser shall run on: `auto`, `requests` or `fast`."""
    return os.environ.get("LOADTEST_HTTP_CLIENT") or "auto"


def stays_on_requests() -> str | None:
    """Why HttpUser cannot run on the fast client in this process; None where it can."""
    if "--otel" in sys.argv:
        return "OpenTelemetry looks at what requests does"
    if others := untested(*TESTED):
        return (
            f"the fast client was not tested with {', '.join(f'{package} {versions()[package]}' for package in others)}"
        )
    return None


def chooses_fast_http_user() -> bool:
    """Whether HttpUser is to run on the fast client, as `LOADTEST_HTTP_CLIENT` says: `auto` where it can, or `fast`.

    Ends the process with exit code 2 where that says something else, or asks for what cannot be.
    """
    asked, why = http_client(), stays_on_requests()
    problem = None
    if asked not in ("auto", "requests", "fast"):
        problem = f"LOADTEST_HTTP_CLIENT must be auto, requests or fast, not {asked}"
    elif asked == "fast" and why is not None:
        problem = f"HttpUser cannot run on the fast client, as httpClient asks: {why}"
    if problem is not None:
        sys.stderr.write(f"{problem}\n")
        sys.exit(2)
    return asked != "requests" and why is None


def tell(user_classes: Iterable[type] = (HttpUser,)) -> None:
    """Writes a line where something is left as it is."""
    if others := untested(*TESTED):
        have = ", ".join(f"{package} {versions()[package]}" for package in others)
        know = ", ".join(f"{package} {' or '.join(TESTED[package])}" for package in others)
        logger.warning(
            "The plugin changes less of Locust than it could: here is %s, and it was tested with %s", have, know
        )
    elif why := client(user_classes).get("httpUserCause"):
        logger.warning("HttpUser stays on requests, which takes more CPU: %s", why)


def keep_going(hook: EventHook) -> None:
    """Has Locust go on behind a listener that raises what is no Exception, such as a gevent.Timeout."""
    theirs = EventHook.fire

    def fire(*, reverse: bool = False, **kwargs: Any) -> None:
        for handler in hook._handlers[::-1] if reverse else hook._handlers.copy():
            one = EventHook()
            one.add_listener(handler)
            try:
                theirs(one, **kwargs)
            except (Exception, GreenletExit, *ENDS_PROCESS):  # Locust means to pass these on
                raise
            except BaseException:
                logging.exception("Uncaught exception in event handler")

    hook.fire = fire


def before(hook: Any, first: Callable[[], None]) -> None:
    """Has something done before all listeners of an event, whenever they were added."""
    fire = hook.fire

    def fire_after(**kwargs: Any) -> None:
        first()
        fire(**kwargs)

    hook.fire = fire_after


def after(hook: Any, last: Callable[[], None]) -> None:
    """Has something done after all listeners of an event; not where one of them ends it by an error."""
    fire = hook.fire

    def fire_before(**kwargs: Any) -> None:
        fire(**kwargs)
        last()

    hook.fire = fire_before
