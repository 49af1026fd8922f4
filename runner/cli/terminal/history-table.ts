import pc from "picocolors";
import type { RunSummary } from "../../results/history";
import type { RunRecord } from "../../results/run-record";
import { bareTable, columns, cutMiddle, gap, marked, oneLine, width } from "../../results/tables/text";
import { shareText, short } from "../../verdict/format";
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
  const { asked, totals, percentiles, place, stack, capacity } = record;
  const [script, where] = [oneLine(record.script), oneLine(placeText(place, stack))];
  if (capacity !== undefined) return [when, script, wordOf(run), ...capacityCells(capacity), where];
  const none = totals.requests === 0;
  return [
    when,
    script,
    wordOf(run),
    String(asked.users),
    none ? "-" : totals.rps.toFixed(1),
    none ? "-" : milliseconds(percentiles.p95 ?? null),
    none ? "-" : shareText(totals.failRatio),
    where,
  ];
}

/** The capacity, and what there was of it at the highest level that held. */
function capacityCells({ asked, steps, level, rps, interval }: NonNullable<RunRecord["capacity"]>): string[] {
  const step = steps.findLast((one) => one.outcome === "held" && one.level === level);
  if (step === undefined || rps === null) return ["-", "-", "-", "-"];
  const users = asked.by === "users" ? short(step.level) : step.users;
  const most = `${interval?.high == null ? "≥" : "max"} ${rps.toFixed(1)}`;
  return [String(users), most, milliseconds(step.p95), shareText(step.failRatio)];
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
