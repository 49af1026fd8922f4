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
    expect(useOf({ cpu: 0.4 }, { cpu: 0.6 })).to.deep.equal({ workerCpu: 0.5 });
    expect(useOf({ cpu: 0.5, cpuWait: 0.45 })).to.deep.equal({ workerCpu: 0.95 });
    expect(new WorkerWatch().use()).to.deep.equal({ workerCpu: null });
  });

  it("is what blocks its loop where that is no CPU, and nearly all of the time", () => {
    expect(useOf({ cpu: 0.05, loopBusy: 0.97 })).to.deep.equal({ workerCpu: 0.1, workerBlocked: 0.97 });
    expect(useOf({ cpu: 0.05, loopBusy: 0.89 })).to.deep.equal({ workerCpu: 0.1 });
    expect(useOf({ cpu: 0.95, loopBusy: 0.99 })).to.deep.equal({ workerCpu: 0.95 });
    expect(useOf({ cpu: 0.5, cpuWait: 0.45, loopBusy: 0.96 })).to.deep.equal({ workerCpu: 0.95 });
  });
});
