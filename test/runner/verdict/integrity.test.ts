import { expect } from "chai";
import fc from "fast-check";
import type { Sample } from "../../../runner/types";
import { type AskedLoad, Integrity, type IntegrityReport } from "../../../runner/verdict/integrity";
import { sampleAt } from "../results/make";

const asked: AskedLoad = { users: 100, spawnRate: 10, workers: 2, shape: null };

/** A run of a minute with a sample a second, changed by `change`. */
function judge(
  change: (t: number) => Partial<Sample>,
  load: Partial<AskedLoad> = {},
  times: readonly number[] = Array.from({ length: 61 }, (_, t) => t),
): IntegrityReport {
  const integrity = new Integrity({ ...asked, ...load });
  for (const t of times) {
    integrity.add(sampleAt(t, change(t)));
  }
  return integrity.report();
}

const workers = (share: number) => ({ workerCpu: { "worker-1": 0.3, "worker-2": share } });

describe("Integrity", () => {
  it("finds nothing wrong with a good run, and says what there was", () => {
    const report = judge(() => ({}));
    expect(report).to.deep.include({ ok: true, problems: [], warnings: [] });
    expect(report.users).to.deep.equal({
      ...{ asked: 100, max: 100, min: 100, mean: 100 },
      ...{ reachedAfterSeconds: 9, offSeconds: 0, afterRampSeconds: 45 },
    });
    expect(report.workerCpu).to.deep.equal({
      "worker-1": { mean: 0.3, max: 0.3 },
      "worker-2": { mean: 0.4, max: 0.4 },
    });
    expect(report.masterCpu).to.deep.equal({ mean: 0.02, max: 0.02 });
  });

  it("knows nothing without samples, and wants requests", () => {
    const none = new Integrity(asked).report();
    expect(none.problems).to.deep.equal(["samples: there are none, so nothing is known of the load"]);
    expect(none.users).to.include({ min: null, mean: null, reachedAfterSeconds: null });
    expect(judge(() => ({ requests: 0 })).problems).to.deep.equal([
      "requests: Locust counted none: none were made, or the script's own client does not report them",
    ]);
    expect(judge((t) => ({ requests: 0, underWay: t > 5 ? 8 : 0 })).problems).to.deep.equal([
      "requests: none was answered, of 8 at a time",
    ]);
  });

  it("distrusts numbers that were reset on the way", () => {
    // What has come since may be more than what is lost.
    const report = judge((t) => ({ requests: t < 30 ? t * 10 : t * 20, resets: t < 30 ? 0 : 1 }));
    expect(report.problems).to.deep.equal([
      "requests: statistics were reset 30 s into the run, and what was before is lost",
    ]);
  });

  describe("users", () => {
    it("half of them for a while is a problem with its time", () => {
      const report = judge((t) => (t > 20 && t <= 32 ? { users: 50 } : {}));
      expect(report.problems).to.deep.equal(["users: 50 of 100 asked for 12 s of 45 s (from 5 s after the ramp on)"]);
      expect(report.users).to.include({ min: 50, offSeconds: 12, mean: 86.7 });
    });

    it("too many are one too: what was asked stays that of the settings", () => {
      const report = judge((t) => (t > 20 ? { users: 200, targetUsers: 200 } : {}));
      expect(report.problems).to.deep.equal(["users: 200 of 100 asked for 40 s of 45 s (from 5 s after the ramp on)"]);
    });

    it("may be off for a twentieth of the time, and within a twentieth of the users for ever", () => {
      expect(judge((t) => (t === 20 || t === 21 ? { users: 50 } : {})).ok).to.equal(true);
      expect(judge((t) => (t > 19 && t < 23 ? { users: 50 } : {})).ok).to.equal(false);
      expect(judge((t) => (t > 20 ? { users: 95 } : {})).ok).to.equal(true);
      expect(judge((t) => (t > 20 ? { users: 105 } : {})).ok).to.equal(true);
      expect(judge((t) => (t > 20 ? { users: 94 } : {})).ok).to.equal(false);
      expect(judge((t) => (t > 20 ? { users: 106 } : {})).ok).to.equal(false);
    });

    it("may come 5 s late, and are counted in the ramp's phase from then on", () => {
      expect(judge((t) => ({ phase: t < 15 ? "ramp" : "hold", users: t < 15 ? 60 : 100 })).ok).to.equal(true);
      const slow = judge((t) => ({ phase: "ramp", users: Math.min(80, t * 5) }));
      expect(slow.problems).to.deep.equal(["users: 80 of 100 asked for 45 s of 45 s (from 5 s after the ramp on)"]);
      expect(slow.users.reachedAfterSeconds).to.equal(null);
    });

    it("that the run had no time for are a problem that says how long the ramp needs", () => {
      const report = judge((t) => ({ phase: "ramp", users: t }), { spawnRate: 1 });
      expect(report.problems).to.deep.equal([
        "users: at most 60 of 100 asked, the ramp needs 100 s and the run ended after 60 s",
      ]);
    });

    it("that a threshold gave no time are only a warning", () => {
      const integrity = new Integrity({ ...asked, spawnRate: 1 });
      for (let t = 0; t < 20; t += 1) {
        integrity.add(sampleAt(t, { phase: "ramp", users: t }));
      }
      expect(integrity.report("threshold")).to.include({ ok: true });
      expect(integrity.report("threshold").warnings).to.have.length(1);
      expect(integrity.report().ok).to.equal(false);
    });

    it("fewer than one make no difference", () => {
      const few = (users: number) => judge(() => ({ users, targetUsers: 1 }), { users: 1.5, spawnRate: 1 });
      expect(few(1).ok).to.equal(true);
      expect(few(2).ok).to.equal(true);
      expect(few(0).ok).to.equal(false);
    });

    it("are weighed by time: a gap counts to the sample that ends it", () => {
      const gap = [...Array.from({ length: 31 }, (_, t) => t), 42, 43, 60];
      expect(judge((t) => (t === 42 ? { users: 50 } : {}), {}, gap).problems).to.deep.equal([
        "users: 50 of 100 asked for 12 s of 45 s (from 5 s after the ramp on)",
      ]);
      expect(judge((t) => (t === 43 ? { users: 50 } : {}), {}, gap).ok).to.equal(true);
    });

    it("of a gap over the end of the ramp count only after it", () => {
      const report = judge((t) => (t === 16 ? { users: 50 } : {}), {}, [0, 1, 16, 17, 60]);
      expect(report.users).to.include({ offSeconds: 1, afterRampSeconds: 45 });
    });

    it("are not counted while workers are waited for, nor after the stop", () => {
      const integrity = new Integrity(asked);
      for (let t = 0; t < 30; t += 1) {
        integrity.add(sampleAt(t, { phase: "ready", users: 0 }));
      }
      for (let t = 30; t < 90; t += 1) {
        integrity.add(sampleAt(t, { phase: t < 40 ? "ramp" : "hold", users: Math.min(100, (t - 29) * 10) }));
      }
      for (let t = 90; t < 120; t += 1) {
        integrity.add(sampleAt(t, { phase: t < 110 ? "stop" : "collected", users: 0, workerCpu: { "worker-1": 1 } }));
      }
      expect(integrity.report()).to.deep.include({ ok: true, problems: [], warnings: [] });
      expect(integrity.report().users).to.include({ reachedAfterSeconds: 9, min: 100, afterRampSeconds: 44 });
    });
  });

  describe("users of a load shape", () => {
    const shape = { shape: "Steps", users: 1, spawnRate: 1 };
    const steps = (late: number) => (t: number) => ({
      phase: "hold" as const,
      targetUsers: t < 20 ? 10 : t < 40 ? 50 : 20,
      users: t < 20 + late ? 10 : t < 40 + late ? 50 : 20,
    });

    it("may take 5 s after each change", () => {
      expect(judge(steps(5), shape)).to.deep.include({ ok: true, problems: [] });
      expect(judge(steps(5), shape).users).to.include({ asked: 50, max: 50, reachedAfterSeconds: 0 });
      expect(judge(steps(9), shape).problems).to.have.length(2);
    });

    it("follow a target that changes all the time, and not a part of it", () => {
      const wave = (t: number) => Math.round(100 + 80 * Math.sin(t / 10));
      const follow = (part: number) =>
        judge((t) => ({ phase: "hold", targetUsers: wave(t), users: Math.round(wave(t - 3) * part) }), shape);
      expect(follow(1)).to.deep.include({ ok: true, problems: [] });
      expect(follow(0.5).problems[0]).to.match(/^users: \d+ of \d+ asked for \d+ s of 60 s$/);
    });

    it("may come at the shape's own pace as long as they come", () => {
      const pace = (most: number) =>
        judge((t) => ({ phase: "ramp", targetUsers: 100, users: Math.min(most, Math.floor(t / 3) * 5) }), shape);
      expect(pace(100)).to.deep.include({ ok: true, problems: [] });
      expect(pace(60).ok).to.equal(false);
    });
  });

  describe("workers", () => {
    it("that are lost are a problem with name and time", () => {
      const integrity = new Integrity(asked);
      for (let t = 0; t <= 60; t += 1) {
        integrity.add(sampleAt(t));
      }
      integrity.lost({ name: "worker-2", t: 31.26 });
      const report = integrity.report();
      expect(report.problems).to.deep.equal(["workers: worker-2 was lost 31 s into the run"]);
      expect(report.workers).to.deep.equal({ asked: 2, lost: [{ name: "worker-2", t: 31.3 }] });
    });

    it("that join in the middle are a warning with name and time; those that were asked for may be late", () => {
      const join = (t: number, name: string, from: number) => (t < from ? {} : { [name]: 0.1 });
      const scaled = judge((t) => ({ workerCpu: { "worker-1": 0.3, ...join(t, "b", 7), ...join(t, "c", 20) } }));
      expect(scaled).to.deep.include({ ok: true, warnings: ["workers: c joined 20 s into the run"] });
    });

    it("that never answered are a warning", () => {
      expect(judge(() => ({ workers: 1 })).warnings).to.deep.equal(["workers: at most 1 of 2 answered"]);
    });

    it("that are saturated for more than a fifth of the hold are a problem", () => {
      const report = judge((t) => (t > 20 && t <= 35 ? workers(0.95) : {}));
      expect(report.problems).to.deep.equal([
        "CPU of worker worker-2: saturated for 29 % of the hold (mean 56 %, max 95 % of what it may use), so it cannot send what was asked",
      ]);
      expect(report.workerCpu["worker-2"]).to.deep.equal({ mean: 0.562, max: 0.95 });
    });

    it("that are saturated for less, never three samples in a row, or in the ramp only, are a warning", () => {
      for (const at of [(t: number) => t > 20 && t < 30, (t: number) => t % 3 > 0, (t: number) => t < 10]) {
        const report = judge((t) => (at(t) ? workers(0.9) : {}));
        expect(report.ok).to.equal(true);
        expect(report.warnings).to.have.length(1);
        expect(report.warnings[0]).to.match(/^CPU of worker worker-2: saturated at its peak \(mean \d+ %, max 90 %/);
      }
    });

    it("just below saturation are nothing", () => {
      expect(judge(() => workers(0.89))).to.deep.include({ ok: true, warnings: [] });
    });

    it("that keep the ramp from its end are judged too", () => {
      const report = judge(() => ({ phase: "ramp", users: 50, ...workers(1) }));
      expect(report.problems).to.have.length(2);
    });
  });

  it("judges the master's CPU the same way", () => {
    const report = judge((t) => (t > 20 ? { masterCpu: 1 } : {}));
    expect(report.problems).to.have.length(1);
    expect(report.problems[0]).to.match(/^CPU of the master: saturated .* which delays the numbers$/);
    expect(judge((t) => (t === 20 ? { masterCpu: 1 } : {})).warnings).to.have.length(1);
  });

  it("is ok exactly where there is no problem, and its numbers are finite, whatever the samples", () => {
    const anySample = fc.record({
      t: fc.double({ min: 0, max: 100, noNaN: true }),
      phase: fc.constantFrom("ready", "ramp", "hold", "stop", "collected" as const),
      users: fc.nat(200),
      targetUsers: fc.nat(200),
      requests: fc.nat(2),
      workerCpu: fc.dictionary(fc.string(), fc.double({ min: 0, max: 2, noNaN: true })),
    });
    fc.assert(
      fc.property(fc.array(anySample), fc.constantFrom(null, "Shape"), (samples, shape) => {
        const integrity = new Integrity({ ...asked, shape });
        for (const { t, ...sample } of samples) {
          integrity.add(sampleAt(t, sample as Partial<Sample>));
        }
        const report = integrity.report();
        expect(report.ok).to.equal(report.problems.length === 0);
        expect(JSON.parse(JSON.stringify(report))).to.deep.equal(report);
        expect(report.users.offSeconds).to.be.at.most(report.users.afterRampSeconds + 0.1);
      }),
    );
  });
});
