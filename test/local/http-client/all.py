"""One user of each script beside this one, for a fixed number of its tasks; a header says whose each request is."""

import accounts
import bodies
import broken
import closing
import credentials
import outcomes
import own_ways
import redirects
import script1
import script2
import secure
import transfers
from counted import rest_after
from locust import HttpUser

ROUNDS = {script1: 10, script2: 10}
"""By script, where it is not one."""


def once(kind: type[HttpUser], rounds: int) -> type[HttpUser]:
    def on_start(self: HttpUser) -> None:
        self.client.headers["x-user"] = kind.__name__
        kind.on_start(self)

    return type(kind.__name__, (kind,), {"fixed_count": 1, "wait_time": rest_after(rounds), "on_start": on_start})


SCRIPTS = (
    accounts,
    bodies,
    broken,
    closing,
    credentials,
    outcomes,
    own_ways,
    redirects,
    script1,
    script2,
    secure,
    transfers,
)

globals().update(
    {
        kind.__name__: once(kind, ROUNDS.get(script, 1))
        for script in SCRIPTS
        for kind in vars(script).values()
        if isinstance(kind, type) and issubclass(kind, HttpUser) and kind is not HttpUser
    }
)
