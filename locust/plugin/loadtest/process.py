"""How much CPU and memory this process uses and may use; how many files; when Python looks for garbage in it."""

from __future__ import annotations

import gc
import os
import resource
import time
from collections.abc import Callable, Iterator
from pathlib import Path, PurePosixPath
from typing import Any

import gevent
import psutil
from locust.env import Environment

# cgroup v1 writes "no limit" as a number near 2**63.
_NO_LIMIT = 2**60


def cpu_seconds() -> float:
    own = resource.getrusage(resource.RUSAGE_SELF)
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    return own.ru_utime + own.ru_stime + children.ru_utime + children.ru_stime


def wait_seconds() -> float:
    """For which the main thread could have run and other processes did; 0 where the kernel does not tell.

    A process that gets no CPU is as late as one that needs more than it may use, and its own CPU does not show it.
    """
    try:
        return int(Path("/proc/self/schedstat").read_text().split()[1]) / 1e9
    except (OSError, ValueError, IndexError):
        return 0.0


class Meter:
    """By how much seconds of something grow in a second; of CPU time these are cores: 0.5 is half of one."""

    def __init__(self, shortest: float = 0.5, seconds: Callable[[], float] = cpu_seconds) -> None:
        """`shortest`: seconds; a sample sooner than that after the last one repeats it, as it would only be noise.

        `seconds`: what is measured; else CPU time of this process and of its children that have ended.
        """
        self._shortest = shortest
        self._seconds = seconds
        self._rate = 0.0
        self._last = seconds()
        self._wall = time.monotonic()

    def sample(self) -> float:
        """Since the last sample: 0 or more."""
        wall = time.monotonic()
        elapsed = wall - self._wall
        if elapsed >= self._shortest:
            now = self._seconds()
            self._rate = max(0.0, (now - self._last) / elapsed)
            self._last, self._wall = now, wall
        return self._rate


class LoopWatch:
    """What users wait for beside their target: gevent's loop, which goes on only when what runs waits by gevent.

    It computes, waits for a CPU that others have, or is blocked by what does not wait by gevent, such as a C library:
    all users stand still meanwhile, and their answers look slow.
    """

    def __init__(self) -> None:
        self._idle = self._delay = 0.0
        self._since = time.perf_counter()
        loop = gevent.get_hub().loop
        # Behind gevent's own callbacks, right before the loop waits, and ahead of all else when it does no more.
        self._watchers = (loop.prepare(ref=False, priority=loop.MINPRI), loop.check(ref=False, priority=loop.MAXPRI))
        self._watchers[0].start(self._before)
        self._watchers[1].start(self._after)

    def _before(self) -> None:
        now = time.perf_counter()
        turn = now - self._since
        self._since = now
        # An answer that comes at any moment of this turn waits for half of it on average.
        self._delay += turn * turn / 2

    def _after(self) -> None:
        now = time.perf_counter()
        self._idle += now - self._since
        self._since = now

    def busy(self) -> float:
        """Seconds in which the loop did not wait, since any moment, for the difference of two; ask in a greenlet."""
        return time.perf_counter() - self._idle

    def delay(self) -> float:
        """Grows each second by the seconds for which answers that came in it waited on average."""
        return self._delay


def memory() -> int:
    """Resident memory of this process in bytes."""
    return psutil.Process().memory_info().rss


def cpu_limit(root: Path = Path("/")) -> float:
    """Cores this process may use: one at the most (Python), less where affinity or its cgroups say so.

    `root` is where `proc` and `sys` are looked for.
    """
    return min([1.0, float(_usable_cores()), *_cpu_quotas(root)])


def memory_limit(root: Path = Path("/")) -> int | None:
    """Bytes this process may use by its cgroups; None where nothing limits it."""
    limits: list[int] = []
    for folder in _cgroups(root, "memory"):
        for name in ("memory.max", "memory.limit_in_bytes"):
            limit = parse_memory_limit(_read(folder / name))
            if limit is not None:
                limits.append(limit)
    return min(limits, default=None)


