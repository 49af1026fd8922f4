"""Starts Locust here and in pods: `python -P loadtest_main.py`, then Locust's arguments.

What lies around must not change a run: Locust would read `~/.locust.conf`, and `locust.conf` and `pyproject.toml` of
the working folder, which is the script's.
"""

from __future__ import annotations

import os
import signal
import sys

import locust.main
from locust import argument_parser


def read_no_files() -> None:
    """Take Locust's default config files from every parser that it makes; `--config` stays."""
    for make in (argument_parser.get_empty_argument_parser, argument_parser.get_parser):
        make.__defaults__ = tuple(
            () if default is argument_parser.DEFAULT_CONFIG_FILES else default for default in make.__defaults__ or ()
        )


def main() -> None:
    read_no_files()
    sys.argv[0] = "locust"
    locust.main.main()


if __name__ == "__main__":
    # The kernel ignores SIGTERM for process 1 unless it has a handler, and Locust's own comes only after the
    # connection: a worker without a master would hold up each rollout for all of its grace.
    signal.signal(signal.SIGTERM, lambda *_: os._exit(143))
    main()
