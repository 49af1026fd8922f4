/** What is measured: a kind of user on a worker of a size, and what each costs. Pure. */
import { podPrice } from "../../settings/prices";
import { type FargateSize, fargateOverheadMiB, fargateSizes } from "../../settings/values/fargate";

export type UserClass = "HttpUser" | "FastHttpUser";

/**
 * Something that is done differently, to see what it is worth: `cookieless` has FastHttpUser keep no cookies; `context`
 * has its users share one TLS context; `gc` freezes what is alive once all users are there, and has Python look for
 * garbage less often; `bare` leaves this project's plugin out; `processes` runs two in the pod.
 */
export type Variant = "cookieless" | "context" | "gc" | "bare" | "processes";

/** One thing to measure. */
export interface Configuration {
  readonly userClass: UserClass;
  /** vCPU of the worker's pod. */
  readonly cpu: number;
  readonly tls: boolean;
  readonly variant?: Variant;
}

/** What the guidance itself proposes, and everything is compared to. */
export const guidance: Configuration = { userClass: "HttpUser", cpu: 0.25, tls: false };

const cpus = [0.25, 0.5, 1];
const userClasses: readonly UserClass[] = ["HttpUser", "FastHttpUser"];

/** Every class and size, plain and with TLS. */
export const sizes: readonly Configuration[] = [false, true].flatMap((tls) =>
  cpus.flatMap((cpu) => userClasses.map((userClass) => ({ userClass, cpu, tls }))),
);

/** Variants, each of which is compared to the same without it in the same round. */
export const variants: readonly Configuration[] = [
  { userClass: "FastHttpUser", cpu: 0.25, tls: false, variant: "cookieless" },
  { userClass: "FastHttpUser", cpu: 1, tls: false, variant: "cookieless" },
  { userClass: "FastHttpUser", cpu: 1, tls: true, variant: "context" },
  { userClass: "FastHttpUser", cpu: 1, tls: false, variant: "gc" },
  { userClass: "FastHttpUser", cpu: 1, tls: false, variant: "processes" },
  { userClass: "FastHttpUser", cpu: 1, tls: false, variant: "bare" },
  { userClass: "HttpUser", cpu: 0.25, tls: false, variant: "bare" },
];

/** What decides most. */
export const quick: readonly Configuration[] = [...sizes, ...variants].filter(
  ({ tls, variant }) => !tls && (variant === undefined || variant === "cookieless"),
);

/** Worker processes in the pod. */
export function processesOf({ variant }: Configuration): number {
  return variant === "processes" ? 2 : 1;
}

/** Names a configuration, in results and for people: `FastHttpUser, 0.25 vCPU, TLS, gc`. */
export function nameOf({ userClass, cpu, tls, variant }: Configuration): string {
  return [userClass, `${cpu} vCPU`, ...(tls ? ["TLS"] : []), ...(variant === undefined ? [] : [variant])].join(", ");
}

/** The cheapest of Fargate's sizes with this CPU. */
export function cheapestSize(cpu: number): FargateSize {
  const size = fargateSizes().find((one) => one.cpu === cpu);
  if (size === undefined) throw new RangeError(`Fargate has no size with ${cpu} vCPU`);
  return size;
}

/** MiB that a worker of the cheapest size with this CPU may use. */
export function memoryOf(cpu: number): number {
  return cheapestSize(cpu).memory - fargateOverheadMiB;
}

/** What a worker with this CPU costs at least, in USD an hour. */
export function hourlyPrice(cpu: number): number {
  return podPrice(cheapestSize(cpu));
}

/** Requests that a dollar buys, of a worker that makes so many a second. */
export function requestsPerDollar(rps: number, cpu: number): number {
  return (rps * 3600) / hourlyPrice(cpu);
}
