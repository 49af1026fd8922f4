import { expect } from "chai";
import { WorkerWatch } from "../../../runner/engine/search/observed";
import type { WorkerStatus } from "../../../runner/types";
import { status, worker } from "./scripted";

function useOf(...looks: readonly Partial<WorkerStatus>[]) {
  const watch = new WorkerWatch();
  for (const one of looks) {
    watch.add(status({ workers: [worker("idle", { state: "running" }), worker("one", { state: "running", ...one })] }));
  }
  return watch.use();
}

describe("what keeps the workers of a step busy", () => {
  it("is the CPU of the busiest, and what it waited for", () => {
    expect(useOf({ cpu: 0.4 }, { cpu: 0.6 })).to.deep.equal({ cpu: 0.5, busy: 0, delay: 0 });
    expect(useOf({ cpu: 0.5, cpuWait: 0.45 }).cpu).to.equal(0.95);
    expect(new WorkerWatch().use()).to.deep.equal({ cpu: null, busy: 0, delay: 0 });
  });

  it("is its event loop, and for how many ms answers wait for that", () => {
    const looks = [
      { loopBusy: 0.9, loopDelay: 0.05 },
      { loopBusy: 0.5, loopDelay: 0.03 },
    ] as const;
    expect(useOf(...looks)).to.deep.equal({ cpu: 0.1, busy: 0.7, delay: 40 });
  });
});
