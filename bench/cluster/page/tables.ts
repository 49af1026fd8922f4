/** The tables of the page, in Markdown. Pure. */
import { cheapestSize, hourlyPrice, nameOf } from "../configurations";
import { memoryUsers } from "../memory";
import type { Results } from "../results";
import { digits, spreadOf, spreadText } from "../statistics";
import { capacityFigures, masterFigures, memoryFigures, variantFigures } from "./figures";

/** What one may call them in the template. */
export function tables(results: Results): Readonly<Record<string, string>> {
  return {
    capacity: capacityTable(results),
    variants: variantsTable(results),
    prices: pricesTable(results),
    memory: memoryTable(results),
    master: masterTable(results),
    start: startTable(results),
    profile: profileTable(results),
  };
}

const targetBoundNote = "¹ The target used more than 90 % of a core: the worker may be able to do more.";
const memoryBoundNote = "² In a round, with a few users more the worker ran out of memory and was ended.";

function capacityTable(results: Results): string {
  const figures = capacityFigures(results);
  const rows = figures.map((one) => [
    nameOf(one.configuration) + (one.targetBound ? " ¹" : "") + (one.memoryBound ? " ²" : ""),
    spreadText(one.rps),
    spreadText(one.users),
    `${spreadText(one.unloaded)} → ${spreadText(one.loaded)}`,
    spreadText(one.perDollar, millions),
    spreadText(one.toGuidance),
    spreadText(one.busyToGuidance),
  ]);
  const notes = [
    ...(figures.some(({ targetBound }) => targetBound) ? [targetBoundNote] : []),
    ...(figures.some(({ memoryBound }) => memoryBound) ? [memoryBoundNote] : []),
  ];
  const head = ["worker", "highest RPS", "most users", "p99, ms", "requests a dollar, millions"];
  return (
    table([[...head, "× guidance", "× guidance, no waits"], ...rows]) + notes.map((note) => `\n\n${note}`).join("")
  );
}

function variantsTable(results: Results): string {
  return table([
    ["variant", "highest RPS, × without it", "most users, × without it"],
    ...variantFigures(results).map((one) => [nameOf(one.configuration), spreadText(one.rps), spreadText(one.users)]),
  ]);
}

function pricesTable(results: Results): string {
  const measured = new Set(capacityFigures(results).map(({ configuration }) => configuration.cpu));
  const cpus = [...measured].toSorted((a, b) => a - b);
  return table([
    ["worker", "billed", "USD an hour", "USD an hour of one vCPU"],
    ...cpus.map((cpu) => [
      `${cpu} vCPU`,
      `${cpu} vCPU, ${cheapestSize(cpu).memory / 1024} GB`,
      hourlyPrice(cpu).toFixed(5),
      (hourlyPrice(cpu) / cpu).toFixed(5),
    ]),
  ]);
}

function memoryTable(results: Results): string {
  return table([
    ["users", ...memoryUsers.map((users) => `${users}, MiB`), "at most, MiB"],
    ...memoryFigures(results).map(({ name, memory, peak }) => [
      name,
      ...memory.map((spread) => spreadText(spread)),
      spreadText(peak),
    ]),
  ]);
}

function masterTable(results: Results): string {
  return table([
    ["master", "workers", "CPU, vCPU", "held at its limit", "memory, MiB", "status answered after, ms", "workers lost"],
    ...masterFigures(results).map((one) => [
      `${one.size} vCPU`,
      `${one.workers}`,
      spreadText(one.cpu),
      spreadText(one.throttled, (value) => `${digits(value * 100)} %`),
      spreadText(one.memory),
      spreadText(one.answer),
      spreadText(one.missing),
    ]),
  ]);
}

function startTable({ start }: Results): string {
  const row = (what: string, values: number[]) => [what, spreadText(spreadOf(values), (value) => value.toFixed(1))];
  return table([
    ["from … to …", "seconds"],
    row(
      "`loadtest run` → full load, 2 workers that are there",
      start.map(({ fullLoad }) => fullLoad),
    ),
    row(
      "`loadtest run --workers 8` → full load, from 2 workers",
      start.map(({ fullLoadOfEight }) => fullLoadOfEight),
    ),
    row(
      "`loadtest scale 8` → 8 ready workers, from 2",
      start.map(({ scale }) => scale),
    ),
  ]);
}

function profileTable({ profile }: Results): string {
  const classes = [...new Set(profile.map(({ userClass }) => userClass))];
  const kinds = [...new Set(profile.flatMap(({ shares }) => Object.keys(shares)))];
  const share = (kind: string, userClass: string) =>
    spreadOf(profile.filter((one) => one.userClass === userClass).map(({ shares }) => (shares[kind] ?? 0) * 100));
  const percent = (value: number) => value.toFixed(0);
  return table([
    ["where the time goes", ...classes.map((name) => `${name}, %`)],
    ...kinds.map((kind) => [kind, ...classes.map((name) => spreadText(share(kind, name), percent))]),
  ]);
}

function millions(value: number): string {
  return digits(value / 1e6);
}

/** Nothing measured gives a sentence that says so. */
export function table([head = [], ...rows]: readonly (readonly string[])[]): string {
  if (rows.length === 0) return "Not measured.";
  const line = (cells: readonly string[]) => `| ${cells.join(" | ")} |`;
  return [line(head), line(head.map((_, index) => (index === 0 ? "---" : "--:"))), ...rows.map(line)].join("\n");
}
