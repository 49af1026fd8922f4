"""A worker may have as many open files as the system lets it."""

import resource
import unittest
from unittest import mock

from loadtest import process


class FilesTest(unittest.TestCase):
    def setUp(self) -> None:
        self.before = resource.getrlimit(resource.RLIMIT_NOFILE)
        self.addCleanup(resource.setrlimit, resource.RLIMIT_NOFILE, self.before)

    def _soft(self) -> int:
        return resource.getrlimit(resource.RLIMIT_NOFILE)[0]

    def test_are_allowed_up_to_the_hard_limit(self) -> None:
        hard = self.before[1]
        resource.setrlimit(resource.RLIMIT_NOFILE, (256, hard))
        process.allow_many_files()
        self.assertEqual(self._soft(), 65_536 if hard == resource.RLIM_INFINITY else min(65_536, hard))

    def test_are_never_made_fewer(self) -> None:
        resource.setrlimit(resource.RLIMIT_NOFILE, (256, self.before[1]))
        with mock.patch.object(process, "_FILES", 100):
            process.allow_many_files()
        self.assertEqual(self._soft(), 256)

    def test_stay_where_the_system_refuses(self) -> None:
        resource.setrlimit(resource.RLIMIT_NOFILE, (256, self.before[1]))
        with mock.patch.object(resource, "setrlimit", side_effect=ValueError("not here")):
            process.allow_many_files()
        self.assertEqual(self._soft(), 256)


if __name__ == "__main__":
    unittest.main()
