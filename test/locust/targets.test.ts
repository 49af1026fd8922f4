import { expect } from "chai";
import { type DemoTarget, startDemoTarget } from "../../runner/demo/target";
import { LocustClient } from "../../runner/engine/client";
import { fixtures, type Master, startMaster, startWorker, statusWaiter, stopAll, token } from "./processes";

const script = `${fixtures}/own_targets.py`;
const classes = ["InheritingUser", "LateUser", "SayingUser"];

describe("The target of a run", function () {
  this.timeout(90_000);
  let own: DemoTarget;
  let other: DemoTarget;
  let third: DemoTarget;
  let master: Master;
  let client: LocustClient;
  let env: Record<string, string>;

  before(async () => {
    [own, other, third] = (await Promise.all([0, 0, 0].map((port) => startDemoTarget({ port })))) as [
      DemoTarget,
      DemoTarget,
      DemoTarget,
    ];
    // Workers come back at once, not only when another stop timeout has passed.
    env = { OWN_TARGET: own.url, LOCUST_WORKER_ADDITIONAL_WAIT_BEFORE_READY_AFTER_STOP: "-1" };
  });
  afterEach(stopAll);
  after(() => Promise.all([own, other, third].map((target) => target.close())));

  async function boot(...args: string[]): Promise<void> {
    master = await startMaster(script, ["--stop-timeout", "1", ...args], env);
    client = new LocustClient({ url: `http://127.0.0.1:${master.webPort}`, token });
    await startWorker(master, script, "worker-1", env);
  }
  const waitFor = statusWaiter(
    () => client.status(),
    () => master,
  );
  const hosts = (url: string | null) => Object.fromEntries(classes.map((name) => [name, url]));
  const counts = () => [own, other, third].map((target) => target.counts().requests);

  /** Runs 6 users until each worker has some and enough requests are answered; gives by target how many, and the hosts meanwhile. */
  async function run(workers: number, host: string | undefined, during?: () => Promise<unknown>) {
    const ready = await waitFor(
      (now) => now.workers.filter(({ state }) => state === "ready").length === workers,
      `${workers} ready workers`,
    );
    const before = counts();
    await client.swarm({ users: 6, spawnRate: 100, ...(host === undefined ? {} : { host }) });
    const going = await waitFor(
      (now) =>
        now.run === ready.run + 1 && now.workers.every(({ users }) => users === 6 / workers) && now.requests > 20,
      "requests of all users",
    );
    await during?.();
    await client.stop(15_000);
    const end = await waitFor((now) => now.drained, "the last numbers");
    expect(end.failures, master.output()).to.equal(0);
    const loaded = counts().map((count, index) => count - (before[index] ?? 0));
    expect(loaded.reduce((sum, count) => sum + count)).to.equal(end.requests);
    return { ready, going, loaded: [own, other, third].filter((_, index) => loaded[index] !== 0) };
  }

  it("is the script's own again after a run with another one, also on workers that came in between", async () => {
    await boot();
    const first = await run(1, "");
    expect(first.ready).to.deep.include({ host: null, hosts: hosts(own.url) });
    expect(first.going).to.deep.include({ host: null, hosts: hosts(own.url) });
    expect(first.loaded).to.deep.equal([own]);

    const second = await run(1, other.url, async () => {
      await startWorker(master, script, "worker-2", env);
      await waitFor(
        ({ workers }) => workers.length === 2 && workers.every(({ users }) => users === 3),
        "a share of the users",
      );
      // More users for the run that is going on: no word of its target.
      await client.swarm({ users: 12, spawnRate: 100 });
      const more = await waitFor(({ workers }) => workers.every(({ users }) => users === 6), "more users");
      expect(more).to.deep.include({ run: 2, host: other.url, hosts: hosts(other.url) });
    });
    expect(second.ready.hosts).to.deep.equal(hosts(own.url));
    expect(second.going).to.deep.include({ host: other.url, hosts: hosts(other.url) });
    expect(second.loaded).to.deep.equal([other]);

    const last = await run(2, "");
    expect(last.ready.hosts).to.deep.equal(hosts(own.url));
    expect(last.going).to.deep.include({ host: null, hosts: hosts(own.url) });
    expect(last.loaded).to.deep.equal([own]);
  });

  it("is that of --host where a run says none, whatever the run before it had", async () => {
    await boot("--host", other.url);
    for (const [host, target] of [
      ["", other],
      [third.url, third],
      ["", other],
    ] as const) {
      const { ready, going, loaded } = await run(1, host);
      expect(ready.hosts).to.deep.equal(hosts(other.url));
      expect(going).to.deep.include({ host: target.url, hosts: hosts(target.url) });
      expect(loaded).to.deep.equal([target]);
    }
  });
});
