import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "chai";
import { type DemoTarget, startDemoTarget } from "../../runner/demo/target";
import {
  ask,
  fixtures,
  type Master,
  post,
  type Running,
  root,
  sleep,
  startMaster,
  startWorker,
  status,
  statusWaiter,
  stopAll,
  until,
} from "./processes";

const script = `${fixtures}/mixed.py`;
// Workers come back 1 s after their last user has stopped, instead of another whole stop timeout.
const env = { LOCUST_WORKER_ADDITIONAL_WAIT_BEFORE_READY_AFTER_STOP: "-4" };

describe("The status of a run", function () {
  this.timeout(60_000);
  let target: DemoTarget;
  let master: Master;
  const workers: Running[] = [];

  before(async () => {
    target = await startDemoTarget({ port: 0 });
    master = await startMaster(script, ["--host", target.url, "--stop-timeout", "5"]);
    await addWorker();
    await addWorker();
  });
  after(async () => {
    await stopAll();
    await target.close();
  });

  afterEach(async function () {
    // A test that failed in the middle of its run leaves the next one a quiet master.
    if (this.currentTest?.state !== "failed") return;
    await post(master.webPort, "/stop");
    await sleep(3000);
  });

  async function addWorker(): Promise<void> {
    workers.push(await startWorker(master, script, `worker-${workers.length + 1}`, env));
  }
  const waitFor = statusWaiter(
    () => status(master),
    () => master,
  );
  const ready = (count: number) =>
    waitFor(
      (now) => now.workers.filter(({ state, memory }) => state === "ready" && memory > 0).length === count,
      "ready workers",
    );
  const drained = () => waitFor((now) => now.drained, "the last numbers");
  const swarm = (users: number) => post(master.webPort, "/swarm", { user_count: `${users}`, spawn_rate: "100" });
  const totals = ({ requests, failures }: { requests: number; failures: number }) => ({ requests, failures });
  const since = (before: { requests: number; failures: number }) => ({
    requests: target.counts().requests - before.requests,
    failures: target.counts().failures - before.failures,
  });

  it("has every field before a run", async () => {
    const idle = await ready(2);
    expect(idle).to.deep.include({ locust: "2.47.0", script: "mixed.py", state: "ready", run: 0, drained: false });
    expect(idle).to.deep.include({ users: 0, targetUsers: 0, shape: null });
    expect(idle.host).to.equal(target.url);
    expect(idle.spawnRate).to.equal(0);
    expect(idle.hosts).to.deep.equal({ MixedUser: target.url, SlowUser: target.url });
    expect(idle).to.deep.include({ requests: 0, failures: 0, rps: 0, failuresPerSecond: 0 });
    expect(idle).to.deep.include({ p50: null, p95: null, p99: null });
    expect(idle.python).to.match(/^3\.\d+\.\d+$/);
    const constraints = readFileSync(join(root, "locust", "constraints.txt"), "utf8");
    const pinned = (name: string) => new RegExp(`^${name}==(.*)$`, "m").exec(constraints)?.[1];
    const packages = ["geventhttpclient", "gevent", "requests", "urllib3"];
    const versions = Object.fromEntries(packages.map((name) => [name, pinned(name)]));
    const client = { client: "patched", ...versions, httpUser: "fast" };
    expect(idle.client, "the table in patching.py has what is pinned").to.deep.equal(client);
    expect(idle.workers.map(({ name }) => name).sort()).to.deep.equal(["worker-1", "worker-2"]);
    expect(idle.master.cpu).to.be.within(0, 1.5);
    expect(idle.master.memory).to.be.greaterThan(10_000_000);
  });

  it("has every field in a run", async () => {
    const before = totals(target.counts());
    await swarm(6);
    const running = await waitFor(
      ({ rps, p50, workers }) => rps > 0 && p50 !== null && workers.every(({ cpu }) => cpu > 0),
      "regular reports of both",
    );
    expect(running).to.deep.include({ state: "running", run: 1, drained: false, users: 6, targetUsers: 6 });
    expect(running.requests).to.be.greaterThan(0);
    expect(running.p95).to.be.a("number");
    expect(running.p99).to.be.a("number");
    for (const worker of running.workers) {
      expect(worker).to.deep.include({ state: "running", users: 3 });
      expect(worker.id).to.match(/_[0-9a-f]{32}$/);
      expect(worker.cpu).to.be.greaterThan(0).and.lessThan(1.5);
      expect(worker.cpuLimit).to.be.greaterThan(0).and.at.most(1);
      expect(worker.memory).to.be.greaterThan(10_000_000);
    }
    await post(master.webPort, "/stop");
    const end = await drained();
    expect(totals(end)).to.deep.equal(since(before));
    expect(end.failures).to.be.greaterThan(0);
    await ready(2);
  });

  // These have no regular report at all, only the one at their end.
  for (const run of [2, 3]) {
    it(`has exact totals of run ${run}, and no other run's`, async () => {
      const before = totals(target.counts());
      await swarm(6);
      const begun = await waitFor((now) => now.run === run, "the run");
      expect(begun.drained, "the mark of the last run").to.equal(false);
      await until(async () => since(before).failures > 0, "requests");
      await sleep(1300); // slow requests are under way then
      expect((await status(master)).drained).to.equal(false);
      await post(master.webPort, "/stop");
      const shown = JSON.parse((await ask(master.webPort, "GET", "/stats/requests")).body);
      expect(shown, "what lets Locust's web UI start the next run").to.include({ state: "stopped", worker_count: 2 });
      const end = await drained();
      expect(end).to.deep.include({ run, users: 0 });
      expect(totals(end)).to.deep.equal(since(before));
      expect(end.workers, "workers that are away for a moment are shown").to.have.length(2);
      expect(totals(await ready(2)), "nothing comes later").to.deep.equal(totals(end));
      expect((await status(master)).state).to.equal("stopped");
      expect(target.counts().aborted).to.equal(0);
    });
  }

  it("loses no sample when a worker is asked to leave", async () => {
    const before = totals(target.counts());
    await swarm(6);
    await waitFor(({ state }) => state === "running", "the users");
    await until(async () => since(before).failures > 0, "requests");
    workers[0]?.child.kill("SIGTERM");
    expect(await workers[0]?.ended, workers[0]?.output()).to.equal(0);
    const going = ({ workers: all }: Awaited<ReturnType<typeof status>>) =>
      all.filter(({ state }) => state !== "stopped").map(({ name }) => name);
    const left = await waitFor((now) => going(now).length === 1 && now.users === 6, "the users to move");
    expect(going(left)).to.deep.equal(["worker-2"]);
    await post(master.webPort, "/stop");
    expect(totals(await drained())).to.deep.equal(since(before));
    expect(target.counts().aborted).to.equal(0);
  });

  it("goes on without a worker that was killed", async () => {
    await addWorker();
    await ready(2);
    await swarm(6);
    await waitFor(({ state, users }) => state === "running" && users === 6, "the users");
    workers[1]?.child.kill("SIGKILL");
    await waitFor((now) => now.workers.some(({ state }) => state === "missing"), "Locust to miss the worker");
    await post(master.webPort, "/stop");
    const end = await drained();
    expect(end.workers.map(({ name, state }) => `${name} ${state}`)).to.include("worker-2 missing");
  });

  it("is plain JSON that no cache keeps", async () => {
    const answer = await ask(master.webPort, "GET", "/loadtest/status");
    expect(answer.headers["content-type"]).to.equal("application/json");
    expect(answer.headers["cache-control"]).to.equal("no-store");
  });
});
