import { mkdirSync } from "node:fs";
import { expect } from "chai";
import { type CommandEnd, startCommand, stopCommands } from "../support/cli";
import { removeProjects, runsIn, temporaryFolder } from "../support/project";
import { startSteady, steadyUsers, usedIn, workerSize } from "../support/steady";
import { together } from "../support/together";

const shape = `from locust import LoadTestShape\n${steadyUsers}

class Stages(LoadTestShape):
    def tick(self):
        return (1, 1) if self.get_run_time() < 3 else None
`;

describe("loadtest size on this machine", function () {
  this.timeout(240_000);
  let steady: Awaited<ReturnType<typeof startSteady>>;
  const asked = 600;

  before(async () => {
    steady = await startSteady({ "shape.py": shape });
  });
  after(async () => {
    await stopCommands();
    await steady.target.close();
    removeProjects();
  });

  const test = together();
  const command = (args: readonly string[], env = {}): Promise<CommandEnd> =>
    startCommand(args, { cwd: steady.directory, env }).ended;

  test("tells by one worker what two take", async () => {
    const [sampled, ran] = [temporaryFolder(), temporaryFolder()];
    const users = ["--users", `${asked}`];
    const end = await command(["size", ...steady.load, ...users, "--run-time", "15s", "--results", sampled, "--json"], {
      AWS_REGION: "us-east-2",
    });
    expect(end.code, end.stderr).to.equal(0);
    const report = JSON.parse(end.stdout);
    expect(end.stderr)
      .to.match(/^Probe 1: 1 worker, 5 users, 10 s of full load$/m)
      .and.match(/^Sample: 1 worker, \d+ users/m);
    expect(report.sample.workers).to.equal(1);
    expect(report.sample.users).to.be.lessThan(asked);
    expect(report.sample.cores).to.be.within(0.01, 1);
    // As many as stay below 70 % of 0.5 vCPU: one less would not.
    const { cpuShare, workers } = report.need;
    expect(cpuShare).to.be.at.most(0.7 + 1e-6);
    if (workers > 1) expect((cpuShare * workers) / (workers - 1)).to.be.above(0.7 - 1e-6);
    expect(report.need.memoryPerUser).to.be.within(1000, 200_000);
    expect(report.need.price).to.include({ region: "us-east-2" });
    expect(report.settings).to.deep.equal({ workerReplicas: 1, enough: report.need.workers <= 1 });
    expect(runsIn(sampled).length, "each is kept").to.be.within(2, 4);

    const two = ["run", ...steady.load, ...users, "--workers", "2", "--run-time", "30s", "--results", ran];
    const run = await command(two);
    expect(run.code, run.stdout).to.equal(0);
    const usage = usedIn(ran) ?? expect.fail("no load");
    const predicted = report.need.cpuShare * report.need.workers * workerSize.cpu;
    // bench:size says how near it comes where the machine has nothing else to do.
    expect(predicted / usage.cores).to.be.within(0.5, 2);
    expect(report.need.rate / usage.rate).to.be.within(0.5, 2);

    const from = await command(["size", "--users", "4000", "--from", "latest", "--results", ran]);
    expect(from.code, from.stderr).to.equal(0);
    expect(from.stdout).to.match(/^4,000 users need \d+ workers of 0\.5 vCPU and 768 MiB$/m);
    expect(from.stdout).to.match(/measured {2}steady\.py on this machine: 2 workers, 600 users, /);
    expect(from.stdout).to.match(/workerReplicas is 1: too few, set it to (\d+), or run with --workers \1$/m);
    const rate = await command(["size", "--arrival-rate", "20000", "--from", "latest", "--results", ran, "--json"]);
    const byRate = JSON.parse(rate.stdout);
    expect(byRate.need.cpuShare * byRate.need.workers).to.be.closeTo(
      ((20000 / usage.rate) * usage.cores) / workerSize.cpu,
      1,
    );
    expect(byRate.warnings).to.include("each request of the sample is taken for an iteration");
    expect(runsIn(ran)).to.have.lengthOf(1);
  });

  test("starts iterations in its samples where a rate is asked for", async () => {
    const results = temporaryFolder();
    const rate = ["--arrival-rate", "40", "--users", "80", "--run-time", "15s"];
    const end = await command(["size", ...steady.load, ...rate, "--results", results, "--json"]);
    expect(end.code, end.stderr).to.equal(0);
    const report = JSON.parse(end.stdout);
    expect(report.asked).to.deep.equal({ rate: 40, users: 80 });
    expect(report.sample).to.include({ unit: "iterations", workers: 1, users: 80 });
    expect(report.sample.rate).to.be.closeTo(40, 8);
    expect(report.need).to.include({ workers: 1, users: 80 });
    expect(end.stderr).to.match(/^Probe 1: 1 worker, 5 iterations a second, 10 s of full load$/m);
  });

  test("refuses a script with a shape, and what does not go together", async () => {
    const results = temporaryFolder();
    const shaped = await command([
      "size",
      "--local",
      "--script",
      "shape.py",
      "--host",
      steady.target.url,
      "--results",
      results,
    ]);
    expect(shaped.code).to.equal(2);
    expect(shaped.stderr).to.match(/^loadtest: the script's load shape Stages decides users and time: run it, then/m);
    for (const [args, says] of [
      [["--users", "0"], /Users are a number from 1 on/],
      [["--arrival-rate", "0"], /It must be a number above 0/],
      [["--from", "none", "--results", results], /there is no run none/],
      [["--demo"], /--demo starts its target on this machine: --local --demo/],
    ] as const) {
      const end = await command(["size", ...args]);
      expect(end.code, args.join(" ")).to.equal(2);
      expect(end.stderr).to.match(says);
    }
    mkdirSync(results, { recursive: true });
    expect(runsIn(results)).to.deep.equal([]);
  });
});