def parse_cpu_max(text: str) -> float | None:
    """Cores of a cgroup v2 `cpu.max` ("50000 100000", "max 100000"); None for no limit or another text."""
    quota, _, period = text.strip().partition(" ")
    return parse_cpu_quota(quota, period or "100000")


def parse_cpu_quota(quota: str, period: str) -> float | None:
    """Cores of microseconds a period (cgroup v1: "-1" is no limit); None for no limit or other texts."""
    try:
        cores = int(quota) / int(period)
    except (ValueError, ZeroDivisionError):
        return None
    return cores if cores > 0 else None


def parse_memory_limit(text: str) -> int | None:
    """Bytes of a cgroup's memory limit; None for "max", v1's huge number or another text."""
    try:
        limit = int(text)
    except ValueError:
        return None
    return limit if 0 < limit < _NO_LIMIT else None


def _usable_cores() -> int:
    affinity = getattr(os, "sched_getaffinity", None)  # Linux only
    return len(affinity(0)) if affinity else os.cpu_count() or 1


def _cpu_quotas(root: Path) -> Iterator[float]:
    for folder in _cgroups(root, "cpu"):
        for quota in (
            parse_cpu_max(_read(folder / "cpu.max")),
            parse_cpu_quota(_read(folder / "cpu.cfs_quota_us"), _read(folder / "cpu.cfs_period_us")),
        ):
            if quota is not None:
                yield quota


def _cgroups(root: Path, controller: str) -> Iterator[Path]:
    """The folders of this process' cgroup and of those above it, v2 and v1; some may not exist.

    A container often sees its own cgroup as the top of the tree while the path names the node's, so the top counts too.
    """
    base = root / "sys/fs/cgroup"
    for line in _read(root / "proc/self/cgroup").splitlines():
        _, _, rest = line.partition(":")
        controllers, _, path = rest.partition(":")
        if controllers == "":
            mounts = [base, base / "unified"]
        elif controller in controllers.split(","):
            mounts = list(dict.fromkeys([base / controllers, base / controller]))
        else:
            continue
        group = PurePosixPath(path.lstrip("/"))
        levels = [group, *group.parents] if ".." not in group.parts else [PurePosixPath()]
        for mount in mounts:
            for level in levels:
                yield mount / level


def _read(file: Path) -> str:
    try:
        return file.read_text()
    except (OSError, UnicodeDecodeError):
        return ""


_FILES = 65_536


def allow_many_files() -> None:
    """Raises this process's limit of open files as far as the system lets it, to 65,536 at most; never lowers it."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = _FILES if hard == resource.RLIM_INFINITY else min(_FILES, hard)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        try:
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
        except (OSError, ValueError):  # macOS has another limit below the one that it tells
            return


_THRESHOLDS = (10_000, 10, 10)
"""Python's own are (700, 10, 10). Garbage in cycles is rare here; most goes without a search."""
_SETTLED = 10.0
"""Seconds after which new users have what they keep, such as a connection."""


class Garbage:
    """Freezes what is alive each time that users have been added, and thaws it when the test stops."""

    def __init__(self, environment: Environment) -> None:
        self._users = 0
        self._settling: gevent.Greenlet | None = None
        gc.set_threshold(*_THRESHOLDS)
        environment.events.spawning_complete.add_listener(self._on_spawning_complete)
        environment.events.test_stop.add_listener(self._on_test_stop)

    def _on_spawning_complete(self, user_count: int, **_: Any) -> None:
        # Also after each second of a ramp. Fewer users leave nothing new that stays.
        if user_count > self._users:
            self._freeze()
            self._forget_settling()
            self._settling = gevent.spawn_later(_SETTLED, self._freeze)
        self._users = user_count

    def _on_test_stop(self, **_: Any) -> None:
        self._users = 0
        self._forget_settling()
        gc.unfreeze()

    def _freeze(self) -> None:
        gc.collect(1)  # the young, so that little garbage is kept
        gc.freeze()

    def _forget_settling(self) -> None:
        if self._settling is not None:
            self._settling.kill(block=False)
            self._settling = None
