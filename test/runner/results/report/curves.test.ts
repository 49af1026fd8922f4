import { expect } from "chai";
import {
  cpuOf,
  curvesOf,
  failingNow,
  failingSoFar,
  highestCpu,
  lossesOf,
  meanCpu,
  spansOf,
  workersIn,
} from "../../../../runner/results/report/chart";
import { sampleAt } from "../make";

describe("curves", () => {
  it("have the time and the value of each sample, and gaps where there is none", () => {
    const samples = [sampleAt(0.069, { p95: null }), sampleAt(1.008, { p95: 8 })];
    const line = { label: "p95", colour: "series-1", width: 2, value: (sample: { p95: number | null }) => sample.p95 };
    expect(curvesOf(samples, [{ ...line, colour: "series-1" }])).to.deep.equal({
      times: [0.07, 1.01],
      lines: [{ label: "p95", colour: "series-1", width: 2, values: [null, 8] }],
    });
  });

  it("know no share of failures without requests", () => {
    const none = { rps: 0, failuresPerSecond: 0, requests: 0, failures: 0 };
    expect([failingNow(sampleAt(1, none)), failingSoFar(sampleAt(1, none))]).to.deep.equal([null, null]);
    const some = sampleAt(1, { rps: 20, failuresPerSecond: 5, requests: 200, failures: 10 });
    expect([failingNow(some), failingSoFar(some)]).to.deep.equal([25, 5]);
    // Rounded means.
    expect(failingNow(sampleAt(1, { rps: 0.33, failuresPerSecond: 0.34 }))).to.equal(100);
  });

  it("have the CPU of workers in per cent, and gaps for those that do not answer", () => {
    const sample = sampleAt(1, { workerCpu: { "worker-1": 0.25, "worker-2": 0.75 } });
    expect([highestCpu(sample), meanCpu(sample), cpuOf("worker-1")(sample)]).to.deep.equal([75, 50, 25]);
    const none = sampleAt(1, { workerCpu: {} });
    expect([highestCpu(none), meanCpu(none), cpuOf("worker-1")(none), cpuOf("toString")(none)]).to.deep.equal([
      ...[null, null, null, null],
    ]);
  });

  it("have workers in the order in which people count", () => {
    const samples = [sampleAt(0, { workerCpu: { "worker-10": 0, "worker-2": 0 } })];
    expect(workersIn([...samples, sampleAt(1, { workerCpu: { "worker-1": 0 } })])).to.deep.equal([
      ...["worker-1", "worker-2", "worker-10"],
    ]);
  });

  it("have phases from one to the next, the first from the start", () => {
    const samples = (["ramp", "ramp", "hold", "hold", "stop"] as const).map((phase, index) =>
      sampleAt(index + 0.1, { phase }),
    );
    expect(spansOf(samples)).to.deep.equal([
      { phase: "ramp", from: 0, to: 2.1 },
      { phase: "hold", from: 2.1, to: 4.1 },
      { phase: "stop", from: 4.1, to: 4.1 },
    ]);
    expect(spansOf([])).to.deep.equal([]);
  });

  it("mark workers that were lost together once", () => {
    const lost = [40, 12, 41, 41.5].map((t, index) => ({ name: `worker-${index}`, t }));
    expect(lossesOf(lost, 2)).to.deep.equal([
      { t: 12, label: "worker-1 lost" },
      { t: 40, label: "3 workers lost" },
    ]);
  });
});
