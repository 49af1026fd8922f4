/** What Locust's status says of a level of load. */
import { usersTolerance } from "../../../settings/limits";
import type { LocustStatus } from "../../types";
import type { ArrivalsStatus } from "../../types/arrivals";
import { cpuShare } from "../../verdict/capacity/proof";
import type { StepArrivals } from "../../verdict/capacity/report";
import type { CpuWatch } from "../../verdict/cpu";
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

/** Adds what the workers use of their CPU. */
export function addCpu(cpu: CpuWatch, status: LocustStatus): void {
  const shares = livingWorkers(status).map(({ name, cpu: used, cpuWait = 0, cpuLimit }) => {
    // A worker that others keep from the CPU is as late as one that needs more than it may use.
    return [name, cpuShare(used, cpuWait, cpuLimit)] as const;
  });
  cpu.add(Object.fromEntries(shares), 1, true);
}
