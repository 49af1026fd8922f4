"""One TLS context for all connections of a worker's HttpUsers that verify in the same way.

urllib3 makes one for each connection and loads all authorities into it, which costs about 0.7 MB and 30 ms; for
`verify=False` too. Locust has one for all with `verify=True`, but writes a user's own certificate (`cert=`) into it, so
that all others present it from then on.

What a connection asks for is found where urllib3 would make its context: so it means what it does without the plugin,
and who brings a context keeps it. A file that is written anew, such as a bundle of authorities, makes another context.
"""

from __future__ import annotations

import os
import ssl
from functools import lru_cache
from typing import Any, NamedTuple

import gevent.ssl
from locust import clients
from urllib3 import connection
from urllib3.util import ssl_

from .patching import only_tested

_FILES = ("ca_certs", "cert_file", "key_file")
_RARE = (
    *("ssl_version", "ssl_minimum_version", "ssl_maximum_version", "key_password", "ca_cert_dir", "ca_cert_data"),
    # These have urllib3 write into a context.
    *("assert_hostname", "assert_fingerprint"),
)
"""Who asks for one of these gets a context of his own, as ever. That of a directory reads nothing before it must."""


class File(NamedTuple):
    """A file as it is now."""

    path: str
    inode: int
    modified: int
    changed: int
    size: int


@only_tested("locust", "gevent", "requests", "urllib3")
def install() -> None:
    """Does it once, before any user is there."""
    theirs = connection._ssl_wrap_socket_and_match_hostname

    def wrap(sock: Any, **how: Any) -> Any:
        if how["cert_file"] and how["ssl_context"] is clients._preloaded_ssl_context:
            how |= {"ssl_context": None, "ca_certs": clients.DEFAULT_CA_BUNDLE_PATH}
        if context := _shared(how):
            how |= {"ssl_context": context, **dict.fromkeys(_FILES)}
        return theirs(sock, **how)

    connection._ssl_wrap_socket_and_match_hostname = wrap


def _shared(how: dict[str, Any]) -> ssl.SSLContext | None:
    """The context for what a connection asks for; None where it gets its own."""
    if how["ssl_context"] is not None or any(how[name] is not None for name in _RARE):
        return None
    if ssl_.SSLContext is not gevent.ssl.SSLContext:  # such as truststore's, in which handshakes wait for each other
        return None
    try:
        mode = ssl_.resolve_cert_reqs(how["cert_reqs"])
        if mode != ssl.CERT_NONE and not how["ca_certs"]:
            return None
        return _made(mode, *(_file(how[name]) for name in _FILES))
    except Exception:  # urllib3 meets it too, and says it in its own words
        return None


def _file(path: str | None) -> File | None:
    if not path:
        return None
    now = os.stat(path)
    return File(path, now.st_ino, now.st_mtime_ns, now.st_ctime_ns, now.st_size)


@lru_cache(maxsize=16)
def _made(mode: ssl.VerifyMode, ca: File | None, cert: File | None, key: File | None) -> ssl.SSLContext:
    context = connection.create_urllib3_context(cert_reqs=mode)
    if ca:
        context.load_verify_locations(ca.path)
    else:
        context.load_default_certs()
    if cert:
        # With a password, if a wrong one, OpenSSL does not ask for it in the terminal.
        context.load_cert_chain(cert.path, key and key.path, password="")
    return context
