import { expect } from "chai";
import { worker } from "./scripted";
import { Simulated, SimulatedArrivals, searches } from "./simulated-targets";

describe("a search for the capacity", function () {
  this.timeout(60_000);
  const { locust, search } = searches();

  it("finds the most users that hold, and ends the run", async () => {
    const target = new Simulated(33);
    const { outcome, capacity, steps } = await search(target);
    expect(outcome.endedBy).to.equal("capacity");
    expect(capacity?.limit).to.equal("target");
    expect(capacity?.level).to.be.within(30, 33);
    expect(capacity?.broke).to.be.within(34, 36);
    expect(capacity?.steps).to.deep.equal(steps);
    expect(outcome.thresholds.map(({ threshold, actual }) => [threshold, actual])).to.deep.equal([["p95<100", 10]]);
    expect(outcome.integrity).to.deep.include({ ok: true, problems: [] });
    expect(locust().calls.filter((call) => call.startsWith("POST /stop"))).to.have.length(1);
  });

  it("asks again for a level whose users are not there at the rate of all that are missing", async () => {
    const target = new Simulated(1000);
    const set = target.set.bind(target);
    target.started = 7;
    target.set = (users) => {
      // They come up with the second level.
      if (target.levels.length > 2) target.started = 1000;
      set(users);
    };
    await search(target, { from: 40, maxUsers: 40 });
    // 33 of 40 users in 5 ms.
    expect(target.spawnRates[3]).to.be.at.least(33 / 0.005);
  });

  it("gives a target that broke half of what held, before it goes on", async () => {
    const target = new Simulated(33);
    await search(target);
    const [, , , up = 0, rest] = target.levels;
    expect([up, rest]).to.deep.equal([40, 10]);
  });

  it("has Locust end each step by itself, should the command be gone", async () => {
    await search(new Simulated(15));
    const swarms = locust().calls.filter((call) => call.startsWith("POST /swarm"));
    for (const call of swarms) expect(call).to.match(/run_time=\d+s/);
  });

  it("leaves a level at which nothing is answered", async () => {
    const target = new Simulated(1000);
    target.silentFrom = 40;
    const { capacity } = await search(target, { stepSeconds: 1, holds: 1 });
    expect(capacity?.level).to.be.within(36, 39);
    expect(capacity?.first?.text).to.match(/no answer for/);
  });

  it("takes errors for the target's, however busy the workers are, and asks a dead target for little", async () => {
    const target = new Simulated(1000);
    target.failingFrom = 1;
    target.cpu = () => 1;
    target.started = 14;
    const { capacity, outcome } = await search(target, { from: 40, stepSeconds: 5 });
    expect(capacity).to.deep.include({ limit: "target", level: null, broke: 1 });
    expect(capacity?.steps.map(({ level, outcome }) => [level, outcome])).to.deep.equal([
      [40, "broke"],
      [1, "broke"],
      [1, "broke"],
    ]);
    // Each is left at its first look, and none of them is rested from.
    expect(target.levels.slice(1)).to.deep.equal([40, 1, 1]);
    expect(outcome.duration).to.be.below(2);
  });

  it("ends where a target does not recover, with what held before", async () => {
    const target = new Simulated(1000);
    target.diesFrom = 40;
    const { capacity, outcome } = await search(target, { stepSeconds: 0.5 });
    expect(capacity).to.deep.include({ limit: "dead", level: 20, broke: 40 });
    expect(capacity?.steps.map(({ level, outcome }) => [level, outcome])).to.deep.equal([
      [10, "held"],
      [20, "held"],
      [40, "broke"],
    ]);
    expect(capacity?.steps[2]?.broke?.what).to.equal("no answers");
    expect(outcome.integrity?.ok).to.equal(true);
  });

  it("brings up no workers for a script that makes no request", async () => {
    const target = new Simulated(1000);
    target.silentFrom = 0;
    target.cpu = () => 1;
    const status = target.status.bind(target);
    target.status = () => ({ ...status(), underWay: 0, oldestWait: 0 });
    const { capacity } = await search(target, { maxWorkers: 4 });
    expect(capacity).to.deep.include({ limit: "load", level: null });
    expect(capacity?.steps.map(({ why }) => why?.split(":")[0])).to.deep.equal(Array(3).fill("no request was made"));
  });

  it("takes throughput that waits of the script keep from rising for no limit of the target", async () => {
    const target = new Simulated(1000);
    const set = target.set.bind(target);
    let users = 0;
    target.status = () => ({ users, targetUsers: users });
    // Ten users at a time are let through.
    target.set = (wanted) => {
      users = wanted;
      set(Math.min(wanted, 10));
    };
    const { capacity } = await search(target);
    expect(capacity).to.deep.include({ limit: "script", level: 10 });
    expect(capacity?.interval?.high).to.equal(null);
  });

  it("takes busy workers for no proof, and says how many it would take", async () => {
    const target = new Simulated(33);
    target.cpu = (users) => Math.min(1, users / 30);
    const { capacity, outcome } = await search(target);
    expect(capacity).to.deep.include({ limit: "workers", level: 20 });
    expect(capacity?.steps.at(-1)).to.deep.include({ level: 40, outcome: "void" });
    expect(capacity?.workers.needed).to.equal(8);
    expect(outcome.integrity?.ok).to.equal(false);
  });

  it("brings up the workers that it may, says what they cost, and goes on", async () => {
    const target = new Simulated(33);
    target.cpu = (users) => Math.min(1, users / 15 / target.workers.length);
    const scale = {
      cost: (more: number) => `$${more} an hour more`,
      async to(workers: number) {
        target.workers = Array.from({ length: workers }, (_, index) =>
          worker(`worker-${index + 1}`, { state: "running" }),
        );
      },
    };
    const { capacity, said } = await search(target, { maxWorkers: 6 }, { scale });
    expect(said).to.have.length(1);
    expect(said[0]).to.match(/Workers: 2 → 6, \$4 an hour more$/);
    expect(capacity?.limit).to.equal("target");
    expect(capacity?.level).to.be.within(30, 33);
    expect(capacity?.workers).to.deep.equal({ count: 6, needed: null });
  });

  it("is not broken by one request that waits for long while others are answered", async () => {
    const target = new Simulated(15);
    target.waiting = 1;
    const { capacity } = await search(target, { stepSeconds: 0.3 });
    expect(capacity).to.deep.include({ limit: "target" });
    expect(capacity?.level).to.be.within(14, 15);
    expect(capacity?.first?.what).to.equal("time");
  });

  it("starts more users for iterations that take long, and does not take them for the target's limit", async () => {
    const target = new SimulatedArrivals();
    const { capacity } = await search(target, { by: "arrivals", maxRps: 45 });
    const { steps = [] } = capacity ?? {};
    expect(steps[0]).to.deep.include({ level: 10, outcome: "void" });
    expect(steps[0]?.why).to.match(/^all \d+ users were busy: more are started$/);
    expect(steps.filter(({ outcome }) => outcome === "broke")).to.deep.equal([]);
    expect(capacity?.limit).to.equal("cap");
    expect(capacity?.level).to.be.within(43, 45);
  });

  it("is ended by its most users, by arrivals, and not by the target", async () => {
    const { capacity } = await search(new SimulatedArrivals(), { by: "arrivals", maxUsers: 50 });
    expect(capacity?.limit).to.equal("cap");
    expect(capacity?.interval?.high).to.equal(null);
    expect(capacity?.level).to.be.within(40, 50);
    expect(
      capacity?.steps.some(({ why }) => why === "all 50 users were busy, which are those of --max-users"),
    ).to.equal(true);
  });

  it("takes a target that starts no more with more users for the limit", async () => {
    const { capacity } = await search(new SimulatedArrivals(33), { by: "arrivals" });
    expect(capacity).to.deep.include({ limit: "target" });
    expect(capacity?.level).to.be.within(29, 33.4);
    expect(capacity?.first?.what).to.equal("arrivals");
  });
});
