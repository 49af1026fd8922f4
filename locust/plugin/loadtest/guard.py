"""Guard of Locust's web server: only the person who started the load test may drive it.

Locust has no login of its own and answers every origin, so any web page open in the same browser could start load.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import logging
import re
import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote, unquote_plus

from flask import Flask, Response, request
from werkzeug.http import dump_cookie, parse_cookie

from . import access
from .access import Redact, Sessions

logger = logging.getLogger("locust.loadtest.guard")

# What a request's `Host` may name, without its port: a port forwarded to this machine is on its loopback.
HOSTS = frozenset({"127.0.0.1", "localhost", "[::1]"})
SECURITY_HEADERS = (
    ("X-Frame-Options", "DENY"),
    ("Content-Security-Policy", "frame-ancestors 'none'"),
    # Not "no-referrer": with it a browser sends `Origin: null` with the forms of a page's own.
    ("Referrer-Policy", "same-origin"),
    ("X-Content-Type-Options", "nosniff"),
)
_HOST = re.compile(r"(?P<name>\[[0-9a-f:.]+\]|[^\s:/@,\[\]]+)(:[0-9]+)?", re.ASCII)

Environ = dict[str, Any]
StartResponse = Callable[..., Any]
App = Callable[[Environ, StartResponse], Iterable[bytes]]


@dataclass(frozen=True)
class Answer:
    """What the guard answers instead of Locust: a refusal or the redirect after the token was taken."""

    status: str
    body: bytes = b""
    headers: list[tuple[str, str]] = field(default_factory=list)


class Guard:
    """WSGI middleware around the whole app: routes, assets and errors pass it."""

    def __init__(self, app: App, token: str, base_path: str = "", services: Iterable[str] = ()) -> None:
        """`token`: not empty. `services`: names of this pod's Service, by which its metrics may be asked for."""
        if not token:
            raise ValueError("the guard needs a token")
        self._app = app
        self._metrics = f"{base_path}/metrics"
        self._services = frozenset(services)
        self._token = token.encode()
        self.sessions = Sessions()
        # The name differs by run: two dashboards on one host share the browser's cookies, as these ignore ports.
        self.cookie = f"loadtest_{hashlib.sha256(self._token).hexdigest()[:8]}"

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        def start(status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> Any:
            kept = [(name, value) for name, value in headers if not name.lower().startswith("access-control-")]
            set_already = {name.lower() for name, _ in kept}
            kept += [(name, value) for name, value in SECURITY_HEADERS if name.lower() not in set_already]
            return start_response(status, kept, exc_info)

        answer = self.decide(environ)
        if answer is None:
            try:
                return self._app(environ, start)
            except Exception:
                # The server's own error page would have none of the headers.
                logger.exception("%s %s failed", environ.get("REQUEST_METHOD"), environ.get("PATH_INFO"))
                answer = _message("500 Internal Server Error", "Locust could not answer, its log says why")
                return _send(answer, start, sys.exc_info())
        return _send(answer, start)

    def decide(self, environ: Environ) -> Answer | None:
        """None lets the request through to Locust."""
        method = environ.get("REQUEST_METHOD", "")
        refusal = (
            self._wrong_host(environ, method)
            or _wrong_origin(environ)
            or _wrong_site(environ, method)
        )  # fmt: skip
        if refusal:
            return _refuse(environ, refusal)
        if method == "GET":
            return self._take_token(environ)
        if method != "HEAD" and not self.has_token(environ):
            return _without_token(environ)
        return None

    def _wrong_host(self, environ: Environ, method: str) -> str | None:
        # A page whose name an attacker points at this machine (DNS rebinding) still sends its own name.
        match = _HOST.fullmatch(environ.get("HTTP_HOST", "").lower())
        if match and match["name"] in HOSTS:
            return None
        metrics = environ.get("PATH_INFO") == self._metrics and method in ("GET", "HEAD")
        if match and metrics and self._is_scraped_by(match["name"], environ.get("REMOTE_ADDR", "")):
            return None
        return "this name is not one of the dashboard's"

    def _is_scraped_by(self, name: str, peer: str) -> bool:
        """Whether the cluster's Prometheus asks, by an address or by the name of the Service.

        An address cannot be rebound: a page that has it as its host was sent by this server. A name of the Service may
        be one of the internet's too, as `locust-control.shop` is in the namespace `shop`. So it holds only for who
        comes over the cluster's network: a browser's way in is a forwarded port, which ends on the loopback here.
        """
        return access.is_address(name) or (name in self._services and not access.is_loopback(peer))

    def _take_token(self, environ: Environ) -> Answer | None:
        """`?token=` becomes a cookie, so that the token stays in no history, bookmark or link."""
        parts = environ.get("QUERY_STRING", "").split("&")
        tokens = [_value(part) for part in parts if _key(part) == "token"]
        if not tokens:
            return None
        if not self._is_token(tokens[0].encode()):
            return _refuse(environ, "this token is not the run's")
        # One leading slash only: "//name" would be an address on another host.
        path = "/" + quote(environ.get("PATH_INFO", "").encode("latin-1", "replace")).lstrip("/")
        query = "&".join(part for part in parts if _key(part) != "token")
        cookie = dump_cookie(self.cookie, tokens[0], httponly=True, samesite="Strict", path="/")
        headers = [("Location", f"{path}?{query}" if query else path), ("Set-Cookie", cookie)]
        return Answer("303 See Other", headers=headers)

    def shows_only(self, environ: Environ) -> bool:
        """Whether who opens Locust's web UI may only look at it. A link on another site comes without the cookie."""
        return environ.get("HTTP_SEC_FETCH_SITE", "none").lower() != "cross-site" and not self.has_token(environ)

    def has_token(self, environ: Environ) -> bool:
        if self._is_token(_bearer(environ)):
            return True
        cookies = parse_cookie(environ.get("HTTP_COOKIE", "")).getlist(self.cookie)
        return any(self._is_token(cookie.encode()) for cookie in cookies)

    def change_session(self, environ: Environ, key: str, seconds: str) -> tuple[int, str]:
        """Admits or ends a session; for who holds the token, as a session must not prolong itself."""
        if not hmac.compare_digest(_bearer(environ), self._token):
            return 403, "a session is opened with the run's token"
        try:
            problem = self.sessions.admit(key, float(seconds))
        except ValueError:
            problem = "seconds must be a number"
        return (400, problem) if problem else (200, "")

    def _is_token(self, given: bytes) -> bool:
        return hmac.compare_digest(given, self._token) or self.sessions.has(given)


def install(app: Flask, token: str | None, base_path: str = "") -> None:
    """Put the guard around a Flask app and the token's filter on the log; exits with 1 when there is no token.

    `POST {base_path}/loadtest/session` with `key` and `seconds` admits a key for that long, or ends it with 0.
    """
    if not token:
        logger.error("LOADTEST_TOKEN is not set: the web page would be open to anyone, so it is not started")
        sys.exit(1)
    guard = Guard(app.wsgi_app, token, base_path, access.service_names())
    app.wsgi_app = guard  # type: ignore[method-assign]

    def session() -> Response:
        form = request.form
        status, problem = guard.change_session(request.environ, form.get("key", ""), form.get("seconds", ""))
        body = json.dumps({"success": status == 200, "message": problem})
        return Response(body, status, mimetype="application/json", headers={"Cache-Control": "no-store"})

    app.add_url_rule(f"{base_path}/loadtest/session", "loadtest_session", session, methods=["POST"])

    @app.after_request
    def explain(response: Response) -> Response:
        if request.endpoint == "locust.index" and guard.shows_only(request.environ):
            response.set_data(access.with_banner(response.get_data()))
            response.headers["Cache-Control"] = "no-store"
        return response

    for handler in {*logging.getLogger().handlers, *logging.getLogger("locust").handlers}:
        handler.addFilter(Redact(token, guard.sessions))


def _wrong_origin(environ: Environ) -> str | None:
    if "HTTP_ORIGIN" not in environ:
        return None
    host = environ.get("HTTP_HOST", "").lower()
    own = environ["HTTP_ORIGIN"].lower() in (f"http://{host}", f"https://{host}")
    return None if own else "another page asks"


def _wrong_site(environ: Environ, method: str) -> str | None:
    if environ.get("HTTP_SEC_FETCH_SITE", "none").lower() in ("same-origin", "none"):
        return None
    # A link from another page may be followed, as a GET changes nothing; frames, scripts and forms may not.
    followed = (
        method == "GET"
        and environ.get("HTTP_SEC_FETCH_MODE", "").lower() == "navigate"
        and environ.get("HTTP_SEC_FETCH_DEST", "").lower() == "document"
    )
    return None if followed else "another page asks"


def _bearer(environ: Environ) -> bytes:
    scheme, _, value = environ.get("HTTP_AUTHORIZATION", "").partition(" ")
    return value.strip().encode("latin-1", "replace") if scheme.lower() == "bearer" else b""


def _key(part: str) -> str:
    return unquote_plus(part.partition("=")[0])


def _value(part: str) -> str:
    return unquote_plus(part.partition("=")[2])


def _refuse(environ: Environ, reason: str) -> Answer:
    if access.is_for_people(environ):
        body = access.refusal(f"{reason[0].upper()}{reason[1:]}.")
        return Answer("403 Forbidden", body, [("Content-Type", "text/html; charset=utf-8")])
    return _message("403 Forbidden", _in_words(reason))


def _without_token(environ: Environ) -> Answer:
    reason = "this needs the run's token"
    own = environ.get("HTTP_SEC_FETCH_SITE", "").lower() == "same-origin"
    if own and environ.get("PATH_INFO", "").endswith("/swarm"):
        # Locust's web UI shows why it could not start a test only where the status is 200: "an unknown error" else.
        return _message("200 OK", _in_words(reason))
    return _refuse(environ, reason)


def _in_words(reason: str) -> str:
    return f"Refused: {reason}. To get in, {access.WAY_IN}."


def _message(status: str, message: str) -> Answer:
    body = json.dumps({"success": False, "message": message}).encode()
    return Answer(status, body, [("Content-Type", "application/json")])


def _send(answer: Answer, start: StartResponse, exc_info: Any = None) -> Iterable[bytes]:
    headers = [*answer.headers, ("Cache-Control", "no-store"), ("Content-Length", str(len(answer.body)))]
    start(answer.status, headers, exc_info)
    return [answer.body]
