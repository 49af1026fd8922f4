"""What the master's web server answers beside Locust's own routes, below `--web-base-path` like those."""

from __future__ import annotations

import gzip
import json
import math
from typing import Any

import gevent
from flask import Flask, Response, request
from locust.runners import STATE_MISSING, STATE_STOPPED

from loadtest_recorder import Recorder
from loadtest_status import MasterStatus

# Bytes from which on an answer is compressed.
_LARGE = 10_000


def serve(app: Flask, base_path: str, status: MasterStatus, recorder: Recorder) -> None:
    """Add the routes.

    - `GET /loadtest/status`: `LocustStatus` of `runner/types.ts`.
    - `GET /loadtest/samples?after=T`: `RecordedSeries` of `runner/types.ts`, of samples later than T seconds.
    - `POST /loadtest/kept`, with `run` in its form: the results of that run, the latest, are kept elsewhere. Answers
      409 with a `message` for another run, or while it is going on.
    """

    def answer_status() -> Response:
        return _json(_dumps(status.snapshot()))

    def answer_samples() -> Response:
        body = recorder.answer(request.args.get("after", -math.inf, float))
        if len(body) < _LARGE or "gzip" not in request.accept_encodings:
            return _json(body)
        # In a thread, as it may be megabytes: Locust's master goes on meanwhile.
        small = gevent.get_hub().threadpool.apply(gzip.compress, (body, 1))
        response = _json(small)
        response.headers["Content-Encoding"] = "gzip"
        return response

    def keep() -> Response:
        refusal = status.run.keep(request.form.get("run", ""))
        if refusal is None:
            return _json(_dumps({"success": True}))
        return _json(_dumps({"success": False, "message": refusal}), 409)

    @app.before_request
    def complete_form() -> None:
        if request.endpoint == "locust.swarm":
            request.form = status.targets.complete(request.form, status.run)  # type: ignore[misc]

    @app.after_request
    def see_locusts_answers(response: Response) -> Response:
        if request.endpoint == "locust.request_stats":
            return _with_absent_workers(response, status)
        if request.endpoint == "locust.swarm":
            answer = response.get_json(silent=True) or {}
            if answer.get("success") is True:
                # Locust says there whether it has set a limit; a load shape has none.
                status.run.ask(answer.get("run_time"))
        return response

    app.add_url_rule(f"{base_path}/loadtest/status", "loadtest_status", answer_status)
    app.add_url_rule(f"{base_path}/loadtest/samples", "loadtest_samples", answer_samples)
    app.add_url_rule(f"{base_path}/loadtest/kept", "loadtest_kept", keep, methods=["POST"])


def _with_absent_workers(response: Response, status: MasterStatus) -> Response:
    """Locust's statistics after a stop, counting the workers that are off its list for a while.

    Its page asks for them a last time right then: told of 0 workers it would refuse the next start for good.
    """
    report = response.get_json(silent=True) if status.runner.state == STATE_STOPPED else None
    if report:
        living = sum(worker["state"] != STATE_MISSING and not worker["leaving"] for worker in status.workers())
        response.set_data(json.dumps({**report, "worker_count": max(report["worker_count"], living)}))
    return response


def _dumps(value: dict[str, Any]) -> bytes:
    # Plain json: Flask's own indents in debug mode, which Locust sets, and that doubles the size.
    return json.dumps(value, separators=(",", ":")).encode()


def _json(body: bytes, status: int = 200) -> Response:
    return Response(body, status, mimetype="application/json", headers={"Cache-Control": "no-store"})
