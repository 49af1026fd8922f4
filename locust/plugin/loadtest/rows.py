"""A file of rows for users: knows nothing of Locust."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import os
from array import array
from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import Any, NoReturn

KINDS = (".csv", ".jsonl", ".ndjson")
_LONGEST = 2**26
"""Characters of a CSV field. Python's limit, which is the process's own, is 131,072."""

Span = tuple[int, int]
"""Bytes of a file, from the first to the one behind the last."""


class RowFile:
    """A file of rows, each of which is a dict: CSV with a line of names, or a JSON object a line; UTF-8, BOM or not.

    It stays open, so that what replaces it changes nothing; what is written into it is noticed. It is never held in
    memory: `index` keeps 8 bytes a row, and only the master needs it. Everything that is wrong with the file is a
    ValueError that names it, and the line.
    """

    def __init__(self, name: str, path: Path) -> None:
        self.name, self._path = name, path
        if path.suffix.lower() not in KINDS:
            raise ValueError(f"{name}: rows are read from {', '.join(KINDS)}")
        self._is_csv = path.suffix.lower() == ".csv"
        csv.field_size_limit(max(_LONGEST, csv.field_size_limit()))
        try:
            self._file = path.open("rb")
        except FileNotFoundError:
            raise ValueError(f"{name}: there is no such file in the scripts' folder") from None
        except OSError as error:
            raise ValueError(f"{name}: {error.strerror}") from None
        self._state = _state_of(os.fstat(self._file.fileno()))
        self.size = os.fstat(self._file.fileno()).st_size
        self.digest = self._digest()
        self._file.seek(0)
        lines = self._lines()
        self._names = self._read_names(lines) if self._is_csv else []
        self._begin = lines.position

    def anew(self) -> RowFile:
        """What is at its path now: this one, where nothing has changed."""
        try:
            same = _state_of(self._path.stat()) == self._state
        except OSError:
            same = False
        return self if same else RowFile(self.name, self._path)

    def close(self) -> None:
        self._file.close()

    def index(self) -> array[int]:
        """Where each row begins, and at last where the last one ends, in bytes; checks all of them."""
        self._file.seek(self._begin)
        lines = self._lines(self._begin)
        starts = array("Q")
        for start, _ in self._read(lines, first=lines.count(self._file, self._begin)):
            starts.append(start)
        if not starts:
            raise ValueError(f"{self.name} has no rows")
        starts.append(lines.position)
        self._require_same()
        return starts

    def read(self, start: int, end: int) -> list[dict[str, Any]]:
        """The rows in these bytes of the file."""
        text = os.pread(self._file.fileno(), end - start, start)
        self._require_same()
        lines = _Lines(io.BytesIO(text), self.name, start)
        return [row for _, row in self._read(lines, first=1)]

    def _require_same(self) -> None:
        state = _state_of(os.fstat(self._file.fileno()))
        if state == self._state:
            return
        # Its name, its owner or only its times may be others.
        if self._digest() != self.digest:
            raise ValueError(f"{self.name} was changed while it was in use")
        self._state = state

    def _digest(self) -> str:
        self._file.seek(0)
        return hashlib.file_digest(self._file, "sha256").hexdigest()

    def _lines(self, position: int = 0) -> _Lines:
        return _Lines(self._file, self.name, position)

    def _read_names(self, lines: _Lines) -> list[str]:
        reader = csv.reader(lines, strict=True)
        try:
            names = next(reader, [])
        except csv.Error as error:
            raise ValueError(f"{self.name}, line 1: {error}") from None
        wrong = next((name for at, name in enumerate(names) if not name.strip() or name in names[:at]), None)
        if not names:
            raise ValueError(f"{self.name} begins without names: the first line of a CSV file has those of its fields")
        if wrong is not None:
            raise ValueError(f"{self.name}, line 1: each field needs a name of its own, not {wrong!r}")
        return names

    def _read(self, lines: _Lines, first: int) -> Iterator[tuple[int, dict[str, Any]]]:
        """Each row with where it begins. `first`: number of the first line."""
        return self._read_csv(lines, first) if self._is_csv else self._read_json(lines, first)

    def _read_csv(self, lines: _Lines, first: int) -> Iterator[tuple[int, dict[str, Any]]]:
        reader = csv.reader(lines, strict=True)
        names = self._names
        while True:
            # It takes no line more than a row has.
            start, line = lines.position, first + reader.line_num
            try:
                row = next(reader, None)
            except csv.Error as error:
                raise ValueError(f"{self.name}, line {line}: {error}") from None
            if row is None:
                return
            if row and len(row) != len(names):
                raise ValueError(f"{self.name}, line {line}: the number of fields is {len(row)}, not {len(names)}")
            if row:
                yield start, dict(zip(names, row, strict=True))

    def _read_json(self, lines: _Lines, first: int) -> Iterator[tuple[int, dict[str, Any]]]:
        start = lines.position
        for number, line in enumerate(lines, first):
            if line.strip():
                try:
                    row = json.loads(line, parse_constant=_no_number, object_pairs_hook=_object)
                except _RefusedError as error:
                    raise ValueError(f"{self.name}, line {number}: {error}") from None
                except ValueError as error:
                    raise ValueError(f"{self.name}, line {number}: no JSON: {error}") from None
                except RecursionError:
                    raise ValueError(f"{self.name}, line {number}: lists and objects are nested too deeply") from None
                if not isinstance(row, dict):
                    raise ValueError(f"{self.name}, line {number}: a row is an object: {{…}}")
                yield start, row
            start = lines.position


class _RefusedError(ValueError):
    """Python takes it for JSON, or leaves something out without a word."""


def _no_number(text: str) -> NoReturn:
    raise _RefusedError(f"{text} is no number in JSON: null, or a text in quotes, may stand for it")


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        wrong = next(name for at, name in enumerate(names) if name in names[:at])
        raise _RefusedError(f"each value needs a name of its own, not {wrong!r}")
    return found


def _state_of(stat: os.stat_result) -> tuple[int, ...]:
    """Is another one after each change of a file; the time of the last one (`ctime`) is out of everybody's hands."""
    return stat.st_dev, stat.st_ino, stat.st_size, stat.st_mtime_ns, stat.st_ctime_ns


