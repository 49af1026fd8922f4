"""The options of open load, and what is refused of them before a run starts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from locust import User
from locust.argument_parser import LocustArgumentParser
from locust.env import Environment
from locust.event import Events

from . import patching
from .arrivals import ALLOWED, EVEN, SPACINGS, parse

RATE, SPACING = "arrival_rate", "arrival_spacing"


def add_options(events: Events) -> None:
    """Has Locust's parsers know the options, unless a script has some of these names."""
    fire = events.init_command_line_parser.fire

    def fire_and_add(*, parser: LocustArgumentParser, **more: Any) -> None:
        fire(parser=parser, **more)
        if not {"--arrival-rate", "--arrival-spacing"} & parser._option_string_actions.keys():
            parser.add_argument(
                "--arrival-rate",
                default="",
                help='Iterations started a second, all workers together: 500, or "50/s:1m 500/s:5m"; empty: users wait '
                "as the script says. With it, users are the most iterations under way",
            )
            parser.add_argument(
                "--arrival-spacing", default=EVEN, choices=list(SPACINGS), help="Gaps between iterations"
            )

    events.init_command_line_parser.fire = fire_and_add  # type: ignore[method-assign]


def asked_of(options: Any) -> str:
    """The rate that a run is asked for; empty without one."""
    return (getattr(options, RATE, "") or "").strip() if hasattr(options, SPACING) else ""


def spacing_of(options: Any) -> str:
    return getattr(options, SPACING, EVEN)


def form_refusal(environment: Environment, form: Mapping[str, str], going: tuple[str, str] | None) -> str | None:
    """Why a form for `/swarm` is refused; None lets it through. `going`: rate and spacing of the run that goes on."""
    options = environment.parsed_options
    text, spacing = form.get(RATE, asked_of(options)).strip(), form.get(SPACING, spacing_of(options))
    if spacing not in SPACINGS:
        return f"Arrival spacing must be {' or '.join(SPACINGS)}, not {spacing!r}"
    if going is not None:
        if bool(text) != bool(going[0]):
            return "A run begins with an arrival rate or without one: stop it first"
        if text and spacing != going[1]:
            return "Arrival spacing cannot change while a run is going on"
    return refusal(environment, text)


def refusal(environment: Environment, text: str) -> str | None:
    """Why a run cannot start at this rate; None where it can, or has none."""
    if not text:
        return None
    try:
        parse(text)
    except ValueError:
        return f"Arrival rate must be {ALLOWED}, not {text!r}"
    if environment.shape_class is not None:
        shape = type(environment.shape_class).__name__
        return f"The script has a load shape ({shape}), which decides the load: leave the arrival rate out"
    if patching.untested("locust"):
        known = " or ".join(patching.TESTED["locust"])
        return f"An arrival rate needs Locust {known}, and here is {patching.versions()['locust']}"
    for cls in environment.user_classes:
        if next(base for base in cls.__mro__ if "run" in vars(base)) is not User:
            return f"Users of class {cls.__name__} have no tasks but a way of their own: no arrival rate holds them"
    return None
