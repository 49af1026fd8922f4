"""Knows which requests of a worker's users have no answer yet, and counts those that a stop has cut off.

Locust counts a request when it ends. One that its user is in when the run is over, and the grace as well, would be in
no total, so that a target which stops answering would look like one that answers all it is asked.
"""

from __future__ import annotations

import functools
import time
from collections.abc import Callable
from typing import Any, NamedTuple

import gevent
import requests
from gevent import GreenletExit
from locust import User
from locust.clients import HttpSession
from locust.contrib.fasthttp import FastHttpSession
from locust.env import Environment
from locust.runners import Runner
from locust.stats import StatsError
from locust.user.task import LOCUST_STATE_STOPPING, LOCUST_STATE_WAITING
from requests.sessions import merge_setting

from .patching import only_tested

_NO_ANSWER = "no answer"
_LONG_ENOUGH = 0.9
"""Of the stop timeout: a farewell gets as much from one timer to the next, less what a switch of greenlets takes."""


class _Request(NamedTuple):
    """What its client was asked; `began`: monotonic seconds, `name`: the script's own."""

    began: float
    session: Any
    method: str
    url: Any
    name: str | None
    params: Any


_under_way: dict[int, tuple[Any, ...]] = {}
"""By identity, what a `_Request` is made of; those that began earlier come first."""


class Unanswered:
    """Follows the requests of HttpUser and FastHttpUser; create it once, in `events.init` of a worker.

    A user that Locust kills because it has not ended within the stop timeout leaves its request as a failure in the
    statistics, where that has waited for as long as the stop timeout: a user that goes on asking until it is killed
    does not tell of the target. Those of a name are one failure, `no answer within 47 s`: none has waited less. The
    script's listeners of `request` are not told: as with Locust alone, they hear of requests that have ended. Whatever
    else ends a request, such as a script that kills a greenlet of its own, is as ever.
    """

    def __init__(
        self,
        environment: Environment,
        runner: Runner,
        told: Callable[[User | None, str, str, float], None] | None = None,
    ) -> None:
        """`told`: hears of each that is counted: its user, method, name and ms."""
        self._told = told
        self._environment = environment
        self._runner = runner
        self._stop_users = runner.stop_users
        self._killed: set[User] = set()
        """Users that waited when they were asked to end: they are about to be killed."""
        self._late: set[gevent.Greenlet] = set()
        """Of users that have not ended within the stop timeout. Locust kills them next."""
        self.cut_off = 0
        """Requests of the latest run that were counted here."""
        runner.stop_users = self.stop_users  # type: ignore[method-assign]
        self._note_killed()
        for session in (HttpSession, FastHttpSession):
            self._watch(session)

    @property
    def count(self) -> int:
        return len(_under_way)

    @property
    def oldest(self) -> float:
        """Seconds for which the oldest of them has waited; 0 without one."""
        first = next(iter(_under_way.values()), None)
        return 0.0 if first is None else time.monotonic() - first[0]

    def report(self) -> dict[str, float]:
        """For the master: requests without an answer yet, how long the oldest waits, and those that were cut off."""
        return {"underWay": self.count, "oldestWait": round(self.oldest, 1), "cutOff": self.cut_off}

    def stop_users(self, counts: dict[str, int]) -> None:
        """Locust's, which asks users to end, and kills those that have not within the stop timeout."""
        grace = self._environment.stop_timeout or 0
        timers = [
            gevent.spawn_later(grace, self._note_late),
            # A killed user still does its `on_stop`. Where that asks what does not answer, Locust waits for ever.
            gevent.spawn_later(2 * grace, self._kill_again),
        ]
        try:
            self._stop_users(counts)
            self._count_left()
        finally:
            gevent.killall(timers, block=False)
            self._late = set()
            self._killed.clear()

    @only_tested("locust")
    def _watch(self, session: Any) -> None:
        theirs = session.request

        @functools.wraps(theirs)
        def request(client: Any, method: str, url: Any, name: str | None = None, *args: Any, **more: Any) -> Any:
            one = (time.monotonic(), client, method, url, name or client.request_name, more.get("params"))
            if client.user in self._killed:
                # Its wait was over in the turn in which it was to be killed: it ends here, with nothing sent.
                gevent.sleep(0)
            key = id(one)
            _under_way[key] = one
            try:
                return theirs(client, method, url, name, *args, **more)
            except GreenletExit:
                if gevent.getcurrent() in self._late:
                    self._count(_Request(*one))
                raise
            finally:
                _under_way.pop(key, None)

        session.request = request

    @only_tested("locust")
    def _note_killed(self) -> None:
        theirs = User.stop

        def stop(user: User, force: bool = False) -> bool:
            if user._state == LOCUST_STATE_WAITING:
                self._killed.add(user)
            return theirs(user, force)

        User.stop = stop  # type: ignore[method-assign]

    def _note_late(self) -> None:
        users = [next(iter(greenlet.args), None) for greenlet in self._runner.user_greenlets]
        self._late = {user._greenlet for user in users if user is not None and user._state == LOCUST_STATE_STOPPING}

    def _kill_again(self) -> None:
        gevent.killall([greenlet for greenlet in self._late if not greenlet.dead], block=False)

    def _count_left(self) -> None:
        """Those that greenlets of such a user's own have: nobody waits for their answers any more."""
        for key, one in list(_under_way.items()) if self._late else ():
            request = _Request(*one)
            if getattr(request.session.user, "_greenlet", None) in self._late:
                del _under_way[key]
                self._count(request)

    def _count(self, request: _Request) -> None:
        waited = time.monotonic() - request.began
        if waited < _LONG_ENOUGH * (self._environment.stop_timeout or 0):
            return
        method, name, stats = request.method, _name(request), self._environment.stats
        self.cut_off += 1
        stats.log_request(method, name, waited * 1000, 0)  # type: ignore[arg-type]
        stats.log_error(method, name, _NO_ANSWER)
        if self._told is not None:
            self._told(getattr(request.session, "user", None), method, name, waited * 1000)
        row = stats.errors[StatsError.create_key(method, name, _NO_ANSWER)]
        row.error = _shortest(row.error, f"{_NO_ANSWER} within {int(waited)} s")


def merge(errors: dict[str, StatsError], reported: dict[str, dict[str, Any]]) -> None:
    """Gives a failure that several workers report the shortest of their waits. Call it before Locust adds them up."""
    for key, error in reported.items():
        if key in errors and error["error"].startswith(_NO_ANSWER):
            errors[key].error = _shortest(errors[key].error, error["error"])


def _shortest(known: Any, told: str) -> str:
    """The text with the shorter wait: all requests of a name share one failure, so it must hold for each."""
    return told if known == _NO_ANSWER else min(known, told, key=lambda text: (len(text), text))


def _name(request: _Request) -> str:
    """As the client would report it."""
    _, session, method, url, name, params = request
    if name or not isinstance(session, HttpSession):
        return name or str(url)
    try:
        merged = merge_setting(params, session.params)
        return requests.Request(method, session._build_url(url), params=merged).prepare().path_url
    except (requests.RequestException, ValueError):
        return str(url)
