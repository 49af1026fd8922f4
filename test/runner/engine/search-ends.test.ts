import { expect } from "chai";
import type { RunOptions } from "../../../runner/engine/plan";
import { Simulated, searches } from "./simulated-targets";

describe("the end of a search for the capacity", function () {
  this.timeout(60_000);
  const { locust, search } = searches();

  it("goes no further than it may", async () => {
    const target = new Simulated(1000);
    expect((await search(target, { maxUsers: 25 })).capacity).to.deep.include({ limit: "cap", level: 25, broke: null });
    expect(Math.max(...target.levels)).to.equal(25);
  });

  it("goes no further than so many requests a second", async () => {
    const target = new Simulated(1000);
    const { capacity } = await search(target, { maxRps: 60_000 });
    expect(capacity?.limit).to.equal("cap");
    expect(capacity?.level).to.be.within(27, 33);
  });

  it("goes on no longer than it may, and says that this is no answer", async () => {
    // A step may take 8.1 s here, as users may be late for so long.
    const maxSeconds = 8.5;
    const target = new Simulated(1_000_000);
    const { capacity, outcome } = await search(target, { maxSeconds });
    expect(capacity?.limit).to.equal("time");
    expect(capacity?.level).to.be.at.least(10);
    expect(outcome.duration).to.be.below(maxSeconds);
  });

  it("leaves a level with more requests a second than may be, and never asks for it again", async () => {
    const target = new Simulated(1000);
    const { capacity, outcome } = await search(target, { maxRps: 10_000, stepSeconds: 2, holds: 2 });
    const [first, ...others] = capacity?.steps ?? [];
    expect(first).to.deep.include({ level: 10, outcome: "beyond" });
    expect(first?.why).to.match(/requests\/s are more than --max-rps 10000$/);
    expect(first?.seconds).to.be.below(1.9);
    expect(others.map(({ level, outcome }) => [level, outcome])).to.deep.equal([
      [4, "held"],
      [4, "held"],
    ]);
    expect(capacity).to.deep.include({ limit: "cap", level: 4, broke: null });
    expect(outcome.thresholds.map(({ passed }) => passed)).to.deep.equal([true]);
  });

  it("says that nothing is known where not even one user may be", async () => {
    const target = new Simulated(1000);
    const { capacity, outcome } = await search(target, { maxRps: 1500 });
    expect(capacity).to.deep.include({ limit: "cap", level: null, rps: null });
    expect(capacity?.steps).to.have.length(1);
    expect(outcome.integrity?.ok).to.equal(false);
  });

  it("keeps what it has found when it is interrupted", async () => {
    const interrupt = new AbortController();
    const target = new Simulated(1000);
    const { outcome } = await search(target, {}, {
      interrupt: interrupt.signal,
      observer: { step: ({ level }) => level >= 40 && interrupt.abort() },
    } as Partial<RunOptions>);
    expect(outcome.endedBy).to.equal("interrupt");
    expect(outcome.capacity).to.deep.include({ limit: null, level: 40 });
  });

  it("has found nothing where somebody else stops it", async () => {
    const target = new Simulated(1000);
    const { outcome } = await search(
      target,
      {},
      { observer: { step: ({ level }) => void (level >= 40 && locust().ended()) } },
    );
    expect(outcome.endedBy).to.equal("stopped-elsewhere");
    expect(outcome.capacity?.limit).to.equal(null);
  });

  it("asks for no level any more once the run has failed", async () => {
    const target = new Simulated(1000);
    const failing = search(
      target,
      {},
      {
        observer: {
          sample: () => undefined,
          phase: (phase) => {
            if (phase === "hold") throw new Error("no phase any more");
          },
        },
      },
    );
    await failing.then(
      () => expect.fail("it did not fail"),
      (error: unknown) => expect(String(error)).to.match(/no phase any more/),
    );
    const { length } = target.levels;
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(target.levels).to.have.length(length);
  });

  it("ends with the reason where the plugin knows no counts, and stops the load", async () => {
    const target = new Simulated(30);
    const { outcome } = await search(
      target,
      {},
      {
        observer: {
          phase: () => {
            locust().onCounts = undefined;
          },
        },
      },
    );
    expect([outcome.endedBy, outcome.error]).to.deep.equal([
      "not-started",
      "what is deployed is older than this command, and does not tell what it has counted: pulumi up",
    ]);
    expect(locust().calls.filter((call) => call.startsWith("POST /stop"))).to.have.length(1);
  });
});
