"""What a script can see of an answer, as a line that a test compares."""

import re
from typing import Any

from counted import say
from requests import Response


def tell(user: Any, response: Any) -> None:
    headers = {name: value for name, value in response.headers.items() if name != "Date"}
    told = (
        *(type(user).__name__, response.request.method, response.url, response.status_code, response.reason),
        *(response.ok, response.is_redirect, response.encoding, response.apparent_encoding),
        *(repr(bare(response.text)[:60]), len(response.content), headers, response.cookies.get_dict(), response.links),
        *(isinstance(response, Response), type(response.elapsed).__name__),
        *([(one.status_code, one.url, one.headers.get("Location")) for one in response.history],),
        *(dict(response.request.headers), response.request.path_url, response.request.body),
    )
    say(*map(bare, told))


def caught(user: Any, error: BaseException) -> None:
    """An error as a script catches it, with its classes."""
    classes = [kind.__name__ for kind in type(error).__mro__]
    say(type(user).__name__, classes, bare(error))


def bare(text: object) -> str:
    """Without what is another one each time: addresses, and the borders between parts of a form."""
    return re.sub(r"[0-9a-f]{32}", "BORDER", re.sub(r"0x[0-9a-f]+", "0x", str(text)))
