"""Ends this process with the command that has started it."""

from __future__ import annotations

import os
import signal
from typing import NoReturn

from gevent import monkey

_LIFELINE = "LOADTEST_LIFELINE_FD"

# Locust has patched threads to be greenlets by now, and a greenlet cannot run while a script blocks the loop.
_start_native_thread = monkey.get_original("_thread", "start_new_thread")


def arm_from_environment() -> None:
    """Watch the descriptor that `LOADTEST_LIFELINE_FD` names; without the variable nothing happens.

    The variable is removed: a script's subprocesses do not have the descriptor.
    Raises SystemExit when the variable names no open descriptor: running on without the lifeline asked for is worse.
    """
    value = os.environ.pop(_LIFELINE, None)
    if value is None:
        return
    try:
        descriptor = int(value)
        os.set_inheritable(descriptor, False)  # a script's subprocesses must not hold it
        os.set_blocking(descriptor, True)
    except (ValueError, OSError) as error:
        raise SystemExit(f"{_LIFELINE}={value!r} is not an open file descriptor: {error}") from error
    arm(descriptor)


def arm(descriptor: int) -> None:
    """Start the native thread that reads `descriptor` until its end; what it reads does not matter."""
    _start_native_thread(_watch, (descriptor,))
    # A fork (locust --processes) copies no threads but the one that forks.
    os.register_at_fork(after_in_child=lambda: _start_native_thread(_watch, (descriptor,)))


def _watch(descriptor: int) -> NoReturn:
    try:
        while os.read(descriptor, 4096):
            pass
    except OSError:
        pass  # a reset is an end too
    os.kill(os.getpid(), signal.SIGKILL)  # no exit handler, no script may hold it up
    os._exit(1)
