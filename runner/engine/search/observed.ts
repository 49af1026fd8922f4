/** What Locust's status says of a level of load. */
import { usersTolerance } from "../../../settings/limits";
import type { LocustStatus, WorkerStatus } from "../../types";
import type { ArrivalsStatus } from "../../types/arrivals";
import { cpuShare, type WorkerUse } from "../../verdict/capacity/proof";
import type { StepArrivals } from "../../verdict/capacity/report";
import { CpuWatch } from "../../verdict/cpu";
import { round } from "../../verdict/format";
import { livingWorkers } from "../phase";
import { rateText } from "./load";

/** The starts of iterations between two looks that are so many seconds apart. */
export function startsBetween(from: ArrivalsStatus, to: ArrivalsStatus, seconds: number): StepArrivals {
  const started = (to.started - from.started) / seconds;
  const [due, dropped, late] = [to.due - from.due, to.dropped - from.dropped, to.late - from.late];
  return { due, started: round(started, 2), dropped, late, underWay: to.underWay };
}

/** Whether the load of a level is there. */
export function isThere({ users, targetUsers, state, arrivals }: LocustStatus, level: number): boolean {
  if (arrivals) return arrivals.began !== null && users >= targetUsers && rateText(arrivals.rate) === rateText(level);
  return state === "running" && targetUsers === level && Math.abs(users - level) <= Math.max(0, usersTolerance * level);
}

/** What keeps the workers busy while a level is held. */
export class WorkerWatch {
  private readonly cpu = new CpuWatch();
  private readonly busy = new CpuWatch();
  private readonly delay = new CpuWatch();

  add(status: LocustStatus): void {
    const workers = livingWorkers(status);
    const add = (to: CpuWatch, of: (worker: WorkerStatus) => number) =>
      to.add(Object.fromEntries(workers.map((worker) => [worker.name, of(worker)])), 1, true);
    // A worker that others keep from the CPU is as late as one that needs more than it may use.
    add(this.cpu, ({ cpu, cpuWait = 0, cpuLimit }) => cpuShare(cpu, cpuWait, cpuLimit));
    add(this.busy, ({ loopBusy = 0 }) => loopBusy);
    add(this.delay, ({ loopDelay = 0 }) => loopDelay);
  }

  /** Of the busiest of them. */
  use(): WorkerUse {
    const most = (watch: CpuWatch) => {
      const means = Object.values(watch.use()).map(({ mean }) => mean);
      return means.length === 0 ? null : Math.max(...means);
    };
    return { cpu: most(this.cpu), busy: most(this.busy) ?? 0, delay: round((most(this.delay) ?? 0) * 1000, 1) };
  }
}
