/** What this project's stacks cost by the hour, as Markdown: for `docs/aws.md`. */
import { type CostItem, type CostSettings, hourlyCost } from "../../settings/cost/hourly";
import type { Prices } from "../../settings/cost/prices";
import { markdownTable } from "./markdown";

/** @param dev @param singleAz the settings of these stacks */
export function hourlyTables(prices: Prices, dev: CostSettings, singleAz: CostSettings): string {
  const columns: readonly (readonly [string, CostSettings])[] = [
    [`\`dev\`, ${dev.workerReplicas} workers`, dev],
    [`\`single-az\`, ${singleAz.workerReplicas} workers`, singleAz],
    ...[8, 50].flatMap((workerReplicas): [string, CostSettings][] => [
      [`\`dev\`, ${workerReplicas} workers`, { ...dev, workerReplicas }],
      [`\`single-az\`, ${workerReplicas} workers`, { ...singleAz, workerReplicas }],
    ]),
  ];
  const costs = columns.map(([name, settings]) => ({ name, ...hourlyCost(prices, settings) }));
  const kinds = [...new Set(costs.flatMap(({ items }) => items.map(({ what }) => what)))];
  const { perGb } = prices;
  return [
    `On-demand prices of ${prices.region}, as of ${prices.date}, in USD an hour, without taxes:`,
    "",
    ...markdownTable([
      ["", ...costs.map(({ name }) => name)],
      ...kinds.map((kind) => [kind, ...costs.map(({ items }) => cell(items.find(({ what }) => what === kind)))]),
      ["**all, an hour**", ...costs.map(({ total }) => `**${total.toFixed(2)}**`)],
      ["all, a day of 24 hours", ...costs.map(({ total }) => (total * 24).toFixed(2))],
      ["vCPU on Fargate, for the quota", ...costs.map(({ items }) => `${vcpus(items)}`)],
    ]),
    "",
    "A pod is billed at the Fargate size that holds its request and 256 MiB more:",
    "",
    ...markdownTable([
      ["pod of `dev`", "billed size", "each, USD an hour"],
      ...hourlyCost(prices, dev).items.flatMap(({ what, size, each }) =>
        size === undefined ? [] : [[what, `${size.cpu} vCPU, ${size.memory / 1024} GB`, each.toFixed(4)]],
      ),
    ]),
    "",
    "What is paid for by the GB comes on top:",
    "",
    ...markdownTable([
      ["what", "USD per GB"],
      ["through a NAT gateway, in either direction", `${perGb.throughNat}`],
      ["out to the internet, the first 10 TB of a month", `${perGb.outToInternet}`],
      ["between availability zones, in each direction", `${perGb.betweenZones}`],
      ["logs into CloudWatch", perGb.logsIn.toFixed(2)],
      ["logs kept, a month", `${perGb.logsKeptForAMonth}`],
      ["images kept in ECR, a month", perGb.imageKeptForAMonth.toFixed(2)],
    ]),
  ].join("\n");
}

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
