import { type CodeLines, exceptionLines, failureLines } from "../code-lines";
import type { RunRecord } from "../run-record";
import { type Html, html } from "./html";
import { tableFrame } from "./sections";
import { amount, foreign } from "./words";

/** Characters of a text that are shown. */
const longest = 600;

/** What failed in requests, and what the script raised: nothing where nothing did. */
export function codeOf(record: RunRecord): Html {
  return html`${section("Failures", failureLines(record))}${section("Exceptions", exceptionLines(record))}`;
}

function section(heading: string, lines: CodeLines | undefined): Html {
  if (lines === undefined) return html``;
  const rows = lines.kinds.map(
    ({ count, text }) => html`<tr><td class="words">${foreign(cut(text))}</td><td>${amount(count)}</td></tr>\n`,
  );
  return html`<section><h2>${heading}</h2><p class="small muted">${lines.title}, the most frequent first.</p>
${tableFrame(
  heading,
  html`<table class="data"><thead><tr><th scope="col" class="words">What</th><th scope="col">How often</th></tr></thead>
<tbody>${rows}</tbody></table>`,
)}
${lines.rest !== undefined && html`<p class="small muted">${lines.rest}.</p>`}</section>`;
}

function cut(text: string): string {
  return text.length > longest ? `${text.slice(0, longest)}…` : text;
}
