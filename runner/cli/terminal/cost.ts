import pc from "picocolors";
import type { Amounts, Estimate, EstimateItem } from "../../../settings/cost/estimate";
import { durationText, type Load, natAddressesNeeded } from "../../../settings/cost/load";
import type { Saving } from "../../../settings/cost/savings";
import { connectionsPerAddress } from "../../../settings/limits";
import { bareTable, cutMiddle, gap, joinSections, marked, wrap } from "../../results/tables/text";

type Layout = "multi-az" | "single-az";

/** What `cost` shows; as JSON it is printed as it is. Money is in USD. */
export interface CostReport extends Estimate {
  /** What is priced: a stack's file, or a scenario. */
  readonly name: string;
  readonly region: string;
  readonly prices: { readonly date: string; readonly source: string };
  readonly layout: Layout;
  readonly load: Load;
  /** The same in the other layout; null in a VPC that exists. */
  readonly otherLayout: { readonly layout: Layout; readonly total: Amounts } | null;
  /** Public addresses of all NAT gateways; 0 in a VPC that exists. */
  readonly natAddresses: number;
  readonly savings: readonly Saving[];
  readonly assumptions: readonly string[];
}

type Colors = ReturnType<typeof pc.createColors>;
/** A line of the table: what it says, and amounts, where it has some. */
type Row = readonly [what: string, amounts?: Amounts];

const heads = ["USD", "an hour", "a run", "a day", "1M req."];
/** Names that are cut have so many columns at least. */
const leastName = 24;

/** The report for people. @param room columns of the terminal */
export function costText(report: CostReport, { room, colour }: { room: number; colour: boolean }): string {
  const colors = pc.createColors(colour);
  const { region, prices } = report;
  return `${joinSections([
    wrap(title(report), "").map(colors.bold),
    tableLines(rowsOf(report), room, colors),
    savingLines(report.savings, colors),
    marked(warnings(report), "!", colors.yellow),
    [colors.bold("Taken for granted"), ...marked(report.assumptions, "-", colors.dim)],
    wrap(`Prices of ${region}, ${prices.date}: ${prices.source}.`, ""),
  ])}\n`;
}

function title({ name, region, load }: CostReport): string {
  const { users, workers, hours, runsPerDay } = load;
  const run = `${durationText(hours)}, ${count(users, "user")}, ${count(workers, "worker")}`;
  return `${name} in ${region}, ${runsPerDay === 1 ? "1 run" : `${runsPerDay} runs`} a day of ${run}`;
}

function rowsOf({ idle, running, total, layout, otherLayout }: CostReport): Row[] {
  return [
    ["there without a run"],
    ...idle.items.map((item): Row => [`  ${itemText(item)}`, item]),
    ["  together", idle.total],
    ["what a run adds"],
    ...running.items.map((item): Row => [`  ${itemText(item)}`, item]),
    ["  together", running.total],
    [`all of it, ${layout}`, total],
    ...(otherLayout === null ? [] : [[`the same, ${otherLayout.layout}`, otherLayout.total] as const]),
  ];
}

function tableLines(rows: readonly Row[], room: number, colors: Colors): string[] {
  const all = rows.flatMap(([, amounts]) => amounts ?? []);
  const columns = (["hour", "run", "day", "millionRequests"] as const).map((key) => {
    const write = writer(all.map((amounts) => amounts[key] ?? 0));
    return rows.map(([, amounts]) => (amounts === undefined ? "" : write(amounts[key])));
  });
  const numbers = columns.reduce((sum, cells, index) => {
    return sum + gap + Math.max(heads[index + 1]?.length ?? 0, ...cells.map(({ length }) => length));
  }, 0);
  const cells = rows.map(([what], index) => [
    cutMiddle(what, Math.max(leastName, room - numbers)),
    ...columns.map((column) => column[index] ?? ""),
  ]);
  const [head = "", ...body] = bareTable(heads, cells);
  const isPart = (line: string) => line.startsWith("  ") && !line.startsWith("  together");
  return [colors.bold(head), ...body.map((line) => (isPart(line) ? line : colors.bold(line)))];
}

/** A column has as many decimals as its largest number needs to be read; what would be 0 is said to be less. */
function writer(column: readonly number[]): (value: number | null) => string {
  const decimals = Math.max(...column.map(Math.abs)) >= 100 ? 2 : 4;
  const least = 10 ** -decimals;
  return (value) => {
    if (value === null) return "–";
    if (value !== 0 && Math.abs(value) < least / 2) return `<${least.toFixed(decimals)}`;
    return grouped(value, decimals);
  };
}

function itemText({ what, quantity, unit }: EstimateItem): string {
  if (unit === "GB") return `${what}, ${gigabytes(quantity)}`;
  return quantity === 1 ? what : `${quantity} × ${what}`;
}

function savingLines(savings: readonly Saving[], colors: Colors): string[] {
  if (savings.length === 0) return [];
  const widest = Math.max(...savings.map(({ day }) => grouped(day, 2).length));
  return [
    colors.bold("Cheaper by, USD a day (some of these save the same)"),
    ...savings.flatMap(({ what, day }) => wrap(what, `  ${grouped(day, 2).padStart(widest)}  `)),
  ];
}

function warnings({ load, natAddresses }: CostReport): string[] {
  const needed = natAddressesNeeded(load);
  return [
    ...(load.workers === 0 ? ["A run needs at least one worker: --workers 1."] : []),
    ...(natAddresses === 0 || needed <= natAddresses
      ? []
      : [
          `${grouped(load.users, 0)} users who each keep a connection need ${needed} NAT addresses for a target with one ` +
            `address (${grouped(connectionsPerAddress, 0)} each), and there are ${natAddresses}: natAddressesPerGateway.`,
        ]),
  ];
}

/** `1,440 GB`, `20 MB`, `0.3 MB` */
function gigabytes(gb: number): string {
  const [value, unit] = gb >= 1 ? [gb, "GB"] : gb >= 0.0001 ? [gb * 1000, "MB"] : [gb * 1e6, "KB"];
  return `${value.toLocaleString("en-US", { maximumFractionDigits: value >= 100 ? 0 : 1 })} ${unit}`;
}

function count(value: number, what: string): string {
  return `${grouped(value, 0)} ${what}${value === 1 ? "" : "s"}`;
}

function grouped(value: number, decimals: number): string {
  return value.toLocaleString("en-US", { minimumFractionDigits: decimals, maximumFractionDigits: decimals });
}
