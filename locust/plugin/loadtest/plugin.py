"""Joins Locust's events, before the script is loaded: the token is out of its reach, its listeners come later."""

from __future__ import annotations

import os
from typing import Any

from locust import events
from locust.env import Environment
from locust.runners import MasterRunner, Runner, WorkerRunner
from locust.web import WebUI

from . import client, guard, patching, process, samples, unanswered, worker
from .script import Script, tell_exits
from .status import MasterStatus
from .targets import Targets


class Plugin:
    """Create it once in a process."""

    def __init__(self) -> None:
        self._token = os.environ.pop("LOADTEST_TOKEN", None)
        self._hosts = os.environ.pop("LOADTEST_ALLOWED_HOSTS", None)
        self._status: MasterStatus | None = None
        self._reports: worker.WorkerReports | None = None
        client.install()
        tell_exits(events)
        worker.allow_all_texts()
        for name in ("test_start", "test_stopping", "test_stop", "report_to_master", "worker_report"):
            patching.keep_going(getattr(events, name))
        # Now, so that it is ahead of the one with which Locust adds the samples up.
        events.worker_report.add_listener(self._before_locust)
        events.init.add_listener(self._on_init)
        patching.after(events.init, self._on_ready)

    def _before_locust(self, client_id: str, data: dict[str, Any], **_: Any) -> None:
        if self._status is not None:
            self._status.discard_stale(client_id, data)
            unanswered.merge(self._status.environment.stats.errors, data["errors"])

    def _on_init(self, environment: Environment, runner: Runner, web_ui: WebUI | None = None, **_: Any) -> None:
        patching.tell()
        options = environment.parsed_options
        base_path = (options and options.web_base_path) or ""
        if web_ui is not None:
            guard.install(web_ui.app, self._token, self._hosts, base_path)
        script = Script(environment, runner)
        if isinstance(runner, MasterRunner):
            patching.after(environment.events.quitting, lambda: _settle_exit_code(environment))
            self._status = MasterStatus(environment, runner, script)
            if web_ui is not None and web_ui.app is not None:
                samples.serve(web_ui.app, base_path, self._status, samples.Recorder(self._status))
        elif isinstance(runner, WorkerRunner):
            Targets(environment, runner)
            process.allow_many_files()
            process.Garbage(environment)
            self._reports = worker.WorkerReports(environment, runner, script)

    def _on_ready(self) -> None:
        if self._reports is not None:
            self._reports.begin()


def _settle_exit_code(environment: Environment) -> None:
    """Leaves a master's exit code to the script: Locust's own, of failures and errors, is the command's to judge."""
    if environment.process_exit_code is None:
        environment.process_exit_code = 0
