"""The options of open load, as Locust's parsers and its web UI's form have them."""

import unittest
from typing import Any

from locust.argument_parser import get_empty_argument_parser
from locust.event import Events

from loadtest import openoptions


class OptionsTest(unittest.TestCase):
    def parser(self, *own: str) -> Any:
        events = Events()
        openoptions.add_options(events)

        def add(parser: Any) -> None:
            for name in own:
                parser.add_argument(name)

        events.init_command_line_parser.add_listener(add)
        parser = get_empty_argument_parser()
        events.init_command_line_parser.fire(parser=parser)
        return parser

    def test_are_there_and_in_locusts_form(self) -> None:
        parser = self.parser()
        options = parser.parse_args(["--arrival-rate", "5:1m 6:1m", "--arrival-spacing", "poisson"])
        self.assertEqual(openoptions.asked_of(options), "5:1m 6:1m")
        self.assertEqual(openoptions.spacing_of(options), "poisson")
        self.assertLessEqual({"arrival_rate", "arrival_spacing"}, parser.args_included_in_web_ui.keys())
        self.assertEqual(openoptions.asked_of(parser.parse_args([])), "")

    def test_leave_an_option_of_the_scripts_alone(self) -> None:
        options = self.parser("--arrival-rate").parse_args(["--arrival-rate", "mine"])
        self.assertEqual((options.arrival_rate, openoptions.asked_of(options)), ("mine", ""))
