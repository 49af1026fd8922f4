"""What bench/cluster/python asks of a container; here the target's own page tells what a worker uses."""

from __future__ import annotations

import time
from typing import Any


def usage() -> dict[str, Any]:
    """Gives `at`: seconds of a monotonic clock, by which whole reports make a window."""
    return {"at": time.monotonic()}
