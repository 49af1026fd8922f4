"""Keys that let a request in beside the token, and what keeps both out of the log."""

from __future__ import annotations

import hmac
import logging
import re
import time

_KEY = re.compile(r"[A-Za-z0-9_-]{32,128}", re.ASCII)


class Sessions:
    """Keys that do what the token does for a while: a command that shows one in an address takes it back at its end."""

    MOST = 100
    LONGEST = 3600.0

    def __init__(self) -> None:
        self._ends: dict[str, float] = {}

    def admit(self, key: str, seconds: float) -> str | None:
        """Let `key` in for that long from now, or no longer where that is 0; gives what is wrong instead."""
        if not _KEY.fullmatch(key):
            return "key must be 32 to 128 letters, digits, - or _"
        if not 0 <= seconds <= self.LONGEST:
            return f"seconds must be from 0 to {self.LONGEST:.0f}"
        now = time.monotonic()
        self._ends = {known: end for known, end in self._ends.items() if end > now and known != key}
        if seconds > 0:
            if len(self._ends) >= self.MOST:
                return "there are too many sessions"
            self._ends[key] = now + seconds
        return None

    def has(self, given: bytes) -> bool:
        now = time.monotonic()
        return any(hmac.compare_digest(given, key.encode()) and end > now for key, end in self._ends.items())

    def keys(self) -> list[str]:
        return list(self._ends)


class Redact(logging.Filter):
    """Takes token and keys out of log records: a malformed request's first line is logged as it came."""

    def __init__(self, token: str, sessions: Sessions) -> None:
        super().__init__()
        self._token = token
        self._sessions = sessions

    def filter(self, record: logging.LogRecord) -> bool:
        message = record.getMessage()
        for secret in (self._token, *self._sessions.keys()):
            if secret in message:
                message = message.replace(secret, "***")
                record.msg, record.args = message, ()
        return True
