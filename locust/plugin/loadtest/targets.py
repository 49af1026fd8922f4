"""Whose target a run loads: its own, else the one Locust was started with, else the script's.

Locust writes the target of a run into the user classes, where it would stay for a later run that names none. So it does
with values of the script's own arguments that were set for a run in its web UI.

`LOADTEST_ALLOWED_HOSTS` names the hosts that load may be aimed at: `shop.example.com,*.example.org`; without it, any.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from locust import FastHttpUser, HttpUser, User
from locust.argument_parser import default_args_dict
from locust.env import Environment
from locust.runners import Runner, WorkerRunner
from werkzeug.datastructures import MultiDict

from .run import RUN_OPTION, LatestRun

logger = logging.getLogger("locust.loadtest.targets")

# They end at their first start without a host; an empty one is enough for a script with whole URLs.
_NEED_HOST = (HttpUser, FastHttpUser)
# What a class has that gets its `host` from a base.
_INHERITED = object()


class _Replaced(NamedTuple):
    own: Any
    by: str


class Targets:
    """Gives the user classes their own `host` back before each start; create it in `events.init`, on every node."""

    def __init__(self, environment: Environment, runner: Runner, allowed: str | None = None) -> None:
        """`allowed`: the value of `LOADTEST_ALLOWED_HOSTS`."""
        self._environment = environment
        self._allowed = [name.strip().lower() for name in allowed.split(",")] if allowed else None
        self._replaced: dict[type[User], _Replaced] = {}
        self._default: str | None = None
        self._asked = False
        # Those that Locust was started with, by their names in `parsed_options`; None before the first form.
        self._arguments: dict[str, Any] | None = None
        name = "start_worker" if isinstance(runner, WorkerRunner) else "start"
        locusts_start = getattr(runner, name)

        def start(*args: Any, **kwargs: Any) -> None:
            self.settle()
            # Those of the web UI and the command line have had their answer; this is for autostart and the script.
            refusal = self._refusal(self._targets(environment.host))
            if refusal is None:
                locusts_start(*args, **kwargs)
            else:
                logger.error("No load is started: %s", refusal)

        setattr(runner, name, start)

    def settle(self) -> None:
        """Call it right before Locust writes: the script may set a `host` at any time before."""
        for cls in self._environment.user_classes:
            own = self._own_entry(cls)
            if own is not _INHERITED:
                cls.host = own
            elif "host" in vars(cls):
                del cls.host
            self._replaced.pop(cls, None)
            if self._environment.host:
                self._replaced[cls] = _Replaced(own, self._environment.host)

    def complete(self, form: MultiDict[str, str], run: LatestRun) -> MultiDict[str, str]:
        """A form for `/swarm` as it is meant: without a target, a run has the one Locust was started with, if any.

        A form that only changes the run that is going on need not repeat its target.

        The script's own arguments are the same way those that Locust was started with, unless the form has them.
        """
        self._settle_arguments(form, run)
        if not self._asked:
            # Not in `events.init`: the script's listeners, which may set it, come after the plugin's.
            self._asked, self._default = True, self._environment.host
        if form.get("host") or ("host" not in form and run.going):
            return form
        completed = form.copy()
        completed["host"] = self._default or ""
        return completed

    def refuse(self, form: MultiDict[str, str], run: LatestRun) -> str | None:
        """Why a form for `/swarm` is refused; None lets it through."""
        return self._refusal(self._targets(form.get("host") or (self._environment.host if run.going else None)))

    def _targets(self, host: str | None) -> set[str | None]:
        return {host} if host else {self._own(cls) for cls in self._environment.user_classes}

    def _refusal(self, targets: Iterable[str | None]) -> str | None:
        if self._allowed is None:
            return None
        refused = sorted(target for target in targets if target and not _is_allowed(target, self._allowed))
        return f"{', '.join(refused)} is on none of allowedHosts: {', '.join(self._allowed)}" if refused else None

    def _settle_arguments(self, form: MultiDict[str, str], run: LatestRun) -> None:
        options = self._environment.parsed_options
        if options is None:
            return
        values = vars(options)
        if self._arguments is None:
            locusts = {*default_args_dict(), RUN_OPTION}
            self._arguments = {key: value for key, value in values.items() if key not in locusts}
        if not run.going:
            values.update({key: value for key, value in self._arguments.items() if key not in form})

    def hosts(self, run: LatestRun) -> dict[str, str | None]:
        """By user class: what the run that is going on uses, else what a run without a target would.

        None for a class that needs one and has none. A client that is not HTTP may do without, and is not there then.
        """
        host = self._environment.host if run.going or not self._asked else self._default
        found = {cls: host or self._own(cls) for cls in self._environment.user_classes}
        return {cls.__name__: own for cls, own in found.items() if own or issubclass(cls, _NEED_HOST)}

    def _own(self, cls: type[User]) -> str | None:
        entries = (self._own_entry(base) for base in cls.__mro__)
        return next(entry for entry in entries if entry is not _INHERITED)

    def _own_entry(self, cls: type) -> Any:
        entry = vars(cls).get("host", _INHERITED)
        replaced = self._replaced.get(cls)
        return replaced.own if replaced and entry == replaced.by else entry


def _is_allowed(target: str, allowed: list[str]) -> bool:
    """The rule of `settings/values/target.ts`; what clients may read in more than one way is not allowed."""
    if "\\" in target:
        return False
    try:
        host = (urlsplit(target if "//" in target else f"//{target}").hostname or "").removesuffix(".")
    except ValueError:
        return False
    return any(host.endswith(name[1:]) if name.startswith("*.") else host == name for name in allowed)
