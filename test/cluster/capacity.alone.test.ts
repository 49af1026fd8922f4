import { expect } from "chai";
import { ownTest } from "../support/deployed";
import { finished, onlyRun, temporaryFolder } from "../support/project";

const script = (name: string, work: readonly string[]) => `import time

from locust import FastHttpUser, task


class Visitor(FastHttpUser):
    @task
    def visit(self) -> None:
        self.client.get("${name}")
${work.map((line) => `        ${line}\n`).join("")}`;

describe("loadtest capacity, on a test that pulumi up has deployed", function () {
  this.timeout(300_000);
  const test = ownTest(
    `capacity-${process.pid}`,
    {},
    {
      "visit.py": script("/queue", []),
      // 10 ms of a core for each request: 20 a second for each worker of 0.2 vCPU.
      "busy.py": script("/", ["end = time.process_time() + 0.01", "while time.process_time() < end:", "    pass"]),
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
});
