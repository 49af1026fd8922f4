"""Which idle connections FastHttpUser's client takes for alive, with descriptors beyond 1023."""

import fcntl
import resource
import socket
import unittest
from unittest import mock

from geventhttpclient.connectionpool import ConnectionPool

from loadtest import client, sockets

_theirs = ConnectionPool._is_socket_alive
_FAR = 1500


class ConnectionsTest(unittest.TestCase):
    def setUp(self) -> None:
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        if hard != resource.RLIM_INFINITY and hard <= _FAR:
            self.skipTest(f"no more than {hard} open files are allowed here")
        resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, _FAR + 100), hard))
        self.addCleanup(resource.setrlimit, resource.RLIMIT_NOFILE, (soft, hard))
        near, self.peer = socket.socketpair()
        with near:
            self.far = socket.socket(fileno=fcntl.fcntl(near, fcntl.F_DUPFD, _FAR))
        self.addCleanup(self.peer.close)
        self.addCleanup(self.far.close)
        patched = mock.patch.object(ConnectionPool, "_is_socket_alive", _theirs)
        patched.start()
        self.addCleanup(patched.stop)
        self.pool = object.__new__(ConnectionPool)

    def test_are_dead_for_the_client_itself(self) -> None:
        self.assertFalse(self.pool._is_socket_alive(self.far), "it is mended there: the plugin need not do it any more")

    def test_are_alive_while_nothing_comes(self) -> None:
        client.keep_beyond_1024()
        self.assertGreaterEqual(self.far.fileno(), _FAR)
        self.assertTrue(self.pool._is_socket_alive(self.far))
        self.peer.send(b"an answer that nobody asked for")
        self.assertFalse(self.pool._is_socket_alive(self.far))

    def test_are_dead_once_they_are_closed(self) -> None:
        client.keep_beyond_1024()
        self.peer.close()
        self.assertFalse(self.pool._is_socket_alive(self.far))
        self.far.close()
        self.assertFalse(self.pool._is_socket_alive(self.far))
        self.assertFalse(self.pool._is_socket_alive(None))

    def test_are_looked_at_in_another_way_where_there_is_no_poll(self) -> None:
        client.keep_beyond_1024()
        near, peer = socket.socketpair()
        self.addCleanup(near.close)
        with mock.patch.object(sockets, "_poll", None), peer:
            self.assertTrue(self.pool._is_socket_alive(near))
            peer.send(b"an answer that nobody asked for")
            self.assertFalse(self.pool._is_socket_alive(near))


if __name__ == "__main__":
    unittest.main()
