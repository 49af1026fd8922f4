import { expect } from "chai";
import { ownTest } from "../support/deployed";
import { finished, onlyRun, runsIn, temporaryFolder, textIn } from "../support/project";

const script = (name: string, work: readonly string[]) => `import time

from locust import FastHttpUser, task


class Visitor(FastHttpUser):
    @task
    def visit(self) -> None:
        self.client.get("${name}")
${work.map((line) => `        ${line}\n`).join("")}`;
const rows = `from locust import FastHttpUser, constant, task
from loadtest_data import rows

users = rows("users.csv")


class Visitor(FastHttpUser):
    wait_time = constant(0.1)

    @task
    def visit(self):
        self.client.get("/", name=next(users)["id"])
`;
const count = 300;
const csv = `id\n${Array.from({ length: count }, (_, id) => `user-${id}\n`).join("")}`;

describe("loadtest capacity, loadtest size and loadtest_data, on a deployed test", function () {
  this.timeout(300_000);
  const test = ownTest(
    `capacity-${process.pid}`,
    {},
    {
      "visit.py": script("/queue", []),
      // 10 ms of a core for each request: 20 a second for each worker of 0.2 vCPU.
      "busy.py": script("/", ["end = time.process_time() + 0.01", "while time.process_time() < end:", "    pass"]),
      "rows.py": rows,
      "users.csv": csv,
    },
  );

  it("finds what a queue in the cluster takes, and leaves the test as it was", async () => {
    const results = temporaryFolder();
    const args = ["--script", "visit.py", "--threshold", "p95<400", "--step-time", "4s", "--from", "4"];
    const { code, stdout, stderr } = await test.run("capacity", ...args, "--results", results);
    const { capacity } = finished(onlyRun(results));
    expect(code, `${stdout}${stderr}`).to.equal(0);
    expect(capacity?.limit, stdout).to.equal("target");
    expect(capacity?.rps, stdout).to.be.within(80, 120);
    expect(stdout).to.match(/The target was the limit, not the workers/);
    await test.expectAsBefore();
  });

  it("scales the workers where they are the limit, goes on, and scales them back", async () => {
    const results = temporaryFolder();
    const args = ["--script", "busy.py", "--threshold", "p95<600", "--step-time", "4s", "--from", "2", "--holds", "2"];
    const more = ["--workers", "1", "--max-workers", "3", "--max-users", "12"];
    const { stdout, stderr } = await test.run("capacity", ...args, ...more, "--results", results);
    const { capacity } = finished(onlyRun(results));
    expect(stderr, stdout).to.match(/The workers are the limit: .* Workers: 1 → [23]/);
    expect(capacity?.workers.count, stdout).to.be.within(2, 3);
    expect(capacity?.limit, stdout).to.be.oneOf(["workers", "cap"]);
    await test.expectAsBefore();
  });

  it("gives each row of a file in the ConfigMap to one user of all pods", async () => {
    const results = temporaryFolder();
    const load = ["--script", "rows.py", "--users", "6", "--spawn-rate", "6", "--run-time", "60s"];
    const { code, stdout, stderr } = await test.run("run", ...load, "--results", results);
    expect(code, stdout + stderr).to.equal(0);
    const directory = onlyRun(results);
    expect(finished(directory)).to.include({ verdict: "passed", endedBy: "data" });
    const counted = textIn(directory, "requests.csv").matchAll(/^GET,(user-\d+),(\d+),/gm);
    const asked = new Map([...counted].map(([, name = "", times]) => [name, Number(times)]));
    expect(asked.size).to.equal(count);
    expect([...asked.values()].every((times) => times === 1)).to.equal(true);
    await test.expectAsBefore();
  });

  it("sizes a load by one of its workers, and leaves two", async () => {
    const results = temporaryFolder();
    const load = ["--users", "500", "--run-time", "20s"];
    const { code, stdout, stderr } = await test.run("size", ...load, "--results", results, "--json");
    expect(code, stdout + stderr).to.equal(0);
    const report = JSON.parse(stdout);
    expect(report.size.cpu).to.equal(report.sample.limit);
    expect(report.sample).to.deep.include({ place: "kubernetes", workers: 1 });
    expect(report.sample.users).to.be.within(5, 500);
    expect(report.need.workers).to.be.within(1, 10);
    expect(report.need.cpuShare).to.be.within(0.01, 0.7);
    expect(report.need.price.why).to.contain("not this stack's own");
    expect(report.settings.workerReplicas).to.equal(2);
    expect(report.warnings.join()).to.not.contain("this machine");
    expect(stderr)
      .to.match(/Workers: 2 → 1/)
      .and.match(/Probe 1: 1 worker, 5 users/);
    expect(runsIn(results).length).to.be.within(2, 4);
    await test.expectAsBefore();
  });
});
