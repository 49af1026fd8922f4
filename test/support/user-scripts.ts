/** A script with a user whose task asks for `/` twice a second and does `more`. */
export const script = (more: readonly string[], rest = "") => `import asyncio
import gevent
import itertools
import sys

from locust import FastHttpUser, constant, events, task
from locust.exception import StopUser
from locust.runners import MasterRunner, WorkerRunner

count = itertools.count()


class Visitor(FastHttpUser):
    wait_time = constant(0.5)
    asked = 0

    @task
    def visit(self):
        self.client.get("/")
        self.asked += 1
${more.map((line) => `        ${line}\n`).join("")}

${rest}`;

/** A listener that does this, on the master or in workers only where `kind` says so. */
export const listener = (event: string, line: string, kind?: "MasterRunner" | "WorkerRunner") => `
@events.${event}.add_listener
def listen(environment=None, **kwargs):
    ${kind === undefined ? "if True" : `if isinstance(environment.runner, ${kind})`}:
        ${line}
`;
