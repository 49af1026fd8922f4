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

  /** Users that are sent home and called back each second: many wake from their wait when they are to be ended. */
  const waves = (client: string) => `from locust import ${client}, LoadTestShape, constant, task


class Quick(${client}):
    wait_time = constant(0.05)

    @task
    def front_page(self) -> None:
        self.client.get("/")


class Waves(LoadTestShape):
    def tick(self):
        second = int(self.get_run_time())
        return None if second > 5 else (10 if second % 2 else 100, 200)
`;

  for (const client of ["HttpUser", "FastHttpUser"]) {
    it(`are the target's where ${client}s wake when they are to be ended`, async () => {
      const target = await startDemoTarget({ port: 0 });
      try {
        const project = makeProject({ "waves.py": waves(client) });
        const args = ["run", "--local", "--host", target.url, "--script", "waves.py", "--workers", "1"];
        const end = await startCommand([...args, "--results", project.results], { cwd: project.directory }).ended;
        expect(end.code, end.stderr + end.stdout).to.equal(0);
        const { requests, aborted } = target.counts();
        expect(requests).to.be.greaterThan(500);
        expect(finished(onlyRun(project.results)).totals).to.include({ requests, failures: 0 });
        expect(aborted).to.equal(0);
      } finally {
        await target.close();
      }
    });
  }

  for (const round of rounds) {
    it(`are the target's own counts exactly, runs ${2 * round + 1} and ${2 * round + 2}`, async () => {
      await Promise.all([oneRun(2), oneRun(3)]);
    });
  }
});
