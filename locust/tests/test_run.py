"""What the master remembers of its latest run."""

import unittest

from loadtest.run import LatestRun


class LatestRunTest(unittest.TestCase):
    def setUp(self) -> None:
        self.now = 100.0
        self.run_ = LatestRun(lambda: self.now)

    def after(self, seconds: float) -> LatestRun:
        self.now += seconds
        return self.run_

    def test_before_the_first(self) -> None:
        run = self.run_
        run.end()
        self.assertEqual((run.number, run.going, run.elapsed, run.since_end, run.limit), (0, False, None, None, None))
        self.assertEqual(run.keep("0"), "there was no run yet")

    def test_time_stands_still_at_its_first_end(self) -> None:
        self.run_.start(None)
        self.assertEqual((self.run_.elapsed, self.run_.going), (0.0, True))
        self.assertEqual(self.after(2.5).elapsed, 2.5)
        self.run_.end()
        self.after(4).end()
        self.assertEqual((self.run_.elapsed, self.run_.age, self.run_.since_end), (2.5, 6.5, 4))
        self.run_.start(None)
        self.assertEqual((self.run_.number, self.run_.elapsed, self.run_.since_end), (2, 0, None))

    def test_limit_of_a_form(self) -> None:
        self.run_.ask(60)
        self.assertEqual(self.run_.limit, None)
        self.after(0.1).start(None)
        self.assertEqual(self.run_.limit, 60)
        self.after(10).ask(30)
        self.assertEqual(self.run_.limit, 40)
        self.after(10).ask(None)
        self.assertEqual(self.run_.limit, None)
        self.run_.end()
        self.run_.ask(5)
        self.assertEqual(self.run_.limit, None, "of the run that has ended")
        self.after(0.5).start(None)
        self.assertEqual(self.run_.limit, 5)
        self.run_.end()
        self.run_.start(None)
        self.assertEqual(self.run_.limit, None, "a form counts once")

    def test_limit_of_a_form_counts_from_it(self) -> None:
        self.run_.ask(25)
        self.after(12).start(None)
        self.assertEqual((self.run_.elapsed, self.run_.limit), (0, 13))
        self.run_.end()
        self.run_.ask(5)
        self.after(12).start(None)
        self.assertEqual(self.run_.limit, 0)

    def test_what_workers_prepare_takes_of_each_limit(self) -> None:
        self.run_.ask(25)
        self.after(2).start(None)
        self.after(4).load()
        self.assertEqual((self.run_.elapsed, self.run_.limit), (0, 19))
        self.run_.end()
        self.run_.start(60)
        self.after(10).load()
        self.assertEqual((self.run_.elapsed, self.run_.limit), (0, 50))

    def test_limit_of_autostart_is_that_of_its_run_alone(self) -> None:
        run = self.run_
        run.start(60)
        self.assertEqual((run.limit, run.autostarted), (60, 1))
        self.after(10).ask(None)
        self.assertEqual(run.limit, 60, "Locust does not take it back")
        run.ask(20)
        self.assertEqual(run.limit, 30, "the sooner one")
        run.end()
        run.ask(None)
        run.start(60)
        self.assertEqual((run.limit, run.autostarted), (None, 1))
        run.end()
        run.start(60)
        self.assertEqual((run.limit, run.autostarted), (None, 1), "there is one autostart")

    def test_a_run_of_the_page_before_the_workers_that_autostart_waits_for(self) -> None:
        run = self.run_
        run.ask(5)
        run.start(60)
        self.assertEqual((run.limit, run.autostarted), (5, None))
        run.end()
        run.start(60)
        self.assertEqual((run.limit, run.autostarted), (60, 2))

    def test_kept(self) -> None:
        run = self.run_
        run.start(None)
        self.assertEqual(run.keep("1"), "run 1 is still going on")
        run.end()
        for other in ("", "0", "2", "-1", "1.0", "x", " 1"):
            self.assertEqual(run.keep(other), "the latest run is number 1", other)
        self.assertFalse(run.kept)
        self.assertIsNone(run.keep("1"))
        self.assertIsNone(run.keep("1"), "once more")
        self.assertTrue(run.kept)
        run.start(None)
        self.assertFalse(run.kept)
        self.assertEqual(run.keep("1"), "the latest run is number 2")


if __name__ == "__main__":
    unittest.main()
