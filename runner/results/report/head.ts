import type { RequestStats, Sample } from "../../types";
import { httpUserText } from "../../verdict/clients";
import type { RunRecord } from "../run-record";
import { amount, duration, foreign, moment, quantity, share } from "./format";
import { type Content, type Html, html } from "./html";

/** A run as a report shows it. */
export interface ReportedRun {
  /** Of its folder. */
  readonly name: string;
  readonly record: RunRecord;
  readonly samples: readonly Sample[];
  /** Rows of `requests.csv`, with the one over all requests at the end; empty where there is none. */
  readonly requests: readonly RequestStats[];
  /** The same with times from when each iteration was due; none without an arrival rate. */
  readonly corrected?: readonly RequestStats[];
}

export type Tone = "good" | "bad" | "caution" | "muted";

interface Word {
  readonly word: string;
  readonly sign: string;
  readonly tone: Tone;
  /** A sentence for those who do not know the word. */
  readonly meaning: string;
}

const words: Readonly<Record<RunRecord["verdict"], Word>> = {
  passed: {
    word: "PASSED",
    sign: "✓",
    tone: "good",
    meaning: "The load was what was asked for, and no threshold failed.",
  },
  failed: { word: "FAILED", sign: "✗", tone: "bad", meaning: "A threshold failed." },
  invalid: {
    word: "INVALID",
    sign: "!",
    tone: "caution",
    meaning: "The load was not what was asked for, so the numbers do not count.",
  },
  aborted: { word: "ABORTED", sign: "■", tone: "caution", meaning: "The run was interrupted before it was over." },
  error: { word: "ERROR", sign: "✗", tone: "bad", meaning: "The run could not start, or could not go on." },
};
const running: Word = {
  word: "RUNNING",
  sign: "…",
  tone: "muted",
  meaning: "The run was not over when this report was made.",
};

/** The verdict of a run in a word, with its sign and colour. */
export function wordOf(record: RunRecord): Word {
  return record.status === "running" ? running : words[record.verdict];
}

/** The class that gives an element its tone. */
export function toneClass(tone: Tone): string {
  return tone === "muted" ? "muted-tone" : tone;
}

/** A word on its colour, with its sign. */
export function badge({ word, sign, tone }: Pick<Word, "word" | "sign" | "tone">): Html {
  return html`<span class="word ${toneClass(tone)}"><span aria-hidden="true">${sign}</span> ${word}</span>`;
}

/** Verdict, reasons and warnings. */
export function verdictOf({ record }: ReportedRun): Html {
  const word = wordOf(record);
  const code = record.status === "finished" && html` <span class="muted">Exit code ${record.exitCode}.</span>`;
  const warnings = new Set([...record.warnings, ...(record.integrity?.warnings ?? [])]);
  return html`
<div class="verdict">${badge(word)}<p>${word.meaning}${code}</p></div>
${lines(record.reasons, word.sign, word.tone, "Reasons")}
${lines([...warnings], "!", "caution", "Warnings")}`;
}

/** More lines than this are folded. */
const shownLines = 8;

/** Sentences with a sign before each; those beyond the eighth are folded. Nothing without sentences. */
export function lines(texts: readonly string[], sign: string, tone: Tone, label: string): Html {
  const items = texts.map((text) => line(sign, tone, foreign(text)));
  if (items.length === 0) return html``;
  const more = items.slice(shownLines);
  return html`<ul class="lines" aria-label="${label}">${items.slice(0, shownLines)}</ul>${
    more.length > 0 &&
    html`<details><summary>and ${more.length} more</summary><ul class="lines" aria-label="${label}, continued">${more}</ul></details>`
  }`;
}

/** One line of a list with its sign. */
export function line(sign: string, tone: Tone, text: Content): Html {
  return html`<li class="${toneClass(tone)}"><span class="mark" aria-hidden="true">${sign}</span><span>${text}</span></li>`;
}

