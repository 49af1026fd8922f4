"""Hands iterations that are due to idle users of a worker; see `arrivals.py` for when they are.

Users wait for them, first come, first served, so load does not depend on what the target's answers take. What no user
is free for waits for one, for a second at most, and is dropped then.
"""

from __future__ import annotations

import math
import time
from collections import deque
from collections.abc import Callable
from typing import Any

import gevent
from gevent._waiter import Waiter

from .arrivals import LEAD, Schedule, Tickets
from .starts import Starts

PATIENCE = 1.0
"""Seconds for which what is due waits for a user."""
EXACT = 1e-6
"""Positions are sums of floating point numbers: a ticket at the very end of a schedule is not of it."""
_AT_MOST, _AT_LEAST = 0.5, 0.002
"""Seconds between two looks at the schedule: what starts together is answered together, which costs less CPU."""
_MESSAGES = 0.05
"""Seconds in which a worker that was paused reads what it was sent meanwhile, before it starts anything."""


class Queue:
    """Idle users, and what is due and has none. `now` of all methods: seconds of one clock."""

    def __init__(self, starts: Starts) -> None:
        self._starts = starts
        self._idle: deque[Waiter] = deque()
        self._gone: set[Waiter] = set()
        self._handed: dict[Waiter, float] = {}
        """What was given to users that do not run yet."""
        self._due: deque[float] = deque()
        self.open = False
        """Whether anything may start."""

    @property
    def idle(self) -> int:
        return len(self._idle) - len(self._gone)

    @property
    def free(self) -> int:
        """Users that are idle, or about to start what they were given."""
        return self.idle + len(self._handed)

    @property
    def waiting(self) -> int:
        return len(self._due)

    def offer(self, due: float, now: float) -> None:
        """A ticket that was due then: one that is too old is dropped, whether a user is idle or not."""
        if due <= now - PATIENCE:
            self._starts.dropped += 1
            return
        while self._idle:
            user = self._idle.popleft()
            if user in self._gone:
                self._gone.discard(user)
                continue
            self._handed[user] = due
            gevent.get_hub().loop.run_callback(user.switch, due)
            return
        self._due.append(due)

    def drop(self, now: float) -> None:
        """Gives up what has waited for too long."""
        while self._due and self._due[0] <= now - PATIENCE:
            self._due.popleft()
            self._starts.dropped += 1

    def close(self) -> None:
        """Nothing starts any more."""
        self.open = False
        self._starts.dropped += len(self._due)
        self._due.clear()

    @property
    def oldest(self) -> float | None:
        return self._due[0] if self._due else None

    def take(self) -> float:
        """Waits for a ticket, in the user's greenlet: gives when it was due."""
        if self._due and self.open:
            return self._due.popleft()
        user = Waiter()
        self._idle.append(user)
        try:
            due = user.get()
        except BaseException:
            if user not in self._handed:
                self._gone.add(user)
            elif self.open:
                self._due.appendleft(self._handed[user])
            self._handed.pop(user, None)
            raise
        del self._handed[user]
        return due


class Scheduler:
    """Offers this worker's tickets when they are due."""

    def __init__(self, clock: Callable[[], float] = time.perf_counter) -> None:
        self.starts = Starts()
        self.queue = Queue(self.starts)
        self._clock = clock
        self._schedule = Schedule()
        self._began = 0.0
        self._tickets: Tickets | None = None
        self._timer: Any = None
        """Of gevent's loop: it takes a third of the CPU of a greenlet that waits for an event."""
        self._planned = math.inf
        """When the next look is to be."""
        self._reads = False
        """Messages come first, as this process was paused."""

    def begin(self, tickets: Tickets, age: float) -> None:
        """The schedule is `age` seconds old."""
        self._tickets, self._began = tickets, self._clock() - age
        self.queue.open = True

    @property
    def tickets(self) -> Tickets | None:
        return self._tickets

    def follow(self, schedule: Schedule) -> None:
        """From now on this is the schedule; shares may have changed as well."""
        self._schedule = schedule
        if self._timer is not None:
            self.run()

    def run(self) -> None:
        """Looks at what is due by itself from now on, until it is stopped."""
        self._look_after(0.0)

    def _look_after(self, seconds: float) -> None:
        if self._timer is not None:
            self._timer.close()
        self._timer = gevent.get_hub().loop.timer(seconds)
        self._timer.start(self._on_time)

    def _on_time(self) -> None:
        self._look_after(max(0.0, self.step() - self._clock()))

    def step(self) -> float:
        """Offers what is due, and gives up what has waited for too long: until when there is nothing to do."""
        now = self._clock()
        # This process was paused for longer than changes are told ahead: others may have its tickets by now. It waits
        # only once, as a worker without enough CPU is always late.
        self._reads = now - self._planned > LEAD and not self._reads
        self._planned = now + _MESSAGES if self._reads else self._look(now)
        return self._planned

    def _look(self, now: float) -> float:
        self.queue.drop(now)
        wake = now + _AT_MOST
        if (oldest := self.queue.oldest) is not None:
            wake = min(wake, oldest + PATIENCE)
        if self._tickets is None or not self.queue.open:
            return wake
        age = now - self._began
        due = self._schedule.position(age) - EXACT
        while self._tickets.peek(due) is not None:
            self.queue.offer(self._began + self._schedule.second(self._tickets.take()), now)
        coming = self._tickets.peek(self._schedule.position(age + _AT_MOST) - EXACT)
        if coming is not None:
            wake = min(wake, self._began + self._schedule.second(coming + EXACT))
        return max(wake, now + _AT_LEAST)

    def stop(self) -> None:
        self.queue.close()
        if self._timer is not None:
            self._timer.close()
            self._timer = None

    def take(self) -> float:
        """Waits for an iteration, in the user's greenlet: gives by how many seconds it is late."""
        self.queue.drop(self._clock())
        due = self.queue.take()
        lag = max(0.0, self._clock() - due)
        self.starts.start(lag)
        return lag

    def answer(self) -> dict[str, Any]:
        """What became of this worker's tickets so far."""
        return self.starts.answer(self.queue.waiting, self.queue.free)
