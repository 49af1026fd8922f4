import { createServer, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { expect } from "chai";
import type { FinishedRecord } from "../../runner/results/run-record";
import { localRuns } from "../support/local-runs";
import { requireRole } from "../support/processes";

/** Users that would wait for hours between two tasks. */
const visitor = (kind: string) => `from locust import ${kind}, constant, task


class Visitor(${kind}):
    wait_time = constant(10_000)

    @task
    def front_page(self):
        self.client.get("/")
`;

const steps = `from locust import HttpUser, SequentialTaskSet, constant, task


class Purchase(SequentialTaskSet):
    @task
    def first(self):
        self.client.get("/first")

    @task
    def second(self):
        self.client.get("/second")


class Buyer(HttpUser):
    wait_time = constant(10_000)
    tasks = [Purchase]
`;

const shaped = `${visitor("FastHttpUser")}

from locust import LoadTestShape


class Wave(LoadTestShape):
    def tick(self):
        return (1, 1)
`;

/** A target that holds its answers while it is paused, and counts by path what it was asked. */
class PausingTarget {
  readonly asked = new Map<string, number>();
  private held: ServerResponse[] = [];
  private paused = false;
  private readonly server: Server = createServer((request, response) => {
    const path = request.url ?? "";
    this.asked.set(path, (this.asked.get(path) ?? 0) + 1);
    if (this.paused) this.held.push(response);
    else response.end("hello");
  });

  async listen(): Promise<string> {
    await new Promise<void>((resolve) => this.server.listen(0, "127.0.0.1", resolve));
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  pause(): void {
    this.paused = true;
  }

  goOn(): void {
    this.paused = false;
    for (const response of this.held.splice(0)) response.end("hello");
  }

  close(): void {
    this.goOn();
    this.server.closeAllConnections();
    this.server.close();
  }
}

describe("a run with an arrival rate", function () {
  this.timeout(120_000);
  const { start } = localRuns({
    args: ["--workers", "2", "--spawn-rate", "100"],
    scripts: {
      "fast.py": visitor("FastHttpUser"),
      "slow.py": visitor("HttpUser"),
      "steps.py": steps,
      "shaped.py": shaped,
    },
  });
  let target: PausingTarget;
  let host: string;
  beforeEach(async () => {
    target = new PausingTarget();
    host = await target.listen();
  });
  afterEach(() => target.close());

  const load = (script: string, users: number, rate: string, ...more: string[]) =>
    start(["--script", script, "--host", host, "--users", String(users), "--arrival-rate", rate, ...more]);
  const arrivalsOf = ({ integrity }: FinishedRecord) => integrity?.arrivals ?? { due: 0, started: 0, dropped: 0 };

  for (const script of ["fast.py", "slow.py"]) {
    it(`starts what its stages ask for exactly, with ${script}`, async () => {
      const run = load(script, 40, "50:3s 100/s:4s", "--threshold", "corrected_p50<500", "--json");
      const end = await run.command.ended;
      const record = run.record();
      expect(end.code, end.stdout + end.stderr).to.equal(0);
      expect(target.asked.get("/")).to.equal(550);
      expect(arrivalsOf(record)).to.include({ rate: "50:3s 100/s:4s", due: 550, started: 550, dropped: 0 });
      expect(record.totals.requests).to.equal(550);
      expect(record.endedBy).to.equal("run-time");
      expect(record.durationSeconds).to.be.within(7, 9);
      expect(record.corrected?.avg).to.be.at.least(record.totals.avg);
      expect(record.files).to.include("corrected.csv");
      expect(end.stderr).to.match(/wait_time is not used: iterations start at 50:3s 100\/s:4s, with at most 40/);
      expect(end.stderr).to.match(/[\d.]+\/100 iterations\/s/);
    });
  }

  it("starts rate times time of a constant rate, at random gaps too", async () => {
    const [even, random] = await Promise.all(
      [
        load("fast.py", 20, "40", "--run-time", "8s"),
        load("fast.py", 20, "40", "--arrival-spacing", "poisson", "--run-time", "8s"),
      ].map(async (run) => {
        const end = await run.command.ended;
        expect(end.code, end.stdout + end.stderr).to.equal(0);
        const { due, started } = arrivalsOf(run.record());
        expect(started).to.equal(due);
        return started;
      }),
    );
    expect(even).to.be.within(40 * 6.5, 40 * 8);
    expect(random).to.be.within(40 * 6.5 - 70, 40 * 8 + 70);
    expect(target.asked.get("/")).to.equal((even ?? 0) + (random ?? 0));
  });

  it("takes a pass through a sequential set for one iteration", async () => {
    const run = load("steps.py", 10, "20:5s");
    const end = await run.command.ended;
    expect(end.code, end.stdout + end.stderr).to.equal(0);
    expect(arrivalsOf(run.record())).to.include({ due: 100, started: 100 });
    expect(Object.fromEntries(target.asked)).to.deep.equal({ "/first": 100, "/second": 100 });
  });

  it("goes on at the whole rate within seconds where a worker is killed", async () => {
    const run = load("fast.py", 40, "100", "--run-time", "16s");
    await run.command.waitFor(/full load/);
    await new Promise((resolve) => setTimeout(resolve, 3000));
    const [worker] = requireRole(run.command.children(), "worker", 2);
    process.kill(worker?.pid ?? 0, "SIGKILL");
    await new Promise((resolve) => setTimeout(resolve, 4000));
    const before = target.asked.get("/") ?? 0;
    await new Promise((resolve) => setTimeout(resolve, 3000));
    const asked = (target.asked.get("/") ?? 0) - before;
    await run.command.ended;
    expect(asked).to.be.within(280, 320);
    const { verdict, reasons } = run.record();
    expect(verdict).to.equal("invalid");
    expect(reasons.join("\n")).to.match(
      /Arrivals: \d+ of \d+ iterations asked were started: \d+ went with lost workers/,
    );
  });

  it("is invalid where all users wait for a target that hangs", async () => {
    const run = load("fast.py", 10, "50", "--run-time", "8s");
    await run.command.waitFor(/full load/);
    target.pause();
    const end = await run.command.ended;
    expect(end.code, end.stdout).to.equal(3);
    const record = run.record();
    const { due, started, dropped } = arrivalsOf(record);
    expect(record.verdict).to.equal("invalid");
    expect(record.reasons.join("\n")).to.match(/\d+ were dropped, as all users, 10, were under way/);
    expect(dropped).to.be.greaterThan(100);
    expect(started + dropped).to.equal(due);
  });

  it("shows a second without answers in corrected times, where Locust's own hide it", async () => {
    const run = load("fast.py", 4, "40:10s", "--threshold", "corrected_p95<400", "--threshold", "p95<400");
    await run.command.waitFor(/full load/);
    await new Promise((resolve) => setTimeout(resolve, 3000));
    target.pause();
    await new Promise((resolve) => setTimeout(resolve, 1000));
    target.goOn();
    await run.command.ended;
    const { corrected, percentiles, thresholds } = run.record();
    // Four requests have waited, and with them some forty iterations.
    expect(percentiles.p95).to.be.below(100);
    expect(corrected?.percentiles.p95).to.be.above(400);
    expect(thresholds.map(({ passed }) => passed)).to.deep.equal([false, true]);
    expect(run.text("corrected.csv")).to.match(/^GET,\/,/m);
  });

  it("refuses what cannot be, with one line and exit code 2", async () => {
    const shape = await load("shaped.py", 5, "10").command.ended;
    expect(shape.code, shape.stderr).to.equal(2);
    expect(shape.stderr).to.contain("the script's load shape Wave decides users and time: leave the arrival rate out");
    const wrong = await load("fast.py", 5, "10:x", "--arrival-spacing", "odd").command.ended;
    expect(wrong.code, wrong.stderr).to.equal(2);
    expect(wrong.stderr)
      .to.match(/arrivalRate.*"10:x"/)
      .and.to.match(/arrivalSpacing.*"odd"/);
    const closed = await start(["--host", host, "--threshold", "corrected_p95<9"]).command.ended;
    expect(closed.code, closed.stderr).to.equal(2);
    expect(closed.stderr).to.contain("on p95 instead of corrected_p95, unless arrivalRate is set");
  });
});
