"""What a call of HttpUser's client sends: with a head that is known, or one that `requests` writes for it alone."""

from __future__ import annotations

from typing import Any

from locust.clients import HttpSession
from requests import Request
from requests.auth import HTTPBasicAuth
from requests.compat import json as their_json
from requests.sessions import merge_setting
from requests.structures import CaseInsensitiveDict

from .httpanswer import Asked
from .httpheads import find_head, make_head, write_prepared
from .httproute import NO_HOOKS, find_route, unfit
from .httpurls import encode_params, find_target

_FOR_EVER = (None, None)
_MOST_NAMES = 4096


def plan(  # noqa: PLR0913, PLR0917 -- those of `requests`
    session: HttpSession,
    method: str,
    url: str,
    name: str | None,
    data: Any,
    json: Any,
    params: Any = None,
    headers: Any = None,
    cookies: Any = None,
    files: Any = None,
    auth: Any = None,
    timeout: Any = None,
    allow_redirects: bool = True,
    proxies: Any = None,
    hooks: Any = None,
    stream: Any = None,
    verify: Any = None,
    cert: Any = None,
) -> Asked | str:
    """A request that is ready to be sent; or why it is for `requests`.

    Raises:
        Exception: something is wrong with it, which is for `requests` to tell
    """
    if stream or hooks or proxies or cert:
        return "stream=True" if stream else "hooks=" if hooks else "proxies=" if proxies else "cert="
    reason = unfit(session)
    if reason is not None:
        return reason
    timeouts = _FOR_EVER if timeout is None else _timeouts(timeout)
    url = session._build_url(url)
    target = find_target(url, merge_setting(params or {}, session.params) if session.params else params)
    found = find_route(session, target, verify)
    if type(found) is str:
        return found
    asked = Asked(session, name, target, *found, timeouts, allow_redirects)
    request = (method.upper(), url, headers, files, data or {}, params or {}, auth, cookies, None, json)
    if cookies or files or not _cut_out(asked, request):
        _write(asked, Request(*request))
    return asked


def _timeouts(timeout: Any) -> tuple[Any, Any]:
    timeouts = timeout if type(timeout) is tuple else (timeout, timeout)
    connect, read = timeouts
    for seconds in timeouts:
        if seconds is not None and (type(seconds) not in (int, float) or seconds <= 0):
            raise ValueError(timeout)
    return connect, read


def _write(asked: Asked, request: Request) -> None:
    """One that is unlike others: an object for authentication is asked once, so it cannot begin anew after this."""
    asked.prepared = asked.session.prepare_request(request)
    asked.whole = True
    if asked.prepared.hooks != NO_HOOKS:
        asked.left = "authentication that looks at answers"
        return
    if asked.prepared.url != asked.target.url:
        asked.left = "authentication that changes the URL"
        return
    body = asked.prepared.body
    if body is not None and not (isinstance(body, (str, bytes)) and body):
        asked.left = "a body that is no plain text or bytes"
        return
    try:
        asked.data = write_prepared(asked.prepared, asked.pool)
    except Exception:
        asked.left = ""  # urllib3 tells what is wrong


def _cut_out(asked: Asked, request: tuple[Any, ...]) -> bool:  # noqa: PLR0911 -- one for each reason
    """Uses the head of requests that are alike; False where there can be none."""
    method, _, headers, _, data, _, auth, _, _, json = request
    session, target, route = asked.session, asked.target, asked.route
    fields, given = _fields(session.headers), _fields(headers) if headers else None
    auth = session.auth if auth is None else auth
    if type(auth) is HTTPBasicAuth:
        auth = (auth.username, auth.password)
    if fields is None or (given is None and headers) or not (auth is None or _is_basic(auth)):
        return False
    body: Any = None
    kind = ""
    if data:
        if type(data) not in (str, bytes, dict, list, tuple):
            return False
        kind = "form" if type(data) not in (str, bytes) else "raw"
        body = encode_params(data)
        if not body:
            return False
    elif json is not None:
        kind = "json"
        body = their_json.dumps(json, allow_nan=False)
        if not isinstance(body, bytes):
            body = body.encode("utf-8")
    try:
        cookie = None
        if session.cookies._cookies:  # type: ignore[attr-defined]
            if _is_told(fields, given):
                return False
            cookie = vars(session)["_fast"].cookies.header(session.cookies, target)
        key = (target.origin, method, kind, fields, given, auth, route.token, cookie is not None)
        head = find_head(key)
    except TypeError:  # a value that is no text
        return False
    if head is None:
        try:
            head = make_head(asked, key, request, cookie)
        except ValueError:
            return False
    encoded = body.encode("utf-8") if type(body) is str else body
    asked.prepared, asked.head, asked.cookie, asked.body = head.shape.prepared, head, cookie, body
    asked.data = head.write(target, cookie, 0) if body is None else head.write(target, cookie, len(encoded)) + encoded
    return True


def _fields(headers: Any) -> tuple[Any, ...] | None:
    kind = type(headers)
    if kind is CaseInsensitiveDict:
        return tuple(headers._store.values())
    return tuple(headers.items()) if kind is dict else None


def _is_basic(auth: Any) -> bool:
    return type(auth) is tuple and len(auth) == 2 and all(type(one) in (str, bytes) for one in auth)


_named: dict[Any, bool] = {}


def _is_told(*fields: tuple[Any, ...] | None) -> bool:
    """Whether a request has a field that the jar's cookies depend on."""
    told = _named.get(fields)
    if told is None:
        if len(_named) >= _MOST_NAMES:
            _named.clear()
        names = [name for some in fields for name, _ in some or ()]
        told = _named[fields] = any(str(name).lower() in ("cookie", "host", "b'cookie'", "b'host'") for name in names)
    return told
