"""Limits read from sample files as the kernels write them."""

import os
import subprocess
import sys
import tempfile
import time
import unittest
from pathlib import Path
from unittest import mock

import gevent
from gevent import monkey

from loadtest import process as usage


class ParseTest(unittest.TestCase):
    def test_cpu_max(self) -> None:
        for text, cores in (
            ("50000 100000\n", 0.5),
            ("max 100000\n", None),
            ("25000", 0.25),
            ("", None),
            ("max", None),
            ("x y", None),
            ("50000 0", None),
            ("-1 100000", None),
            ("0 100000", None),
        ):
            self.assertEqual(usage.parse_cpu_max(text), cores, text)

    def test_memory(self) -> None:
        for text, limit in (
            ("536870912\n", 536870912),
            ("max\n", None),
            ("9223372036854771712", None),
            ("", None),
            ("0", None),
        ):
            self.assertEqual(usage.parse_memory_limit(text), limit, text)


class WaitTest(unittest.TestCase):
    def test_grows_while_others_have_the_cpu(self) -> None:
        before = usage.wait_seconds()
        if before == 0.0:
            self.skipTest("the kernel does not tell how long a process waits for the CPU")
        allowed = os.sched_getaffinity(0)
        self.addCleanup(os.sched_setaffinity, 0, allowed)
        os.sched_setaffinity(0, {min(allowed)})
        # It may use the same CPU, and no other.
        other = subprocess.Popen([sys.executable, "-c", "while True: pass"])
        self.addCleanup(other.wait)
        self.addCleanup(other.kill)
        deadline = time.monotonic() + 30
        while usage.wait_seconds() < before + 0.05 and time.monotonic() < deadline:
            pass
        self.assertGreaterEqual(usage.wait_seconds(), before + 0.05)

    def test_is_nothing_where_the_kernel_does_not_tell(self) -> None:
        for text in ("", "1", "x y z"):
            with mock.patch.object(Path, "read_text", return_value=text):
                self.assertEqual(usage.wait_seconds(), 0.0, text)
        with mock.patch.object(Path, "read_text", return_value="5 2500000000 7"):
            self.assertEqual(usage.wait_seconds(), 2.5)

    def test_is_of_a_loop_that_is_blocked_too(self) -> None:
        loop = usage.LoopWatch()
        for block, least, most in ((gevent.sleep, 0.0, 0.5), (monkey.get_original("time", "sleep"), 0.8, 1.01)):
            meter, delay = (usage.Meter(shortest=0, seconds=one) for one in (loop.busy, loop.delay))
            for _ in range(20):
                block(0.02)
                gevent.sleep(0.0001)
            share = meter.sample()
            self.assertGreaterEqual(share, least)
            self.assertLessEqual(share, most)
            waited = delay.sample()
            # Half of each block, at every moment.
            self.assertLess(waited, 0.005) if least == 0 else self.assertGreater(waited, 0.008)

    def test_is_measured_as_cpu_is(self) -> None:
        seconds = iter((1.0, 1.5))
        meter = usage.Meter(shortest=0, seconds=lambda: next(seconds))
        time.sleep(0.1)
        self.assertGreater(meter.sample(), 0)


class LimitsTest(unittest.TestCase):
    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.root = Path(folder.name)

    def write(self, path: str, text: str) -> None:
        file = self.root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)

    def test_nothing_there(self) -> None:
        self.assertEqual(usage.cpu_limit(self.root), 1.0)
        self.assertIsNone(usage.memory_limit(self.root))

    def test_v2_container(self) -> None:
        self.write("proc/self/cgroup", "0::/\n")
        self.write("sys/fs/cgroup/cpu.max", "25000 100000\n")
        self.write("sys/fs/cgroup/memory.max", "536870912\n")
        self.assertEqual(usage.cpu_limit(self.root), 0.25)
        self.assertEqual(usage.memory_limit(self.root), 536870912)

    def test_v2_the_tightest_of_all_levels(self) -> None:
        self.write("proc/self/cgroup", "0::/a/b\n")
        self.write("sys/fs/cgroup/a/cpu.max", "40000 100000\n")
        self.write("sys/fs/cgroup/a/b/cpu.max", "max 100000\n")
        self.write("sys/fs/cgroup/a/memory.max", "max\n")
        self.write("sys/fs/cgroup/a/b/memory.max", "1000\n")
        self.write("sys/fs/cgroup/other/cpu.max", "1000 100000\n")
        self.assertEqual(usage.cpu_limit(self.root), 0.4)
        self.assertEqual(usage.memory_limit(self.root), 1000)

    def test_v2_large_quota_does_not_help(self) -> None:
        self.write("proc/self/cgroup", "0::/../x\n")
        self.write("sys/fs/cgroup/cpu.max", "400000 100000\n")
        self.assertEqual(usage.cpu_limit(self.root), 1.0)

    def test_v1_container_with_the_path_of_its_node(self) -> None:
        self.write("proc/self/cgroup", "5:memory:/kubepods/x\n3:cpu,cpuacct:/kubepods/x\nbroken\n0::/\n")
        self.write("sys/fs/cgroup/cpu,cpuacct/cpu.cfs_quota_us", "50000\n")
        self.write("sys/fs/cgroup/cpu,cpuacct/cpu.cfs_period_us", "100000\n")
        self.write("sys/fs/cgroup/memory/memory.limit_in_bytes", "268435456\n")
        self.assertEqual(usage.cpu_limit(self.root), 0.5)
        self.assertEqual(usage.memory_limit(self.root), 268435456)

    def test_v1_without_limits(self) -> None:
        self.write("proc/self/cgroup", "5:memory:/\n3:cpu:/\n")
        self.write("sys/fs/cgroup/cpu/cpu.cfs_quota_us", "-1\n")
        self.write("sys/fs/cgroup/cpu/cpu.cfs_period_us", "100000\n")
        self.write("sys/fs/cgroup/memory/memory.limit_in_bytes", "9223372036854771712\n")
        self.assertEqual(usage.cpu_limit(self.root), 1.0)
        self.assertIsNone(usage.memory_limit(self.root))

    def test_affinity(self) -> None:
        with mock.patch.object(os, "sched_getaffinity", lambda _: {0, 1}, create=True):
            self.assertEqual(usage.cpu_limit(self.root), 1.0)


class MeterTest(unittest.TestCase):
    def test_busy_and_idle(self) -> None:
        meter = usage.Meter(shortest=0.05)
        end = time.monotonic() + 0.3
        while time.monotonic() < end:
            pass
        busy = meter.sample()
        self.assertEqual(meter.sample(), busy)  # too soon to measure again
        time.sleep(0.2)
        self.assertGreater(busy, 0.2)  # less than 1 where other processes take the core
        self.assertLess(meter.sample(), busy)

    def test_memory(self) -> None:
        self.assertGreater(usage.memory(), 1_000_000)


if __name__ == "__main__":
    unittest.main()
