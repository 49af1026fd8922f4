"""What a script's own arguments become on Locust's command line, and that no file is read for it."""

import argparse
import contextlib
import io
import json
import os
import tempfile
import unittest
from pathlib import Path
from unittest.mock import MagicMock, patch

from locust import argument_parser
from locust.argument_parser import LocustArgumentParser
from locust.rpc.protocol import Message
from locust.runners import WorkerRunner

from loadtest import patching, start


def parser() -> LocustArgumentParser:
    made = argument_parser.get_empty_argument_parser()
    argument_parser.setup_parser_arguments(made)
    made.add_argument("--tenant", required=True, env_var="TENANT")
    made.add_argument("--page-size", type=int, dest="size")
    made.add_argument("--debug", action="store_true")
    made.add_argument("--keep", action=argparse.BooleanOptionalAction, default=True)
    made.add_argument("--enabled", choices=["true", "false"])
    made.add_argument("--region", action="append")
    made.add_argument("--sizes", nargs="+", type=int)
    made.add_argument("--filter")
    return made


def parsed(**arguments: str) -> argparse.Namespace:
    made = parser()
    return made.parse_args(start.words(made, {"tenant": "acme", **arguments}))


def error(**arguments: str) -> str:
    said = io.StringIO()
    with contextlib.redirect_stderr(said), contextlib.suppress(SystemExit):
        made = parser()
        made.parse_args(start.words(made, arguments))
    return said.getvalue()


class MainTest(unittest.TestCase):
    def test_values_are_as_the_script_takes_them(self) -> None:
        options = parsed(tenant="-x y=z", page_size="5", enabled="true", filter="[1]")
        self.assertEqual((options.tenant, options.size, options.enabled, options.filter), ("-x y=z", 5, "true", "[1]"))
        self.assertEqual(parsed(**{"page-size": "-1"}).size, -1)
        self.assertEqual(parsed(size="7").size, 7, "by the name of its value")
        self.assertEqual(parsed(tenant="").tenant, "")

    def test_flags_are_true_or_false(self) -> None:
        self.assertEqual(
            (parsed().debug, parsed(debug="true").debug, parsed(debug="false").debug), (False, True, False)
        )
        self.assertEqual((parsed(keep="true").keep, parsed(keep="false").keep), (True, False))
        self.assertIn("argument --debug: it is a flag, and takes true or false, not 'maybe'", error(debug="maybe"))

    def test_lists_are_lists(self) -> None:
        self.assertEqual(parsed(region='["eu", "-us"]').region, ["eu", "-us"])
        self.assertEqual(parsed(region="eu").region, ["eu"])
        self.assertEqual(parsed(sizes="[1, 2]").sizes, [1, 2])
        self.assertEqual(parsed(sizes="3").sizes, [3])

    def test_what_the_script_does_not_take_is_told(self) -> None:
        self.assertIn("error: the following arguments are required: --tenant", error())
        self.assertIn("error: unrecognized arguments: --tennant\nDid you mean '--tenant'?", error(tennant="a"))
        self.assertIn("error: argument --page-size: invalid int value: 'x'", error(tenant="a", page_size="x"))

    def test_the_client_of_http_user_is_the_run_s(self) -> None:
        for run, client in (({}, "auto"), ({"httpClient": "requests"}, "requests")):
            text = json.dumps({"script": "shop.py", "arguments": {"a": "1"}, **run})
            with patch.dict(os.environ, {"LOADTEST_SCRIPT": text}):
                os.environ.pop("LOADTEST_HTTP_CLIENT", None)
                self.assertEqual(start.given(), ("shop.py", {"a": "1"}))
                self.assertEqual(os.environ["LOADTEST_HTTP_CLIENT"], client)

    def test_a_client_that_cannot_be_ends_the_process_with_its_cause(self) -> None:
        said = io.StringIO()
        asked = patch.dict(os.environ, {"LOADTEST_HTTP_CLIENT": "fast"})
        untested = patch.dict(patching.TESTED, {"requests": ("0.9",)})
        with asked, untested, contextlib.redirect_stderr(said), self.assertRaises(SystemExit) as end:
            start.choose_http_client()
        self.assertEqual(end.exception.code, 2)
        cause = f"the fast client was not tested with requests {patching.versions()['requests']}"
        self.assertEqual(said.getvalue(), f"HttpUser cannot run on the fast client, as httpClient asks: {cause}\n")

    def test_no_file_is_read(self) -> None:
        before = {
            make: make.__defaults__ for make in (argument_parser.get_empty_argument_parser, argument_parser.get_parser)
        }
        here = Path.cwd()
        self.addCleanup(os.chdir, here)
        with tempfile.TemporaryDirectory() as folder:
            os.chdir(folder)
            Path("locust.conf").write_text("headless = true\n")
            Path("pyproject.toml").write_text("[tool.locust\n")
            try:
                start.read_no_files()
                self.assertFalse(argument_parser.get_parser().parse_args([]).headless)
                self.assertEqual(argument_parser.parse_locustfile_option([]).locustfile, "locustfile.py")
            finally:
                for make, defaults in before.items():
                    make.__defaults__ = defaults
            os.chdir(here)

    def test_a_spawn_message_does_not_make_a_parser_for_each_option(self) -> None:
        runner = MagicMock(last_received_spawn_timestamp=0)
        job = {"host": "http://target", "stop_timeout": 10, "user_classes_count": {}}
        options = {**vars(parser().parse_args(["--tenant", "acme"])), "tags": ["smoke"]}
        runner.environment.parsed_options = argparse.Namespace()
        setup = argument_parser.setup_parser_arguments
        with (
            patch.object(argument_parser, "default_args_dict", argument_parser.default_args_dict),
            patch.object(argument_parser, "setup_parser_arguments", side_effect=setup) as made,
        ):
            start.remember_defaults()
            for timestamp in (1, 2):
                message = Message("spawn", {**job, "timestamp": timestamp, "parsed_options": options}, "worker")
                WorkerRunner.handle_message(runner, message)
        self.assertEqual(made.call_count, 1)
        taken = runner.environment.parsed_options
        self.assertEqual((taken.tenant, taken.tags, hasattr(taken, "headless")), ("acme", ["smoke"], False))


if __name__ == "__main__":
    unittest.main()
