"""HttpUser on a fast client: a request that is plain goes out and comes back in a short way, any other by `requests`.

A user keeps its `HttpSession`, with its settings, cookies and connections. Only `HttpSession.request` is another one,
which does for a plain request what Locust, `requests` and urllib3 would: what they find out once is remembered, and
what is not plain is left to them. `fallbacks` counts that.
"""

from __future__ import annotations

import time
from functools import wraps
from typing import Any

from locust.clients import HttpSession, ResponseContextManager
from requests import RequestException, Response
from requests.exceptions import InvalidSchema, InvalidURL, MissingSchema

from . import fallbacks
from .httpanswer import Answered, Asked
from .httpplan import plan
from .httpshown import show
from .httpwire import ask

_theirs = HttpSession.request
_NO_CONTEXT: dict[str, Any] = {}
_UNKNOWN = "something that the fast client does not know"


def install() -> None:
    """Puts it in place, once, before any user is there."""
    HttpSession.request = _request  # type: ignore[method-assign]


@wraps(_theirs)
def _request(  # noqa: PLR0912, PLR0913, PLR0917 -- Locust's own
    self: HttpSession,
    method: str,
    url: str,
    name: str | None = None,
    catch_response: bool = False,
    context: dict[str, Any] = _NO_CONTEXT,
    *,
    data: Any = None,
    json: Any = None,
    **kwargs: Any,
) -> ResponseContextManager:
    start_time = time.time()
    began = time.perf_counter()
    label = name or self.request_name
    self.explicit_name = label
    asked: Asked | str | None = None
    try:  # noqa: SIM105 -- `suppress` takes longer
        asked = plan(self, method, url, label, data, json, **kwargs)
    except Exception:  # noqa: S110 -- `requests` tells what is wrong
        pass
    if type(asked) is not Asked:
        if asked is not None:
            fallbacks.count(asked)
        left = _theirs(self, method, url, name, catch_response, context, data=data, json=json, **kwargs)
        if asked is None and left.error is None:
            fallbacks.count(_UNKNOWN)
        return left
    response: Response
    try:
        response = _send(asked)
    except (MissingSchema, InvalidSchema, InvalidURL):
        raise
    except RequestException as error:
        response = ResponseContextManager(error)
    # From here on as Locust does it.
    response_time = (time.perf_counter() - began) * 1000
    if type(response) is Answered:
        full_url, path = asked.target.url, asked.target.path
    elif (first := ((response.history and response.history[0]) or response).request) is not None:
        full_url, path = str(first.url), first.path_url
    else:
        full_url, path = self._build_url(url), str(url)
    if self.user:
        context = {**self.user.context(), **context}
    meta = {
        "request_type": method,
        "response_time": response_time,
        "name": label or path,
        "context": context,
        "response": response,
        "exception": None,
        "start_time": start_time,
        "url": full_url,
        "response_length": len(response.content or b""),
    }
    if type(response) is Answered:
        own = vars(response)
        own["_entered"] = False
        own["_manual_result"] = None
        own["_request_event"] = self.request_event
        own["_catch_response"] = catch_response
        own["request_meta"] = meta
        managed: ResponseContextManager = response
    else:
        managed = ResponseContextManager.wrap_response(response, self.request_event, meta, catch_response)
    if not catch_response:
        managed.__exit__(None, None, None)
    return managed


def _send(asked: Asked) -> Response:
    session, route = asked.session, asked.route
    if asked.left is not None:
        if asked.left:
            fallbacks.count(asked.left)
        how = {"timeout": asked.timeout, "allow_redirects": asked.allow_redirects}
        return session.send(asked.prepared, **how, **route.settings)
    sent = time.perf_counter()
    answer, content, text, came = ask(asked.pool, asked.data, asked.prepared.method or "", asked.timeouts)
    asked.elapsed = came - sent
    if text is None:
        return show(asked, answer, content)
    asked.answer = answer
    asked.text = text
    asked.packed = content
    if answer.sets_cookies:
        asked.keep_cookies(session.cookies)
    if content and answer.encoding is not None:
        content = asked.unpack(content, answer.encoding)
    response = Answered.__new__(Answered)
    response.__dict__ = {
        "_asked": asked,
        "_content": content,
        "_content_consumed": True,
        "_next": None,
        "status_code": answer.status,
        "url": asked.target.url,
        "reason": answer.reason.strip(),
        "history": [],
    }
    return response
