import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import type { ReportData } from "./chart";
import { embeddedJson, Html, html } from "./html";
import { colours, style } from "./style";

/** What makes a report besides its frame. */
export interface DocumentParts {
  readonly title: string;
  /** Colour of the icon in the browser's tab. */
  readonly tone: "good" | "bad" | "caution" | "muted";
  readonly body: Html;
  readonly data: ReportData;
}

/**
 * A whole report in one file. Its policy lets nothing be loaded from anywhere, and nothing run but the scripts whose
 * hashes it names: text of strangers that got past the escaping could still do nothing.
 */
export function documentOf({ title, tone, body, data }: DocumentParts): string {
  const { chartScript, chartStyle, reportScript } = readAssets();
  const css = `${chartStyle}\n${style}`;
  const policy = [
    "default-src 'none'",
    `script-src ${[chartScript, reportScript].map(hashOf).join(" ")}`,
    `style-src ${hashOf(css)}`,
    "img-src data:",
    "base-uri 'none'",
    "form-action 'none'",
  ];
  const whole = html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${new Html(policy.join("; "))}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${title}</title>
<link rel="icon" href="${icon(colours.light[tone])}">
<style>${inline(css, /<\/style/i)}</style>
</head>
<body>
${body}
<script type="application/json" id="data">${embeddedJson(data)}</script>
<script>${inline(chartScript, /<\/script|<!--/i)}</script>
<script>${inline(reportScript, /<\/script|<!--/i)}</script>
</body>
</html>
`;
  return whole.markup;
}

/** A constant of ours between tags: it must not end its element. */
function inline(text: string, end: RegExp): Html {
  if (end.test(text)) throw new Error(`text of an element has ${end}`);
  return new Html(text);
}

function hashOf(text: string): string {
  return `'sha256-${createHash("sha256").update(text).digest("base64")}'`;
}

function icon(colour: string): string {
  const line = "M3 24 11 14l6 5L29 7";
  const drawing = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32"><path d="${line}" fill="none" stroke="${colour}" stroke-width="5" stroke-linecap="round" stroke-linejoin="round"/></svg>`;
  return `data:image/svg+xml,${encodeURIComponent(drawing)}`;
}

/** Our scripts, in the order in which they build on each other; the build copies them beside the compiled code. */
const scripts = ["format.js", "overlay.js", "options.js", "charts.js"];

/** Reads uPlot (with its licence in a comment) from the installed package, and our scripts from beside this file. */
function readAssets() {
  const library = dirname(require.resolve("uplot/package.json"));
  const read = (...path: readonly string[]) => readFileSync(join(...path), "utf8").trim();
  const own = scripts.map((name) => withoutDirectives(read(__dirname, "browser", name)));
  return {
    chartScript: `/*!\n${read(library, "LICENSE")}\n*/\n${read(library, "dist", "uPlot.iife.min.js")}`,
    chartStyle: read(library, "dist", "uPlot.min.css"),
    reportScript: `(() => {\n"use strict";\n${own.join("\n")}\n})();`,
  };
}

/** Without what the compiler adds: the report has no source maps, and says for all scripts that they are strict. */
function withoutDirectives(script: string): string {
  return script.replace(/^"use strict";\s*/, "").replace(/\s*\/\/# sourceMappingURL=.*$/, "");
}
