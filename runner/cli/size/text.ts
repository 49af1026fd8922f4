import { round } from "../../verdict/format";
import { type AskedLoad, amountOf, mib, type Need, type planned } from "../../verdict/sizing";
import type { Usage, WorkerSize } from "../../verdict/usage";

/** USD an hour of workers and master, without cluster, network and traffic. */
export interface HourlyPrice {
  readonly region: string;
  readonly perHour: number;
}

/** What `size` shows; as JSON it is printed as it is. CPU in cores, memory of workers in MiB, else in bytes. */
export interface SizeReport {
  readonly asked: AskedLoad;
  readonly sample: Usage & {
    readonly run: string;
    readonly place: "local" | "kubernetes";
    readonly script: string;
    readonly verdict: string;
  };
  readonly size: WorkerSize;
  readonly planned: typeof planned;
  readonly need: Need & {
    readonly vcpu: number;
    readonly memory: number;
    readonly price: HourlyPrice | { readonly why: string };
  };
  readonly settings: { readonly workerReplicas: number; readonly enough: boolean };
  readonly warnings: readonly string[];
}

/** The report for people. */
export function sizeText({ asked, sample, size, planned: plan, need, settings, warnings }: SizeReport): string {
  const { workers } = need;
  const load = "rate" in asked ? `${grouped(asked.rate)} iterations a second` : count(asked.users, "user");
  const each = `${size.cpu} vCPU and ${size.memory} MiB`;
  const room = (part: number) => `planned for ${Math.round(part * 100)} % at the most`;
  const rows = [
    ["CPU", `${count(need.byCpu, "worker")}; each of ${workers} uses ${share(need.cpuShare)}, ${room(plan.cpu)}`],
    ["memory", memoryText(need, sample, room(plan.memory))],
    ["together", `${grouped(need.vcpu)} vCPU, ${grouped(need.memory)} MiB${priceText(need.price)}`],
    ["settings", enoughText(settings, workers)],
    ["measured", sampleText(sample)],
    ["results", sample.run],
  ];
  return [
    `${load} ${amountOf(asked) === 1 && !("rate" in asked) ? "needs" : "need"} ${count(workers, "worker")} of ${each}`,
    ...rows.map(([name = "", text]) => `  ${name.padEnd(10)}${text}`),
    ...warnings.map((warning) => `warning: ${warning}`),
    "",
  ].join("\n");
}

function memoryText(
  { workers, byMemory, memoryPerUser = 0, memoryShare = 0 }: Need,
  { memory }: Usage,
  room: string,
): string {
  if (byMemory === undefined || memory === undefined) return "unknown";
  const user = `${mib(memoryPerUser)} a user, ${mib(memory.bare)} without`;
  return `${count(byMemory, "worker")}; each of ${workers} uses ${share(memoryShare)}, ${room}: ${user}`;
}

function priceText(price: SizeReport["need"]["price"]): string {
  if ("why" in price) return `; its cost is not known: ${price.why}`;
  const usd = price.perHour.toFixed(price.perHour < 0.095 ? 4 : 2);
  return `; with the master $${usd} an hour in ${price.region}, without cluster, network and traffic`;
}

function enoughText({ workerReplicas, enough }: SizeReport["settings"], workers: number): string {
  const has = `workerReplicas is ${workerReplicas}`;
  return enough ? `${has}: enough` : `${has}: too few, set it to ${workers}, or run with --workers ${workers}`;
}

function sampleText({
  workers,
  users,
  rate,
  unit,
  cores,
  limit,
  seconds,
  script,
  place,
}: SizeReport["sample"]): string {
  const used = `${round(cores, 3)} of ${count(round(limit * workers, 2), "core")}`;
  const where = place === "local" ? "on this machine" : "in the cluster";
  return (
    `${script} ${where}: ${count(workers, "worker")}, ${count(round(users, 1), "user")}, ` +
    `${grouped(rate < 1 ? rate : round(rate, 1))} ${unit} a second, ${used}, for ${round(seconds, 0)} s`
  );
}

function share(value: number): string {
  return `${round(value * 100, value < 0.1 ? 1 : 0)} %`;
}

function count(value: number, what: string): string {
  return `${grouped(value)} ${what}${value === 1 ? "" : "s"}`;
}

/** Small numbers have their digits, so that they are not 0. */
function grouped(value: number): string {
  return value.toLocaleString("en-US", value < 1 ? { maximumSignificantDigits: 3 } : { maximumFractionDigits: 2 });
}
