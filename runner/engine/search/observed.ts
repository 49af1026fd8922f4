/** What Locust's status says of a level of load. */
import { saturatedShare, usersTolerance } from "../../../settings/limits";
import type { LocustStatus } from "../../types";
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
  private readonly loop = new CpuWatch();

  add(status: LocustStatus): void {
    const workers = livingWorkers(status);
    // A worker that others keep from the CPU is as late as one that needs more than it may use.
    const cpu = workers.map((one) => [one.name, cpuShare(one.cpu, one.cpuWait ?? 0, one.cpuLimit)] as const);
    this.cpu.add(Object.fromEntries(cpu), 1, true);
    this.loop.add(Object.fromEntries(workers.map(({ name, loopBusy = 0 }) => [name, loopBusy])), 1, true);
  }

  /** Of the busiest of them. */
  use(): WorkerUse {
    const [cpu, loop] = [this.cpu, this.loop].map((watch) => Object.values(watch.use()).map(({ mean }) => mean));
    if (cpu === undefined || loop === undefined || cpu.length === 0) return { workerCpu: null };
    const [workerCpu, busy] = [Math.max(...cpu), Math.max(...loop)];
    const isBlocked = busy >= saturatedShare && workerCpu < saturatedShare;
    return { workerCpu, ...(isBlocked ? { workerBlocked: round(busy, 3) } : {}) };
  }
}
