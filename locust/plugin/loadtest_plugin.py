"""Entry of the plugin, loaded beside the user's script: `locust -f …/loadtest_plugin.py,…/script1.py`.

It comes first, so that the lifeline is armed and the token is out of reach before the script is imported.
"""

from __future__ import annotations

import os
from typing import Any

from locust import events
from locust.env import Environment
from locust.runners import MasterRunner, Runner, WorkerRunner
from locust.web import WebUI

import loadtest_fasthttp
import loadtest_files
import loadtest_garbage
import loadtest_guard
import loadtest_lifeline
import loadtest_recorder
import loadtest_routes
import loadtest_script
import loadtest_status
import loadtest_targets
import loadtest_unanswered
import loadtest_worker

loadtest_lifeline.arm_from_environment()
loadtest_fasthttp.install()
loadtest_script.tell_exits(events)
loadtest_worker.allow_all_texts()
for _hook in (events.test_start, events.test_stopping, events.test_stop, events.report_to_master, events.worker_report):
    loadtest_script.keep_going(_hook)
_token = os.environ.pop("LOADTEST_TOKEN", None)
_hosts = os.environ.pop("LOADTEST_ALLOWED_HOSTS", None)
_status: loadtest_status.MasterStatus | None = None
_reports: loadtest_worker.WorkerReports | None = None


@events.worker_report.add_listener
def _before_locust(client_id: str, data: dict[str, Any], **_: Any) -> None:
    # At import, so that this listener is ahead of the one with which Locust adds the samples up.
    if _status is not None:
        _status.discard_stale(client_id, data)
        loadtest_unanswered.merge(_status.environment.stats.errors, data["errors"])


@events.init.add_listener
def _on_init(environment: Environment, runner: Runner, web_ui: WebUI | None = None, **_: Any) -> None:
    global _status, _reports
    environment.locustfile = _script(environment)
    options = environment.parsed_options
    base_path = (options and options.web_base_path) or ""
    if web_ui is not None:
        loadtest_guard.install(web_ui.app, _token, _hosts, base_path)
    script = loadtest_script.Script(environment, runner)
    if isinstance(runner, MasterRunner):
        loadtest_script.after(environment.events.quitting, lambda: _settle_exit_code(environment))
        _status = loadtest_status.MasterStatus(environment, runner, script)
        if web_ui is not None and web_ui.app is not None:
            loadtest_routes.serve(web_ui.app, base_path, _status, loadtest_recorder.Recorder(_status))
    elif isinstance(runner, WorkerRunner):
        loadtest_targets.Targets(environment, runner)
        loadtest_files.allow_many()
        loadtest_garbage.Garbage(environment)
        _reports = loadtest_worker.WorkerReports(environment, runner, script)


def _settle_exit_code(environment: Environment) -> None:
    """Leaves a master's exit code to the script: Locust's own, of failures and errors, is the command's to judge."""
    if environment.process_exit_code is None:
        environment.process_exit_code = 0


def _on_ready() -> None:
    if _reports is not None:
        _reports.begin()


loadtest_script.after(events.init, _on_ready)


def _script(environment: Environment) -> str | None:
    """File name of the script; Locust takes the first file's, which is the plugin's."""
    files = [os.path.basename(file) for file in environment.parsed_locustfiles or []]
    return next((file for file in files if file != os.path.basename(__file__)), environment.locustfile)
