/** What is measured: a kind of user on a worker of a size, and what each costs. Pure. */
import { podPrice } from "../../settings/cost/hourly";
import { usEast2 } from "../../settings/cost/us-east-2";
import { type FargateSize, fargateSizeFor } from "../../settings/values/fargate";

export type UserClass = "HttpUser" | "FastHttpUser";

/** What is done differently: `bare` leaves this project's plugin out; `processes` runs two in the pod. */
export type Variant = "bare" | "processes";

/** One thing to measure. */
export interface Configuration {
  readonly userClass: UserClass;
  /** vCPU of the worker's pod. */
  readonly cpu: number;
  readonly tls: boolean;
  readonly variant?: Variant;
}

/** What the guidance itself proposes, which has no plugin of ours; everything is compared to it. */
export const guidance: Configuration = { userClass: "HttpUser", cpu: 0.25, tls: false, variant: "bare" };

/** What all with TLS is compared to. */
export const guidanceTls: Configuration = { ...guidance, tls: true };

// What is compared most comes right behind the guidance's own, which is measured first.
const cpus = [1, 0.5, 0.25];
const userClasses: readonly UserClass[] = ["FastHttpUser", "HttpUser"];

/** Every class and size. */
function sizes(tls: boolean): readonly Configuration[] {
  return cpus.flatMap((cpu) => userClasses.map((userClass) => ({ userClass, cpu, tls })));
}

/** Variants, each of which is compared to the same without it in the same round. */
const variants: readonly Configuration[] = [
  { userClass: "FastHttpUser", cpu: 1, tls: false, variant: "bare" },
  { userClass: "FastHttpUser", cpu: 1, tls: false, variant: "processes" },
];

/** All that is measured in a round, in this order. */
export const all: readonly Configuration[] = [guidance, ...sizes(false), ...variants, guidanceTls, ...sizes(true)];

/** What decides most. */
export const quick: readonly Configuration[] = all.filter(({ tls, variant }) => !tls && variant !== "processes");

/** Worker processes in the pod. */
export function processesOf({ variant }: Configuration): number {
  return variant === "processes" ? 2 : 1;
}

/** Names a configuration, in results and for people: `FastHttpUser, 0.25 vCPU, TLS, bare`. */
export function nameOf({ userClass, cpu, tls, variant }: Configuration): string {
  return [userClass, `${cpu} vCPU`, ...(tls ? ["TLS"] : []), ...(variant === undefined ? [] : [variant])].join(", ");
}

/** The cheapest of Fargate's sizes with this CPU. */
export function cheapestSize(cpu: number): FargateSize {
  const size = fargateSizeFor(cpu, 0);
  if (size === undefined) throw new RangeError(`Fargate has no size with ${cpu} vCPU`);
  return size;
}

/** What a worker with this CPU costs at least, in USD an hour. */
export function hourlyPrice(cpu: number): number {
  return podPrice(usEast2, cheapestSize(cpu));
}

/** Requests that a dollar buys, of a worker that makes so many a second. */
export function requestsPerDollar(rps: number, cpu: number): number {
  return (rps * 3600) / hourlyPrice(cpu);
}
