/** Writes `docs/peers.md` and its charts from the results. */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { bars, type Charts, filesOf, picturesOf } from "../../cluster/page/drawing";
import { fill } from "../../cluster/page/page";
import { table } from "../../cluster/page/tables";
import { ratios, type Spread, spreadOf, spreadText } from "../../cluster/statistics";
import { bound } from "../../cluster/window";
import { few, precision } from "../capacity";
import { all, nameOf, type Tool } from "../configurations";
import type { Results } from "../results";
import { mostUsers } from "../target";
import { type Figures, figuresOf } from "./figures";

const readable = mostUsers.toLocaleString("en-US");

/** @param docs folder of the page */
export function writePage(docs: string, results: Results): void {
  const folder = join(docs, "peers");
  mkdirSync(folder, { recursive: true });
  for (const [name, svg] of Object.entries(filesOf(charts(results)))) writeFileSync(join(folder, name), svg);
  writeFileSync(join(docs, "peers.md"), peersPage(results));
}

/** The page, without its charts. */
export function peersPage(results: Results): string {
  const template = readFileSync(join(__dirname, "template.md"), "utf8");
  return fill(template, { ...facts(results), ...picturesOf(charts(results), "peers"), capacity: mainTable(results) });
}

function charts({ capacity }: Results): Charts {
  const figures = figuresOf(capacity);
  const chart = (title: string, value: (one: Figures) => Spread | undefined) => {
    const those = figures.filter((one) => value(one) !== undefined);
    const names = those.map(({ configuration }) => nameOf(configuration));
    return bars(title, names, those.map(value));
  };
  return {
    rps: chart("Highest RPS on one core", ({ rps }) => rps),
    users: chart(`Most users of between(1, 3) in time on one core (${readable} at most)`, ({ users }) => users),
    memory: chart("Memory of a user, MiB", ({ memory }) => memory),
  };
}

function mainTable({ capacity }: Results): string {
  const figures = figuresOf(capacity);
  const head = [
    "tool",
    "highest RPS",
    "loadtest, × of it",
    "most users",
    "core used",
    "loadtest, × of it",
    "p99, ms",
    "MiB a user",
  ];
  const rows = figures.map((one) => {
    const isRate = one.configuration.tool === "vegeta";
    const [held, capped] = [one.targetBound ? " ¹" : "", one.capped ? " ²" : ""];
    return [
      nameOf(one.configuration),
      spreadText(one.rps) + held,
      ratioText(one.productRps, one.targetBound),
      spreadText(one.users) + capped + (isRate ? " ³" : ""),
      spreadText(one.coreUsed),
      ratioText(one.productUsers, one.capped),
      `${spreadText(one.unloaded)} → ${spreadText(one.loaded)}`,
      isRate ? "no users ³" : spreadText(one.memory),
    ];
  });
  const notes = [
    [
      figures.some(({ targetBound }) => targetBound),
      "¹ The target used more than 90 % of its core: the tool may be able to do more.",
    ],
    [
      figures.some(({ capped }) => capped),
      `² Nothing is asked for more than ${readable}: the tool may be able to do more, which is less likely where its core is full.`,
    ],
    [
      figures.some(({ configuration }) => configuration.tool === "vegeta"),
      "³ A fixed rate, as such users would make, on at most four times as many connections as requests are under way.",
    ],
  ] as const;
  return [table([head, ...rows]), ...notes.flatMap(([applies, text]) => (applies ? [text] : []))].join("\n\n");
}

/** A tool that may be able to do more makes the ratio less. */
function ratioText(ratio: Spread | undefined, mayDoMore: boolean | undefined): string {
  return (ratio && mayDoMore ? "≤ " : "") + spreadText(ratio);
}

function facts({ machine, versions, date, capacity }: Results): Readonly<Record<string, string>> {
  const figures = figuresOf(capacity);
  const products = all.map(nameOf).flatMap((name) => {
    const one = figures.find(({ configuration }) => nameOf(configuration) === name);
    return [
      [`rps:${name}`, ratioText(one?.productRps, one?.targetBound)],
      [`users:${name}`, ratioText(one?.productUsers, one?.capped)],
    ];
  });
  const http = (tool: Tool) =>
    capacity.filter(({ configuration }) => configuration.tool === tool && !configuration.tls);
  const [ours, theirs] = [http("loadtest, HttpUser"), http("Locust, HttpUser")];
  return {
    ...{ machine, date },
    httpRps: spreadText(spreadOf(ratios(ours, theirs, ({ busiest }) => busiest.rps))),
    httpUsers: spreadText(spreadOf(ratios(ours, theirs, ({ fullest }) => fullest?.users))),
    versions: Object.entries(versions)
      .map(([name, version]) => `${name} ${version}`)
      .join(", "),
    bound: bound === 2 ? "twice" : `${bound} times`,
    few: `${few}`,
    readable,
    precision: `${precision * 100} %`,
    rounds: `${Math.min(...figures.map(({ rps }) => rps?.rounds ?? 0))}`,
    minutes: spreadText(minutesOfRounds(capacity)),
    others: spreadText(spreadOf(capacity.map(({ busiest }) => busiest.others))),
    ...Object.fromEntries(products),
  };
}

function minutesOfRounds(capacity: Results["capacity"]): Spread | undefined {
  const minutes: Record<number, number> = {};
  for (const { round, seconds } of capacity) minutes[round] = (minutes[round] ?? 0) + seconds / 60;
  return spreadOf(Object.values(minutes));
}
