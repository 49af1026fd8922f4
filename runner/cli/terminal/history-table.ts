import pc from "picocolors";
import type { RunSummary } from "../../results/history";
import type { RunRecord } from "../../results/run-record";
import { bareTable, columns, cutMiddle, gap, marked, oneLine, width } from "../../results/text";
import { shareText } from "../../verdict/format";
import { milliseconds } from "./format";

const head = ["when (UTC)", "script", "verdict", "users", "req/s", "p95", "fails", "place"];
const left = [0, 1, 2, 7];
/** The columns that may be cut: names, of any length. */
const [scriptColumn, placeColumn] = [1, 7];

const colourOf: Readonly<Record<string, "green" | "red" | "yellow">> = {
  passed: "green",
  failed: "red",
  error: "red",
  killed: "red",
  damaged: "red",
  running: "green",
};

/** Runs, a line each below a head, within 80 columns; what is wrong with damaged ones comes last. */
export function historyTable(runs: readonly RunSummary[], { colour }: { readonly colour: boolean }): string {
  const colors = pc.createColors(colour);
  const rows = shorten(runs.map(cells)).map((row) =>
    row.map((cell, index) => (index === 2 ? colors[colourOf[cell] ?? "yellow"](cell) : cell)),
  );
  const [first = "", ...lines] = bareTable(head, rows, { left });
  const problems = runs.flatMap((run) => (run.state === "damaged" ? [`${run.name}: ${run.problem}`] : []));
  return [colors.bold(first), ...lines, ...marked(problems, "!", colors.yellow)].join("\n");
}

/** How a run went, or goes. */
function wordOf(run: RunSummary): string {
  return run.state === "finished" ? run.record.verdict : run.state;
}

function cells(run: RunSummary): string[] {
  const when = run.startedAt?.slice(0, 16).replace("T", " ") ?? "-";
  const { record } = run;
  if (record === null) return [when, "-", wordOf(run), "-", "-", "-", "-", "-"];
  const { asked, totals, percentiles, place, stack } = record;
  const none = totals.requests === 0;
  return [
    when,
    oneLine(record.script),
    wordOf(run),
    String(asked.users),
    none ? "-" : totals.rps.toFixed(1),
    none ? "-" : milliseconds(percentiles.p95 ?? null),
    none ? "-" : shareText(totals.failRatio),
    oneLine(placeText(place, stack)),
  ];
}

/** Cuts the two columns of names to what the others leave of the width; the place gets half of it at most. */
function shorten(rows: readonly string[][]): string[][] {
  const widest = (index: number) => Math.max(...[head, ...rows].map((row) => columns(row[index] ?? "")));
  const names = [scriptColumn, placeColumn];
  const others = head.map((_, index) => gap + (names.includes(index) ? 0 : widest(index)));
  const room = width + gap - others.reduce((sum, taken) => sum + taken, 0);
  const place = Math.min(widest(placeColumn), Math.max(Math.floor(room / 2), room - widest(scriptColumn)));
  const limits: Readonly<Record<number, number>> = { [scriptColumn]: room - place, [placeColumn]: place };
  return rows.map((row) => row.map((cell, index) => cutMiddle(cell, limits[index] ?? width)));
}

/** A stack in a cluster by its own name: there is little room. */
function placeText(place: RunRecord["place"], stack: string | null): string {
  if (stack === null) return place;
  return place === "local" ? `local/${stack}` : stack;
}