/** What was run where and when. */
export function factsOf({ record }: ReportedRun): Html {
  const { script, target, stack, place, startedAt, durationSeconds, asked, versions } = record;
  const users = `${amount(asked.users)}, ${amount(asked.spawnRate)}/s`;
  const client = httpUserText(record);
  const facts: (readonly [string, Content, long?: true])[] = [
    ["Script", foreign(script)],
    ["Target", target === null ? "that of each user class" : foreign(target), true],
    ["Where", [place === "local" ? "this machine" : "Kubernetes", stack !== null && html`, stack ${foreign(stack)}`]],
    ["Started", moment(startedAt)],
    ["Duration", duration(durationSeconds)],
    ...(asked.arrivals === undefined ? [] : [arrivalsFact(asked.arrivals)]),
    [
      asked.arrivals === undefined ? "Users" : "Users at most",
      asked.shape === null ? users : usersWords(asked.shape, record.capacity !== undefined),
    ],
    ["Workers", amount(asked.workers)],
    ["Versions", versionWords(versions), true],
    ...(client === undefined ? [] : [["Client", foreign(client), true] as const]),
  ];
  return factList(facts);
}

function arrivalsFact({ rate, spacing }: NonNullable<RunRecord["asked"]["arrivals"]>) {
  return ["Iterations a second", html`${foreign(rate)}${spacing === "poisson" && ", at random gaps"}`] as const;
}

function usersWords(shape: string, isSearch: boolean): Content {
  return isSearch ? "raised in steps" : html`by the load shape ${foreign(shape)}`;
}

/** Names with their values; a long one takes two columns. */
export function factList(facts: readonly (readonly [name: string, value: Content, long?: true])[]): Html {
  return html`<dl class="facts">${facts.map(
    ([name, value, long]) => html`<div${long && html` class="long"`}><dt>${name}</dt><dd>${value}</dd></div>`,
  )}</dl>`;
}

function versionWords({ loadtest, locust, python, node, ...client }: RunRecord["versions"]): Html[] {
  const known = [
    ["loadtest", loadtest],
    ["Locust", locust],
    ["Python", python],
    ["Node.js", node],
    ["geventhttpclient", client.geventhttpclient && `${client.geventhttpclient} (${client.client})`],
    ["gevent", client.gevent],
    ["requests", client.requests && `${client.requests}${client.httpUser ? ` (HttpUser: ${client.httpUser})` : ""}`],
    ["urllib3", client.urllib3],
  ] as const;
  return known
    .filter(([, version]) => version)
    .map(([name, version], index) => html`${index > 0 && ", "}${name} ${foreign(version ?? "")}`);
}

/** The numbers over all requests, large. */
export function tilesOf({ record }: ReportedRun): Html {
  const tiles = record.capacity === undefined ? totalTiles(record) : capacityTiles(record.capacity);
  return html`<dl class="tiles">${tiles.map(
    ([name, value, bad]) => html`<div${bad && html` class="bad"`}><dt>${name}</dt><dd>${value}</dd></div>`,
  )}</dl>`;
}

type Tile = readonly [name: string, value: string, bad?: boolean];

function totalTiles({ totals, percentiles, corrected }: RunRecord): Tile[] {
  const times = ["p50", "p95", "p99"].filter((name) => name in percentiles);
  return [
    ["Requests", quantity(totals.requests, "users")],
    ["Requests/s", quantity(totals.rps, "users")],
    ["Failed", share(totals.failRatio), totals.failures > 0],
    ...times.map((name) => [name, quantity(percentiles[name], "ms")] as const),
    ...(corrected === undefined ? [] : [["Corrected p95", quantity(corrected.percentiles.p95, "ms")] as const]),
  ];
}

/** A capacity, and what there was of it at the highest level that held: totals have all of its steps in them. */
function capacityTiles({ asked, steps, level, rps, interval }: NonNullable<RunRecord["capacity"]>): Tile[] {
  const step = steps.findLast((one) => one.outcome === "held" && one.level === level);
  return [
    [interval?.high === null ? "Requests/s, at least" : "Requests/s, at most", quantity(rps, "users")],
    [asked.by === "users" ? "Users" : "Arrivals/s", quantity(level, "users")],
    ["Failed", share(step?.failRatio)],
    ...(["p50", "p95", "p99"] as const).map((name) => [name, quantity(step?.[name], "ms")] as const),
  ];
}
