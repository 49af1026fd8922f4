"""Which requests of HttpUser the fast client takes, and where they go.

What `requests` finds out for each request is kept for as long as nothing of it can have changed.
"""

from __future__ import annotations

import http.client
import logging
import os
from typing import Any
from weakref import ref

from locust.clients import HttpSession, LocustHttpAdapter
from requests import PreparedRequest, Session, adapters, sessions
from requests.adapters import HTTPAdapter
from requests.cookies import RequestsCookieJar
from requests.utils import select_proxy
from urllib3 import PoolManager
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.util import Retry

from .httpurls import Cookies, Target

_BYPASSED: dict[Any, tuple[str, ...]] = {
    sessions: ("extract_cookies_to_jar", "merge_setting"),
    adapters: ("extract_cookies_to_jar",),
    http.client.HTTPConnection: ("putheader",),
    HttpSession: ("_send_request_safe_mode", "prepare_request", "__getattribute__"),
    Session: ("request", "send", "merge_environment_settings", "get_adapter"),
    HTTPAdapter: ("send", "build_response", "add_headers", "request_url"),
    HTTPConnectionPool: ("urlopen", "_make_request", "_get_conn", "_put_conn", "_new_conn"),
    HTTPConnection: ("request", "putrequest", "putheader", "send", "getresponse"),
    PreparedRequest: ("prepare", "prepare_url", "prepare_headers", "prepare_body", "prepare_auth", "prepare_cookies"),
}
"""What the fast client does not call for each request: who has something else in its place wants that called."""
_OF_SESSION = frozenset(_BYPASSED[HttpSession] + _BYPASSED[Session]) - {"request"}
_AS_EVER = {(owner, name): getattr(owner, name) for owner, names in _BYPASSED.items() for name in names}
_SEND, _ASK, _PASS, _OPEN = Session.send, Session.request, HTTPAdapter.send, HTTPConnectionPool.urlopen
_SAFE, _PREPARE = HttpSession._send_request_safe_mode, HttpSession.prepare_request

_says_all = logging.getLogger("urllib3.connectionpool").isEnabledFor

_PREFIXES = {"https://", "http://"}
"""Of the adapters that a session has by itself."""
NO_HOOKS: dict[str, list[Any]] = {"response": []}
_NO_RETRIES = vars(Retry(0, read=False))

_VARIABLES = tuple(
    os.environ.encodekey(name)  # type: ignore[attr-defined]
    for lower in ("http_proxy", "https_proxy", "all_proxy", "no_proxy")
    for name in (lower, lower.upper())
) + tuple(
    os.environ.encodekey(name)  # type: ignore[attr-defined]
    for name in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "NETRC", "HOME", "REQUEST_METHOD")
)
_values = os.environ._data  # type: ignore[attr-defined]


class State:
    """What the fast client remembers of a session."""

    __slots__ = ("cookies", "kind", "routes")

    def __init__(self, kind: type[HttpSession]) -> None:
        self.kind = kind
        self.routes: dict[Any, Route] = {}
        self.cookies = Cookies()


class Route:
    """Where a session's requests to a server go. `token`: what of the environment they depend on.

    The pool of connections is the adapter's alone: it closes them by forgetting the pool. `key`: where it keeps it.
    """

    __slots__ = (
        "adapter",
        "adapters",
        "environment",
        "key",
        "pool",
        "pool_settings",
        "retries",
        "settings",
        "size",
        "token",
        "trusts",
        "verify",
    )

    adapter: HTTPAdapter
    adapters: tuple[Any, ...]
    environment: tuple[Any, ...]
    key: Any
    pool: ref[HTTPConnectionPool]
    pool_settings: dict[str, Any]
    retries: Any
    settings: dict[str, Any]
    size: int
    token: int
    trusts: bool
    verify: bool | str | None


def unfit(session: HttpSession) -> str | None:  # noqa: PLR0911 -- one for each reason
    """Why all requests of a session are for `requests`; None where they are not."""
    if (
        Session.send is not _SEND
        or Session.request is not _ASK
        or HTTPAdapter.send is not _PASS
        or HTTPConnectionPool.urlopen is not _OPEN
        or HttpSession._send_request_safe_mode is not _SAFE
        or HttpSession.prepare_request is not _PREPARE
    ):
        return _changed()
    own = vars(session)
    if "_fast" not in own or own["_fast"].kind is not type(session):
        reason = _changed() or _of_class(type(session))
        if reason is not None:
            return reason
        own["_fast"] = State(type(session))
    if _says_all(logging.DEBUG) or HTTPConnection.debuglevel:
        return "what urllib3 and http.client write of each request for debugging"
    if not own.keys().isdisjoint(_OF_SESSION):
        return "a method of the session that the script replaces"
    if session.hooks != NO_HOOKS:
        return "hooks"
    if session.proxies:
        return "proxies"
    if session.cert:
        return "cert"
    if session.stream:
        return "stream=True"
    if type(session.cookies) is not RequestsCookieJar:
        return "a cookie jar of the script"
    return None


