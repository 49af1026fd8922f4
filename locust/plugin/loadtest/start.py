"""Starts Locust here and in pods, with the plugin and the script.

What lies around must not change a run: Locust would read `~/.locust.conf`, and `locust.conf` and `pyproject.toml` of
the working folder, which is the script's. `LOADTEST_SCRIPT` has what to run: `{"script": "shop.py", "arguments": {}}`,
a file of the working folder, and the script's own arguments as texts, as only its parser knows how it takes them; for
what it does not take Locust ends with exit code 2, as argparse does. `"httpClient"` there is `LOADTEST_HTTP_CLIENT`.
"""

from __future__ import annotations

import json
import os
import signal
import sys
from argparse import Action, BooleanOptionalAction
from collections.abc import Callable
from functools import cache, partial
from importlib import import_module
from typing import Any

import gevent
import locust.main
from locust import argument_parser, events
from locust.argument_parser import LocustArgumentParser
from locust.env import Environment
from locust.runners import MasterRunner, Runner, WorkerRunner
from locust.web import WebUI

from . import (
    contexts,
    counts,
    data,
    guard,
    handout,
    lifeline,
    metrics,
    openoptions,
    openworker,
    patching,
    process,
    samples,
    unanswered,
    worker,
)
from .script import Script, tell_exits
from .status import MasterStatus
from .targets import Targets

_GIVEN = "LOADTEST_SCRIPT"
_SECRET = "LOADTEST_SECRET_ARGUMENTS"  # noqa: S105 -- a name
_FLAG = {"true": True, "false": False}


def main() -> None:
    # The kernel ignores SIGTERM for process 1 unless it has a handler, and Locust's own comes only after the
    # connection: a worker without a master would hold up each rollout for all of its grace.
    signal.signal(signal.SIGTERM, lambda *_: os._exit(143))
    lifeline.arm_from_environment()
    read_no_files()
    remember_defaults()
    script, arguments = given()
    locusts = locust.main.get_parser

    def get_parser() -> LocustArgumentParser:
        """Locust's, with the script's arguments in it, for the one time that Locust asks for it."""
        locust.main.get_parser = locusts
        parser = locusts()
        # Locust's web UI reads the command line again.
        sys.argv += words(parser, arguments)
        secrets = [name for name in arguments if getattr(_find(parser, name)[1], "is_secret", False)]
        os.environ[_SECRET] = json.dumps(secrets)
        return parser

    locust.main.get_parser = get_parser
    Plugin()
    sys.argv[:1] = ["locust", "-f", script]
    locust.main.main()


class Plugin:
    """Joins Locust's events; create it once, before the script is loaded: its listeners come later."""

    def __init__(self) -> None:
        # Out of the script's reach.
        self._token = os.environ.pop("LOADTEST_TOKEN", None)
        self._allowed = os.environ.pop("LOADTEST_ALLOWED_HOSTS", None)
        self._log_seconds = metrics.log_interval()
        self._status: MasterStatus | None = None
        self._serve: Callable[[], None] | None = None
        self._reports: worker.WorkerReports | None = None
        self._data: data.Worker | None = None
        data.install()
        # Another version may not even have what this module imports.
        if not patching.untested(*patching.FAST_HTTP_USER):
            import_module(".client", __package__).install()
        contexts.install()
        choose_http_client()
        if "--otel" in sys.argv:
            import_module(".otel", __package__).install()
        tell_exits(events)
        openoptions.add_options(events)
        worker.allow_all_texts()
        counts.count_in_one_pass()
        for name in ("test_start", "test_stopping", "test_stop", "report_to_master", "worker_report"):
            patching.keep_going(getattr(events, name))
        self._arrivals = openworker.WorkerArrivals(events)
        # Now, so that it is ahead of the one with which Locust adds the samples up.
        events.worker_report.add_listener(self._before_locust)
        events.init.add_listener(self._on_init)
        patching.after(events.init, self._on_ready)

    def _before_locust(self, client_id: str, data: dict[str, Any], **_: Any) -> None:
        if self._status is not None:
            self._status.discard_stale(client_id, data)
            unanswered.merge(self._status.environment.stats.errors, data["errors"])

    def _on_init(self, environment: Environment, runner: Runner, web_ui: WebUI | None = None, **_: Any) -> None:
        patching.tell(environment.user_classes)
        options = environment.parsed_options
        base_path = (options and options.web_base_path) or ""
        if web_ui is not None:
            guard.install(web_ui.app, self._token, base_path)
        script = Script(environment, runner)
        if isinstance(runner, MasterRunner):
            patching.after(environment.events.quitting, lambda: _settle_exit_code(environment))
            self._status = MasterStatus(environment, runner, script, self._allowed)
            handout.Master(environment, runner, self._status)
            if web_ui is not None and web_ui.app is not None:
                samples.serve(web_ui.app, base_path, self._status, samples.Recorder(self._status))
                counts.serve(web_ui.app, base_path, counts.Counts(self._status))
                self._serve = partial(metrics.serve, web_ui.app, base_path)
        elif isinstance(runner, WorkerRunner):
            Targets(environment, runner)
            process.allow_many_files()
            process.Garbage(environment)
            self._data = data.Worker(runner)
            # Backwards: behind the reports' listener, which ends the users, and ahead of Locust's goodbye.
            environment.events.quitting.add_listener(self._data.leave)
            self._arrivals.join(runner)
            self._reports = worker.WorkerReports(environment, runner, script, self._arrivals)

    def _on_ready(self) -> None:
        if self._data is not None:
            self._data.agree()
        if self._reports is not None:
            self._reports.begin()
        if self._status is not None:
            values = metrics.Metrics(self._status)
            if self._serve is not None:
                self._serve(values)
            if self._log_seconds is not None:
                gevent.spawn(metrics.log, values, self._log_seconds)


