"""Who gets which rows of a file: the places of its order that workers have in one run."""

from __future__ import annotations

from typing import NamedTuple

MOST = 500
"""Rows of a block at the most."""


class Block(NamedTuple):
    """`count` places in the order, from `first` on; they count on over all passes, so that none comes twice."""

    first: int
    count: int


class Ledger:
    """Which worker has which places of the order in one run; none is given out twice."""

    def __init__(self, rows: int, again: bool) -> None:
        """`again`: begins anew behind the last row, for ever."""
        self._end = None if again else rows
        self._next = 0
        self._back: list[Block] = []
        self._given: dict[str, tuple[int, Block]] = {}
        self._unused: dict[str, int] = {}

    @property
    def remaining(self) -> int | None:
        """Rows that no worker has; None where there is no end of them."""
        if self._end is None:
            return None
        return self._end - self._next + sum(block.count for block in self._back)

    def ask(self, worker: str, number: int, want: int, workers: int) -> Block | None:
        """Answers a worker that has used all it had; None where no worker can be given any now.

        `number` counts its questions: one that is asked again, as the answer was lost, has the same answer. `workers`
        share what is left, this one and all others.
        """
        known, block = self._given.get(worker, (-1, None))
        if number == known:
            return block
        self._unused[worker] = 0
        block = self._take(want, workers)
        if block is not None:
            self._given[worker] = (number, block)
            self._unused[worker] = block.count
        return block

    def back(self, worker: str, number: int, first: int, count: int, leaving: bool = False) -> None:
        """A worker gives back what it has not used of the answer to its question `number`: the last places.

        `leaving`: it will not use the answer to a later question either, which it has not got yet.
        """
        known, block = self._given.get(worker, (-1, None))
        if block is None or (number != known and not leaving):
            return  # it did not mean its latest rows, which were on their way
        if number != known:
            first, count = block
        own = block.first <= first and first + count == block.first + block.count
        if own and 0 < count <= self._unused[worker]:
            self._back.append(Block(first, count))
        self._unused[worker] = 0

    def holders(self) -> dict[str, int]:
        """The workers that may have rows that they have not used, and how many at the most."""
        return {worker: unused for worker, unused in self._unused.items() if unused > 0}

    def _take(self, want: int, workers: int) -> Block | None:
        remaining = self.remaining
        # What is left is shared: the less there is, the smaller the blocks.
        fair = MOST if remaining is None else max(1, remaining // (2 * max(1, workers)))
        size = max(1, min(want, fair, MOST))
        if self._back:
            block = self._back.pop()
            if block.count > size:
                self._back.append(Block(block.first + size, block.count - size))
            return Block(block.first, min(size, block.count))
        if self._end is not None:
            size = min(size, self._end - self._next)
        self._next += size
        return Block(self._next - size, size) if size > 0 else None
