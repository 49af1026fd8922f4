"""What the container of this process has used of CPU and memory, by its cgroup (version 1 or 2)."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

_ROOT = Path("/sys/fs/cgroup")


def usage() -> dict[str, Any]:
    """Counters since the container's start.

    `at`: seconds of a monotonic clock; `cpu`: seconds; `periods` and `throttled`: scheduling periods of the CPU limit,
    and those in which it was reached; `memory` and `peak`: bytes, without and with the page cache.
    """
    two = (_ROOT / "cpu.stat").exists()
    cpu = _numbers(_ROOT / "cpu.stat" if two else _ROOT / "cpu" / "cpu.stat")
    memory = _numbers(_ROOT / "memory.stat" if two else _ROOT / "memory" / "memory.stat")
    return {
        "at": time.monotonic(),
        "cpu": cpu["usage_usec"] / 1e6 if two else int(_read(_ROOT / "cpuacct" / "cpuacct.usage")) / 1e9,
        "periods": cpu.get("nr_periods", 0),
        "throttled": cpu.get("nr_throttled", 0),
        "memory": memory["anon"] if two else memory["total_rss"],
        "peak": int(_read(_ROOT / "memory.peak" if two else _ROOT / "memory" / "memory.max_usage_in_bytes")),
    }


def _numbers(file: Path) -> dict[str, int]:
    pairs = (line.split() for line in _read(file).splitlines())
    return {name: int(value) for name, value in pairs}


def _read(file: Path) -> str:
    return file.read_text()