def _settle_exit_code(environment: Environment) -> None:
    """Leaves a master's exit code to the script: Locust's own, of failures and errors, is the command's to judge."""
    if environment.process_exit_code is None:
        environment.process_exit_code = 0


def given() -> tuple[str, dict[str, str]]:
    """The script to run, and its own arguments."""
    try:
        run = json.loads(os.environ.pop(_GIVEN))
        os.environ.setdefault("LOADTEST_HTTP_CLIENT", run.get("httpClient", "auto"))
        return run["script"], run.get("arguments", {})
    except (KeyError, TypeError, ValueError):
        sys.exit(f'{_GIVEN} must say what to run: {{"script": "shop.py", "arguments": {{}}}}')


def read_no_files() -> None:
    """Take Locust's default config files from every parser that it makes; `--config` stays."""
    for make in (argument_parser.get_empty_argument_parser, argument_parser.get_parser):
        make.__defaults__ = tuple(
            () if default is argument_parser.DEFAULT_CONFIG_FILES else default for default in make.__defaults__ or ()
        )


def choose_http_client() -> None:
    """Has HttpUser run on the fast client where it is to."""
    if patching.chooses_fast_http_user():
        import_module(".httpfast", __package__).install()


@patching.only_tested("locust")
def remember_defaults() -> None:
    """Have Locust find out its own options once.

    A worker does for each option of each spawn message, of which a ramp sends one a second, and all of its users stand
    still meanwhile: a quarter of a second on a core of its own, and too long for a heartbeat with a quarter of one.
    """
    argument_parser.default_args_dict = cache(argument_parser.default_args_dict)


def words(parser: LocustArgumentParser, arguments: dict[str, str]) -> list[str]:
    """A script's arguments as words of the command line."""
    return [word for name, value in arguments.items() for word in _words(parser, *_find(parser, name), value)]


def _find(parser: LocustArgumentParser, name: str) -> tuple[str, Action]:
    """The option with this name, which may be that of its value in `parsed_options`, and what it does."""
    same = name.replace("_", "-")
    for action in parser._actions:
        for option in action.option_strings:
            if option.lstrip("-").replace("_", "-") == same:
                return option, action
    for action in parser._actions:
        if action.option_strings and action.dest.replace("_", "-") == same:
            return action.option_strings[0], action
    parser.error(f"unrecognized arguments: --{name}")
    raise AssertionError("it has ended")


def _words(parser: LocustArgumentParser, option: str, action: Action, value: str) -> list[str]:
    if action.nargs == 0:
        return _flag(parser, option, action, value)
    one = action.nargs is None
    appends = type(action).__name__ == "_AppendAction"
    texts = [value] if (one and not appends) or action.nargs == "?" else _list(value)
    if one or len(texts) == 1:
        # In one word, as a value may begin with a dash.
        return [f"{option}={text}" for text in texts]
    return [option, *texts]


def _flag(parser: LocustArgumentParser, option: str, action: Action, value: str) -> list[str]:
    if value not in _FLAG:
        parser.error(f"argument {option}: it is a flag, and takes true or false, not {value!r}")
    if _FLAG[value]:
        return [option]
    opposite = f"--no-{option.lstrip('-')}"
    return [opposite] if isinstance(action, BooleanOptionalAction) and opposite in action.option_strings else []


def _list(value: str) -> list[str]:
    """A list in JSON is one of values; any other text is one value."""
    if value.startswith("["):
        try:
            found: Any = json.loads(value)
        except ValueError:
            return [value]
        return [text if isinstance(text, str) else json.dumps(text) for text in found]
    return [value]
