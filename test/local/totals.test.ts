import { expect } from "chai";
import { type DemoTarget, startDemoTarget } from "../../runner/demo/target";
import { prepareLocust, startCommand, stopCommands } from "../support/cli";
import { finished, makeProject, onlyRun, removeProjects } from "../support/project";

describe("totals of a run", function () {
  this.timeout(120_000);
  const mixed = `from locust import HttpUser, constant, task


class MixedUser(HttpUser):
    wait_time = constant(0.02)

    @task(6)
    def front_page(self) -> None:
        self.client.get("/")

    @task(3)
    def flaky(self) -> None:
        self.client.get("/flaky")

    @task(1)
    def slow(self) -> None:
        self.client.get("/slow")
`;
  const rounds = [0, 1, 2, 3, 4];

  before(() => prepareLocust());
  after(async () => {
    await stopCommands();
    removeProjects();
  });

  async function oneRun(seconds: number): Promise<void> {
    const target = await startDemoTarget({ port: 0, failEvery: 3 });
    try {
      await compare(target, seconds);
    } finally {
      await target.close();
    }
  }

  async function compare(target: DemoTarget, seconds: number): Promise<void> {
    const project = makeProject({ "mixed.py": mixed });
    const args = ["run", "--local", "--host", target.url, "--script", "mixed.py", "--run-time", `${seconds}s`];
    const end = await startCommand([...args, "--users", "10", "--spawn-rate", "20", "--results", project.results], {
      cwd: project.directory,
    }).ended;
    expect(end.code, end.stderr).to.equal(0);
    const counts = target.counts();
    const { totals } = finished(onlyRun(project.results));
    expect(counts.requests).to.be.greaterThan(50);
    expect(counts.failures).to.be.greaterThan(0);
    expect(totals).to.include({ requests: counts.requests, failures: counts.failures });
    expect(counts.aborted).to.equal(0);
  }

  for (const round of rounds) {
    it(`are the target's own counts exactly, runs ${2 * round + 1} and ${2 * round + 2}`, async () => {
      await Promise.all([oneRun(2), oneRun(3)]);
    });
  }
});