class _Lines(Iterator[str]):
    """Lines of a file as texts; `position` is the byte behind the last one."""

    def __init__(self, lines: Iterator[bytes], name: str, position: int = 0) -> None:
        self._lines, self._name, self.position = lines, name, position

    def __next__(self) -> str:
        line = next(self._lines)
        start, self.position = self.position, self.position + len(line)
        try:
            text = line.decode()
        except UnicodeDecodeError:
            raise ValueError(f"{self._name}: what is at byte {start} to {self.position} is no UTF-8") from None
        return text.removeprefix("\ufeff") if start == 0 else text

    @staticmethod
    def count(file: Any, end: int) -> int:
        """The number of the line that begins at a byte; leaves the file there."""
        file.seek(0)
        number = 1 + file.read(end).count(b"\n")
        file.seek(end)
        return number


def order_of(rows: int, seed: int | None) -> array[int] | None:
    """The order in which rows are given out, the same for the same seed: 4 bytes a row; None is that of the file."""
    if seed is None:
        return None
    order = array("I", range(rows))
    Random(seed).shuffle(order)
    return order


def spans(starts: array[int], order: array[int] | None, first: int, count: int) -> list[Span]:
    """The bytes of so many rows from a place in the order on, which goes on at its beginning."""
    rows = len(starts) - 1
    if order is not None:
        return [(starts[row], starts[row + 1]) for row in (order[at % rows] for at in range(first, first + count))]
    found = []
    while count > 0:
        begin = first % rows
        end = min(rows, begin + count)
        found.append((starts[begin], starts[end]))
        first, count = first + end - begin, count - (end - begin)
    return found
