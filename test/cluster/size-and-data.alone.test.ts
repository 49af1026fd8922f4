import { expect } from "chai";
import { ownTest } from "../support/deployed";
import { finished, onlyRun, runsIn, temporaryFolder, textIn } from "../support/project";

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

describe("loadtest size and loadtest_data, on a deployed test", function () {
  this.timeout(240_000);
  const test = ownTest(`size-${process.pid}`, {}, { "rows.py": rows, "users.csv": csv });

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
