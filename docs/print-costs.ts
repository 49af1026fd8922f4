/** Prints the tables of costs in `docs/aws.md`, from this project's stacks: `npx tsx docs/print-costs.ts`. */
import { join } from "node:path";
import { type CostItem, type CostSettings, hourlyCost, prices } from "../settings/prices";
import { readStack } from "../settings/project/stack-files";

const directory = join(__dirname, "..");
const [dev, singleAz] = ["dev", "single-az"].map((stack) => readStack({ directory, stack }).settings);
if (dev === undefined || singleAz === undefined) throw new Error("These stacks are in this repository.");

const columns: readonly (readonly [string, CostSettings])[] = [
  [`\`dev\`, ${dev.workerReplicas} workers`, dev],
  [`\`single-az\`, ${singleAz.workerReplicas} workers`, singleAz],
  ...[8, 50].flatMap((workerReplicas): [string, CostSettings][] => [
    [`\`dev\`, ${workerReplicas} workers`, { ...dev, workerReplicas }],
    [`\`single-az\`, ${workerReplicas} workers`, { ...singleAz, workerReplicas }],
  ]),
];
const costs = columns.map(([name, settings]) => ({ name, ...hourlyCost(settings) }));
const kinds = [...new Set(costs.flatMap(({ items }) => items.map(({ what }) => what)))];

console.log(
  [
    `On-demand prices of ${prices.region}, as of ${prices.date}, in USD an hour, without taxes:`,
    "",
    ...table([
      ["", ...costs.map(({ name }) => name)],
      ...kinds.map((kind) => [kind, ...costs.map(({ items }) => cell(items.find(({ what }) => what === kind)))]),
      ["**all, an hour**", ...costs.map(({ total }) => `**${total.toFixed(2)}**`)],
      ["all, a day of 24 hours", ...costs.map(({ total }) => (total * 24).toFixed(2))],
      ["vCPU on Fargate, for the quota", ...costs.map(({ items }) => `${vcpus(items)}`)],
    ]),
    "",
    "A pod is billed at the Fargate size that holds its request and 256 MiB more:",
    "",
    ...table([
      ["pod of `dev`", "billed size", "each, USD an hour"],
      ...hourlyCost(dev).items.flatMap(({ what, size, each }) =>
        size === undefined ? [] : [[what, `${size.cpu} vCPU, ${size.memory / 1024} GB`, each.toFixed(4)]],
      ),
    ]),
    "",
    "What is paid for by the GB comes on top:",
    "",
    ...table([
      ["what", "USD per GB"],
      ["through a NAT gateway, in either direction", `${prices.perGb.throughNat}`],
      ["out to the internet, the first 10 TB of a month", `${prices.perGb.outToInternet}`],
      ["between availability zones, in each direction", `${prices.perGb.betweenZones}`],
      ["logs into CloudWatch", prices.perGb.logsIn.toFixed(2)],
      ["logs kept, a month", `${prices.perGb.logsKeptForAMonth}`],
    ]),
  ].join("\n"),
);

/** Three of 0.045 is `3 × 0.045 = 0.135`. */
function cell(item: CostItem | undefined): string {
  if (item === undefined) return "–";
  const { quantity, each, perHour } = item;
  return quantity === 1 ? digits(each) : `${quantity} × ${digits(each)} = ${digits(perHour)}`;
}

function vcpus(items: readonly CostItem[]): number {
  return items.reduce((sum, { quantity, size }) => sum + quantity * (size?.cpu ?? 0), 0);
}

function digits(usd: number): string {
  return usd.toFixed(4).replace(/0{1,2}$/, "");
}

function table([head = [], ...rows]: readonly (readonly string[])[]): string[] {
  const line = (cells: readonly string[]) => `| ${cells.join(" | ")} |`;
  return [line(head), line(head.map((_, index) => (index === 0 ? "---" : "--:"))), ...rows.map(line)];
}
