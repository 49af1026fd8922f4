/** Why two runs can hardly be compared. */
import type { Verdict } from "../../types";
import { searchShape } from "../capacity/report";
import { clientTexts } from "../clients";
import { round, seconds } from "../format";
import type { ComparedRecord } from "./comparison";

/** Run times may differ by this share of the longer one, or by these seconds: Locust's timers are no clocks. */
const timeShare = 0.1;
const timeSeconds = 3;

/** Numbers of runs with these verdicts say little about the target. */
const untrusted: readonly Verdict[] = ["invalid", "aborted", "error"];

/** A sentence for each of two runs that cannot be compared with anything, by its own verdict. */
export function worthless(before: ComparedRecord, after: ComparedRecord): string[] {
  const sides = [["before", before.verdict] as const, ["after", after.verdict] as const];
  return sides
    .filter(([, verdict]) => untrusted.includes(verdict))
    .map(([side, verdict]) => `The verdict ${side} is ${verdict}: the numbers of that run prove nothing.`);
}

/** `users: 20 before, 40 after` */
export function differenceText(what: string, before: string, after: string): string {
  return `${what}: ${before} before, ${after} after`;
}

/**
 * Why two runs can hardly be compared, with the value on both sides. What two searches came to, users and time, is no
 * difference of what was asked.
 */
export function differences(before: ComparedRecord, after: ComparedRecord): string[] {
  const found: string[] = [];
  const report = (what: string, differs: boolean, show: (record: ComparedRecord) => string) => {
    if (differs) found.push(differenceText(what, show(before), show(after)));
  };
  const check = (what: string, show: (record: ComparedRecord) => string) =>
    report(what, show(before) !== show(after), show);

  report("verdict", worthless(before, after).length > 0, ({ verdict }) => verdict);
  check("script", ({ script }) => script);
  check("load shape", ({ asked }) => shapeOf(asked.shape));
  check("arrivals", arrivalsText);
  const areSearches = before.asked.shape === searchShape && after.asked.shape === searchShape;
  if (!areSearches) check("users", ({ asked }) => String(round(asked.users, 2)));
  if (!before.asked.shape && !after.asked.shape) {
    check("spawn rate", ({ asked }) => String(round(asked.spawnRate, 2)));
  }
  const timeDiffers = !areSearches && timesDiffer(before.durationSeconds, after.durationSeconds);
  report("run time", timeDiffers, ({ durationSeconds }) => seconds(durationSeconds));
  check("workers", ({ asked }) => String(asked.workers));
  check("place", ({ place }) => place);
  for (const [of, show] of clientTexts(before, after)) check(`${of}'s client`, show);
  report("target", host(before.target) !== host(after.target), ({ target }) => target ?? "the script's own");
  return found;
}

/** Two runs with arrival rates, and not the same ones. */
export function ratesDiffer(before: ComparedRecord, after: ComparedRecord): boolean {
  const bothOpen = before.asked.arrivals !== undefined && after.asked.arrivals !== undefined;
  return bothOpen && ratesText(before) !== ratesText(after);
}

function arrivalsText(record: ComparedRecord): string {
  const { arrivals } = record.asked;
  if (arrivals === undefined) return "none (users wait)";
  return `${ratesText(record)}${arrivals.spacing === "even" ? "" : ` (${arrivals.spacing})`}`;
}

/** `50`, or `50, changed from 50 to 80 at 12 s`. */
function ratesText({ asked, integrity }: ComparedRecord): string {
  const changes = integrity?.arrivals?.changes ?? [];
  return [asked.arrivals?.rate, ...changes.map(({ t, from, to }) => `changed from ${from} to ${to} at ${t} s`)].join(
    ", ",
  );
}

function shapeOf(shape: string | boolean | null): string {
  return shape === true ? "yes" : shape || "none";
}

function timesDiffer(before: number, after: number): boolean {
  const off = Math.abs(before - after);
  return off > timeSeconds && off > timeShare * Math.max(before, after);
}

/** On this machine ports come and go: the demo's differs from run to run, and so may those of two builds. */
function host(target: string | null): string | null {
  return target?.replace(/^(https?:\/\/(?:127\.0\.0\.1|localhost|\[::1\])):\d+$/, "$1") ?? null;
}
