"""Arguments of the script's own, with defaults, also for Locust's."""

from argparse import ArgumentParser
from typing import Any

from counted import rest_after, say
from locust import FastHttpUser, events, task
from locust.env import Environment


@events.init_command_line_parser.add_listener
def arguments(parser: ArgumentParser) -> None:
    parser.add_argument("--tenant", default="acme", include_in_web_ui=True)
    parser.add_argument("--secret", default="quiet", is_secret=True)
    parser.add_argument("--batch", type=int, default=3, choices=[1, 3])
    parser.add_argument("--dry", action="store_true")
    parser.add_argument("--regions", nargs="*", default=["eu", "us"])
    parser.add_argument("--unset")


@events.test_start.add_listener
def show(environment: Environment, **_: Any) -> None:
    own = environment.parsed_options
    where = type(environment.runner).__name__
    say(where, own.tenant, own.secret, own.batch, own.dry, own.regions, own.unset)
    say(where, own.num_users, own.spawn_rate, own.run_time, environment.stop_timeout)
    say(where, environment.host == own.host, [cls.__name__ for cls in environment.user_classes], environment.locustfile)


class Tenant(FastHttpUser):
    wait_time = rest_after(3)

    @task
    def go(self) -> None:
        own = self.environment.parsed_options
        self.client.get(f"/{own.tenant}/{own.regions[-1]}/{own.batch}")
