"""The short way of a FastHttpUser's request: head and answer as bytes, and everything else where somebody looks.

A request that is like an earlier one is sent with its head (`heads.py`). Once an answer is there, Locust is told of
it, and what else the client makes of an answer is made when the script asks for it (`late.py`). Redirects, broken
answers and connections go the client's own way from there: what follows and what is told of them is its own.
"""

from __future__ import annotations

import time
from functools import wraps
from typing import Any

import gevent
from locust.contrib import fasthttp
from locust.contrib.fasthttp import FAILURE_EXCEPTIONS, FastHttpSession, FastResponse, ResponseContextManager

from . import heads, late, sending
from .heads import Asked, Known
from .late import Kept


def install() -> None:
    """Does it for all sessions; what was installed before goes on."""
    FastHttpSession.request = _request
    FastHttpSession._send_request_safe_mode = _send
    late.install()


_their_request = FastHttpSession.request
_their_send = FastHttpSession._send_request_safe_mode


def _send(self: Any, method: str, url: str, **options: Any) -> Any:
    lesson = sending.lessons.get(gevent.getcurrent())
    if lesson is not None and lesson.headers is None:
        lesson.headers = options.get("headers")
    return _their_send(self, method, url, **options)


@wraps(_their_request)
def _request(  # noqa: PLR0913, PLR0917 -- Locust's own
    self: Any,
    method: str,
    url: str,
    name: str | None = None,
    data: Any = None,
    catch_response: bool = False,
    stream: bool = False,
    headers: dict[str, str] | None = None,
    auth: Any = None,
    json: Any = None,
    allow_redirects: bool = True,
    context: dict[str, Any] = {},  # noqa: B006
    **more: Any,
) -> Any:
    agent, asked, head = self.client, None, None
    plain = not stream and type(self) is FastHttpSession and (not more or (len(more) == 1 and "params" in more))
    if plain and type(agent) is fasthttp.LocustUserAgent and agent.response_type is FastResponse:
        asked = heads.ask(self, method, url, data, headers, auth, json, more.get("params"))
    if asked is not None:
        try:
            head = heads.known(asked.key)
        except KeyError:
            options = (name, data, catch_response, stream, headers, auth, json, allow_redirects, context)
            return _learn(asked, headers, self, method, url, *options, **more)
        except TypeError:  # a field with several lines is a list
            head = None
    client = None if head is None else agent.clientpool.clients.get(head.client_key)
    if client is None or asked.path in head.moved or not head.fits(client):
        options = (name, data, catch_response, stream, headers, auth, json, allow_redirects, context)
        return _their_request(self, method, url, *options, **more)

    start_time = time.time()
    if self.user:
        context = {**self.user.context(), **context}
    built = f"{self.base_url}{url}"
    name = name or self.request_name or url
    if more.get("params"):
        more["params"] = dict(more["params"])
    begun = time.perf_counter()
    response = _exchange(self, client, method, built, asked, head, headers, allow_redirects, more)
    exception, length = None, 0
    try:
        content = response.content
        length = len(content) if content else 0
    except FAILURE_EXCEPTIONS as error:
        exception = error
    spent = (time.perf_counter() - begun) * 1000
    if exception is None:
        try:
            response.raise_for_status()
        except FAILURE_EXCEPTIONS as error:
            exception = error
    meta = {
        "request_type": method,
        "name": name,
        "context": context,
        "response": response,
        "exception": exception,
        "start_time": start_time,
        "url": built,
        "response_length": length,
        "response_time": spent,
    }
    if catch_response:
        return ResponseContextManager(response, self.request_event, meta, catch_response)
    self.request_event.fire(**meta)
    return response


def _learn(asked: Asked, headers: dict[str, str] | None, *args: Any, **options: Any) -> Any:
    """Has the client do it, and sees what it sends."""
    me, lesson = gevent.getcurrent(), sending.Lesson()
    sending.lessons[me] = lesson
    try:
        response = _their_request(*args, **options)
    finally:
        sending.lessons.pop(me, None)
    if lesson.client is not None:
        heads.learn(asked, headers, lesson)
    return response


def _exchange(  # noqa: PLR0913, PLR0917
    self: Any,
    client: Any,
    method: str,
    url: str,
    asked: Asked,
    head: Known,
    headers: dict[str, str] | None,
    allow_redirects: bool,
    more: dict[str, Any],
) -> Any:
    """The response to a request: a late one, or the client's own where that had to go on."""
    agent, pool = self.client, client._connection_pool
    text = head.fill(asked)
    own = {**headers, **head.extras} if headers else head.extras
    begun = time.perf_counter()
    outcome: Any
    try:
        data = text.encode("latin-1") + asked.body
        outcome = sending.start(pool, data, method.upper(), agent.redirect_response_codes)
        answer, sock, received, _ = outcome
    except BaseException as error:  # it is raised where the client would
        outcome, answer = error, None
    if answer is not None and answer.head.status not in agent.redirect_response_codes:
        kept = Kept(answer, received, agent, method, url, asked, own, more.get("params"), text)
        response = late.response_of(kept, time.perf_counter() - begun)
        if answer.head.status in agent.valid_response_codes or late.set_error(response):
            (pool.return_socket if answer.head.keeps_open else pool.release_socket)(sock)
            if answer.head.sets_cookies:
                agent.cookiejar.extract_cookies(response, response.request)
            return response
    elif answer is not None and len(head.moved) < heads.MOST_MOVED:
        head.moved.add(asked.path)
    me = gevent.getcurrent()
    sending.outcomes[me] = (text, outcome)
    codes = agent.redirect_response_codes
    if not allow_redirects:
        agent.redirect_response_codes = frozenset()
    try:
        return self._send_request_safe_mode(method, url, payload=asked.payload, headers=dict(own), **more)
    finally:
        sending.outcomes.pop(me, None)
        if not allow_redirects:
            agent.redirect_response_codes = codes