def _changed() -> str | None:
    for (owner, name), theirs in _AS_EVER.items():
        if getattr(owner, name) is not theirs:
            return f"{owner.__name__}.{name}, which other code replaces"
    return None


def _of_class(kind: type) -> str | None:
    for name in sorted(_OF_SESSION):
        if getattr(kind, name) is not getattr(HttpSession, name):
            return f"a session class with a {name} of its own"
    return None


def environment() -> tuple[Any, ...]:
    """What of the environment `requests` looks at where it trusts it, which Locust's sessions do not by themselves."""
    return (len(_values), *map(_values.get, _VARIABLES))


def find_route(session: HttpSession, target: Target, verify: Any) -> tuple[Route, HTTPConnectionPool] | str:
    """The way to a server, and its pool as long as it is needed; or why it is for `requests`.

    Raises:
        Exception: as `requests` does, which has to tell it
    """
    routes = vars(session)["_fast"].routes
    key: Any = target.origin if verify is None else (target.origin, verify)
    if len(session.adapters) != len(_PREFIXES):  # one may be for some of an origin's paths
        key = (key, session.get_adapter(target.url))
    route = routes.get(key)
    if (
        route is not None
        and (pool := route.pool()) is not None
        and pool.pool is not None
        and route.verify is session.verify
        and route.trusts is session.trust_env
        and (not route.trusts or route.environment == environment())
        and route.adapters == tuple(session.adapters.values())
        and _is_kept(pool, route)
    ):
        return route, pool
    made = _make_route(session, target, verify)
    if type(made) is tuple:
        if len(routes) >= made[0].adapter.poolmanager.pools._maxsize:
            routes.clear()
        routes[key] = made[0]
    return made


def _is_kept(pool: HTTPConnectionPool, route: Route) -> bool:
    """Whether the adapter would take it, which then knows that it was used: it keeps those that were used last."""
    adapter = route.adapter
    manager = adapter.poolmanager
    if (
        adapter.max_retries is not route.retries
        or len(vars(adapter)) != route.size
        or manager.connection_pool_kw != route.pool_settings
    ):
        return False
    pools = manager.pools
    return next(reversed(pools._container.values()), None) is pool or pools.get(route.key) is pool


_tokens: dict[Any, int] = {}


def _make_route(  # noqa: PLR0911 -- one for each reason
    session: HttpSession, target: Target, verify: Any
) -> tuple[Route, HTTPConnectionPool] | str:
    if not all(one is None or type(one) in (bool, str) for one in (verify, session.verify)):
        return "verify that is no path"
    adapter = session.get_adapter(target.url)
    if (
        not session.adapters.keys() >= _PREFIXES
        or type(adapter) not in (LocustHttpAdapter, HTTPAdapter)
        or not vars(adapter).keys().isdisjoint(dir(HTTPAdapter))
    ):
        return "an adapter of the script"
    if vars(adapter.max_retries) != _NO_RETRIES:
        return "an adapter that tries again"
    if type(adapter.poolmanager) is not PoolManager:
        return "a pool manager of the script"
    settings = session.merge_environment_settings(target.url, {}, None, verify, None)
    if select_proxy(target.url, settings["proxies"]):
        return "a proxy"
    request = PreparedRequest()
    request.url = target.url
    pool = adapter.get_connection_with_tls_context(request, settings["verify"], settings["proxies"])
    adapter.cert_verify(pool, target.url, settings["verify"], None)
    if (type(pool), pool.ConnectionCls) not in (
        (HTTPConnectionPool, HTTPConnection),
        (HTTPSConnectionPool, HTTPSConnection),
    ):
        return "a connection pool of the script"
    route = Route()
    route.adapter = adapter
    route.adapters = tuple(session.adapters.values())
    route.environment = environment() if session.trust_env else ()
    route.key = next(reversed(adapter.poolmanager.pools._container))
    route.pool = ref(pool)
    route.pool_settings = adapter.poolmanager.connection_pool_kw.copy()
    route.retries = adapter.max_retries
    route.settings = settings
    route.size = len(vars(adapter))
    route.trusts = session.trust_env
    route.verify = session.verify
    route.token = _tokens.setdefault(route.environment, len(_tokens))
    return route, pool
