"""Hands iterations that are due to idle users of a worker; see `arrivals.py` for when they are.

Users wait for them, first come, first served, so load does not depend on what the target's answers take. What no user
is free for waits for one, for a second at most, and is dropped then. What became of all is counted here, and added up
for all workers.
"""

from __future__ import annotations

import math
import time
from collections import Counter, deque
from collections.abc import Callable
from typing import Any

import gevent
from gevent._waiter import Waiter

from .arrivals import LEAD, Schedule, Tickets
from .run import REPORT_INTERVAL, WINDOW

PATIENCE = 1.0
"""Seconds for which what is due waits for a user."""
LATE = 0.01
"""Seconds after which a start counts as late."""
EXACT = 1e-6
"""Positions are sums of floating point numbers: a ticket at the very end of a schedule is not of it."""
_AT_MOST, _AT_LEAST = 0.5, 0.002
"""Seconds between two looks at the schedule: what starts together is answered together, which costs less CPU."""
_MESSAGES = 0.05
"""Seconds in which a worker that was paused reads what it was sent meanwhile, before it starts anything."""
_COUNTS = ("started", "dropped", "late", "waiting", "underWay", "ready")


class Starts:
    """What became of a worker's tickets in a run, and by how many ms starts were late."""

    def __init__(self) -> None:
        self.started = self.dropped = self.late = 0
        self.lags: Counter[float] = Counter()
        self.under_way = 0
        """Iterations that are not over."""

    def start(self, lag: float) -> None:
        """`lag`: seconds between when it was due and when it starts."""
        self.started += 1
        self.under_way += 1
        self.late += lag > LATE
        self.lags[rounded(lag * 1000)] += 1

    def answer(self, queue: Queue) -> dict[str, Any]:
        told = {"started": self.started, "dropped": self.dropped, "late": self.late, "underWay": self.under_way}
        here = {"waiting": queue.waiting, "ready": queue.free + self.under_way}
        return {**told, **here, "lags": sorted(self.lags.items())}


def rounded(lag: float) -> float:
    """To a tenth of a ms below ten, else to two digits, so that few values stand for all."""
    if lag < 10:
        return round(lag, 1)
    return float(round(lag) if lag < 100 else round(lag, -1) if lag < 1000 else round(lag, -2))


class StartsOfWorkers:
    """The master's sum. Workers tell how many there were since the start of the run: a lost one's last word counts."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._recent: dict[str, deque[tuple[float, int]]] = {}

    def see(self, client_id: str, started: int) -> None:
        """A worker's report of this run."""
        now = self._clock()
        starts = self._recent.setdefault(client_id, deque([(now - REPORT_INTERVAL, 0)]))
        starts.append((now, started))
        while len(starts) > 2 and now - starts[1][0] >= WINDOW:
            starts.popleft()

    def answer(self, told: list[dict[str, Any]]) -> dict[str, Any]:
        """`told`: the last word of each worker of the run. The part of `ArrivalsStatus` that follows from it."""
        counts = {name: sum(one[name] for one in told) for name in _COUNTS}
        return {**counts, "startedPerSecond": round(self._per_second(), 2), "lag": lag_of_all(told)}

    def _per_second(self) -> float:
        now = self._clock()
        recent = [starts for starts in self._recent.values() if now - starts[-1][0] < WINDOW]
        return sum((one[-1][1] - one[0][1]) / max(1.0, one[-1][0] - one[0][0]) for one in recent)


def lag_of_all(told: list[dict[str, Any]]) -> dict[str, float | None]:
    """In ms, over all workers."""
    counts: Counter[float] = Counter()
    for one in told:
        for lag, count in one["lags"]:
            counts[lag] += count
    lags = sorted(counts)
    total = sum(counts.values())
    found: dict[str, float | None] = {}
    for name, share in (("p50", 0.5), ("p99", 0.99)):
        seen, found[name] = 0, None
        for lag in lags:
            seen += counts[lag]
            if seen >= share * total:
                found[name] = lag
                break
    found["max"] = lags[-1] if lags else None
    return found


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
    """Offers this worker's tickets when they are due, in a greenlet of its own, until it is stopped."""

    def __init__(self, clock: Callable[[], float] = time.perf_counter) -> None:
        self.starts = Starts()
        self.queue = Queue(self.starts)
        self._clock = clock
        self._schedule = Schedule()
        self._began = 0.0
        self._tickets: Tickets | None = None
        self._changed = gevent.event.Event()
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
        self._changed.set()

    def run(self) -> None:
        while True:
            self._changed.clear()
            self._changed.wait(max(0.0, self.step() - self._clock()))

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

    def take(self) -> float:
        """Waits for an iteration, in the user's greenlet: gives by how many seconds it is late."""
        self.queue.drop(self._clock())
        due = self.queue.take()
        lag = max(0.0, self._clock() - due)
        self.starts.start(lag)
        return lag
