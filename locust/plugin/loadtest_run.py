"""The latest run of this master: when it began and ended, what limits it, and whether its results are kept."""

from __future__ import annotations

import time
from collections.abc import Callable

_AT_ONCE = 0.5
"""Seconds that a start takes by itself."""


class LatestRun:
    """Is told of starts, ends and limits, and knows nothing of Locust. Times are seconds."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self.number = 0
        """How many runs there were; 0 before the first."""
        self.kept = False
        """Somebody has said that the results of this run are kept elsewhere."""
        self.autostarted: int | None = None
        """The number of the first run that no form has asked for: Locust itself has, told by `--autostart`."""
        self._began = 0.0
        self._ended: float | None = None
        self._form_limit: float | None = None
        self._own_limit: float | None = None
        self._asked = False
        self._asked_at = 0.0
        self._asked_limit: float | None = None

    def ask(self, limit: float | None) -> None:
        """A form was accepted that starts a run, or changes the one that is going on.

        `limit`: when Locust will stop it, counted from now; None lifts the limit of an earlier form.
        """
        if self.going:
            self._form_limit = None if limit is None else self.age + limit
        else:
            self._asked, self._asked_at, self._asked_limit = True, self._clock(), limit

    def start(self, own_limit: float | None) -> None:
        """The script has prepared it in the master. `own_limit`: of the first run that no form has asked for."""
        self.number += 1
        self.kept = False
        self._ended = None
        self._form_limit, self._own_limit = self._asked_limit, None
        self._began = self._asked_at if self._asked else self._clock()
        if not self._asked and self.autostarted is None:
            self._own_limit, self.autostarted = own_limit, self.number
        self._asked, self._asked_limit = False, None
        self.load()

    def load(self, ago: float = 0) -> None:
        """Its load began `ago`. Locust's timers go on, which are as old as what asked for the run."""
        prepared = max(0.0, self.age - ago)
        self._began += prepared
        if prepared > _AT_ONCE:
            self._form_limit, self._own_limit = (
                None if limit is None else max(0.0, limit - prepared) for limit in (self._form_limit, self._own_limit)
            )

    def end(self) -> None:
        """Its users are told to stop; whatever comes after the first end of a run is none."""
        if self.going:
            self._ended = self._clock()

    def keep(self, number: str) -> str | None:
        """Marks run `number` as kept; a reason where that cannot be."""
        if self.number == 0:
            return "there was no run yet"
        if number != str(self.number):
            return f"the latest run is number {self.number}"
        if self.going:
            return f"run {self.number} is still going on"
        self.kept = True
        return None

    @property
    def going(self) -> bool:
        return self.number > 0 and self._ended is None

    @property
    def age(self) -> float:
        """Since its start, whether it has ended or not."""
        return self._clock() - self._began

    @property
    def elapsed(self) -> float | None:
        """From its start to its end, so far; None before the first."""
        if self.number == 0:
            return None
        return self.age if self._ended is None else self._ended - self._began

    @property
    def since_end(self) -> float | None:
        return None if self._ended is None else self._clock() - self._ended

    @property
    def limit(self) -> float | None:
        """After which `elapsed` it ends by itself, or would have; None where nothing limits it."""
        return min((one for one in (self._form_limit, self._own_limit) if one is not None), default=None)
