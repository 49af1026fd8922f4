"""Which worker has how many users, also after a worker was silent for a while."""

from __future__ import annotations

from collections.abc import Generator

from locust.dispatch import UsersDispatcher


class Dispatcher(UsersDispatcher):
    """Locust's, which forgets to say that it is done once it has moved users of a worker that is gone.

    Whoever comes or goes later is left alone then: a worker that comes back from a pause of its machine keeps its
    users, which others have meanwhile as well.
    """

    def _dispatcher(self) -> Generator[dict[str, dict[str, int]]]:
        try:
            yield from super()._dispatcher()
        finally:
            self._dispatch_in_progress = False

    @property
    def is_due(self) -> bool:
        """Workers have come or gone, and their users are not moved yet."""
        return self._rebalance
