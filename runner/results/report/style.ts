/**
 * The colours of a report in both schemes; they become CSS variables, and the charts read those.
 *
 * Series have 3:1 against the background, text 4.5:1. People who see no red or no green tell the series apart that
 * share a chart, and their dashes differ too; only workers, of which there may be twelve, have to be told by the legend.
 */
export const colours = {
  light: {
    background: "#ffffff",
    surface: "#f5f7f9",
    text: "#1a2027",
    muted: "#56606b",
    border: "#d3d9df",
    grid: "#e4e8ec",
    ramp: "#e9f1fa",
    stop: "#eceef0",
    good: "#1a7340",
    bad: "#b3261e",
    caution: "#8a5a00",
    "on-verdict": "#ffffff",
    "series-1": "#0068b3",
    "series-2": "#d1590a",
    "series-3": "#00856a",
    "series-4": "#8f2d7d",
    "series-5": "#8a6d00",
    "series-6": "#4b5563",
  },
  dark: {
    background: "#12171d",
    surface: "#1a2129",
    text: "#e8ecf0",
    muted: "#a3adb8",
    border: "#353f4a",
    grid: "#29323c",
    ramp: "#1a2836",
    stop: "#222a32",
    good: "#5ecf8b",
    bad: "#ff8a80",
    caution: "#edb64a",
    "on-verdict": "#12171d",
    "series-1": "#5cb8f2",
    "series-2": "#f0894a",
    "series-3": "#22a88a",
    "series-4": "#e6a3dc",
    "series-5": "#dfc04d",
    "series-6": "#b6c0ca",
  },
} as const;

export type Scheme = keyof typeof colours;
export type ColourName = keyof (typeof colours)[Scheme];

/** The scheme's colours as declarations of CSS variables. */
export function variables(scheme: Scheme): string {
  const declarations = Object.entries(colours[scheme]).map(([name, colour]) => `--${name}: ${colour};`);
  return `color-scheme: ${scheme}; ${declarations.join(" ")}`;
}

/** The report's own style: light, dark, narrow and on paper, which is always light. */
export const style = `
:root { ${variables("light")} }
@media screen and (prefers-color-scheme: dark) { :root:not(.print) { ${variables("dark")} } }
*, *::before, *::after { box-sizing: border-box; }
body {
  margin: 0 auto; padding: 1.5rem clamp(0.75rem, 3vw, 2.5rem) 3rem; max-width: 80rem;
  background: var(--background); color: var(--text);
  font: 1rem/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", sans-serif;
  font-variant-numeric: tabular-nums; overflow-wrap: anywhere; -webkit-text-size-adjust: 100%;
}
h1, h2, h3, p, ul, dl, dd, figure { margin: 0; padding: 0; }
h1 { font-size: 1.6rem; line-height: 1.2; }
h2 { font-size: 1.2rem; line-height: 1.3; margin: 2.25rem 0 0.75rem; }
h3 { font-size: 1rem; line-height: 1.3; }
.muted, .kind, figcaption p, dt, footer { color: var(--muted); }
.kind { font-size: 0.875rem; }
.small, figcaption p, dt, footer { font-size: 0.8125rem; }

.verdict { display: flex; flex-wrap: wrap; align-items: center; gap: 0.5rem 0.9rem; margin: 0.9rem 0; }
.word {
  padding: 0.2rem 0.8rem; border-radius: 0.4rem; font-weight: 700; letter-spacing: 0.03em; white-space: nowrap;
  background: var(--tone); color: var(--on-verdict);
}
.good { --tone: var(--good); }
.bad { --tone: var(--bad); }
.caution { --tone: var(--caution); }
.muted-tone { --tone: var(--muted); }
.mark { font-weight: 700; color: var(--tone); }

ul.lines { list-style: none; }
ul.lines li { display: grid; grid-template-columns: 1.5em 1fr; margin-top: 0.25rem; }
ul.lines + .table { margin-top: 0.75rem; }
details { margin-top: 0.25rem; }
summary { cursor: pointer; color: var(--muted); }

.facts, .tiles { display: grid; gap: 0.75rem 1.5rem; margin-top: 1.25rem; }
.facts { grid-template-columns: repeat(auto-fill, minmax(min(100%, 13rem), 1fr)); }
.facts .long { grid-column: span 2; }
.tiles { grid-template-columns: repeat(auto-fit, minmax(7rem, 1fr)); gap: 0.6rem; }
.tiles > div { padding: 0.6rem 0.8rem; border-radius: 0.5rem; background: var(--surface); border: 1px solid var(--border); }
.tiles dd { font-size: 1.3rem; font-weight: 600; line-height: 1.25; white-space: nowrap; }
.tiles .bad dd { color: var(--tone); }
.pair { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 24rem), 1fr)); gap: 0 2.5rem; }
.runs { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 22rem), 1fr)); gap: 1rem; }
.runs > section { padding: 1rem; border: 1px solid var(--border); border-radius: 0.5rem; background: var(--surface); }
.runs h3 { font-size: 1.1rem; }
.runs .facts { grid-template-columns: repeat(auto-fill, minmax(min(100%, 8.5rem), 1fr)); gap: 0.6rem 1rem; }
.runs .tiles { grid-template-columns: repeat(3, 1fr); }
.runs .tiles > div { background: var(--background); padding: 0.35rem 0.5rem; }
.runs .tiles dd { font-size: 1.05rem; }

.table { overflow-x: auto; border: 1px solid var(--border); border-radius: 0.5rem; }
table.data { border-collapse: collapse; width: 100%; font-size: 0.875rem; }
.data th, .data td { padding: 0.4rem 0.75rem; text-align: right; vertical-align: top; white-space: nowrap; }
.data th { font-weight: 600; }
.data thead th { background: var(--surface); vertical-align: bottom; }
.data tbody th { font-weight: 400; }
.data tbody tr, .data tfoot tr { border-top: 1px solid var(--border); }
.data tfoot { font-weight: 600; }
.data .name, .data .words { text-align: left; }
.data .name { position: sticky; left: 0; background: var(--background); }
.data thead .name { background: var(--surface); }
.data .name, .data .words { white-space: normal; min-width: 8rem; }
.data td.words { min-width: 13rem; }
.data .bad, .data .caution, .data .good, .data .muted-tone { color: var(--tone); }
.data [colspan] { text-align: center; }
.data .first { border-left: 1px solid var(--border); }

.charts { display: grid; gap: 1.75rem 2rem; margin-top: 1rem; }
.chart { margin-top: 0.25rem; }
.two .charts { grid-template-columns: repeat(auto-fit, minmax(min(100%, 30rem), 1fr)); }
.two figure:last-child:nth-child(odd) { grid-column: 1 / -1; }
figure { min-width: 0; }
.chart { min-width: 0; overflow: hidden; border-radius: 0.25rem; }
.chart:focus-visible { outline: 2px solid var(--series-1); outline-offset: 2px; }
.uplot, .u-legend { font-family: inherit; }
.u-legend { font-size: 0.8125rem; text-align: left; margin: 0; padding-left: 0.25rem; }
.u-legend tbody { display: flex; flex-wrap: wrap; gap: 0 1.25rem; }
.u-inline .u-series { display: flex; align-items: center; gap: 0.15rem; margin: 0; min-width: 8.5rem; }
.u-inline.u-live th::after { content: none; }
.u-legend th { display: flex; align-items: center; font-weight: 400; color: var(--muted); }
.u-legend .u-series > * { padding: 0.1rem 0.2rem; }
.u-legend .u-value { white-space: nowrap; font-weight: 600; }
.u-legend .u-marker { width: 1.5em; height: 0; border-width: 2px 0 0 !important; }
.u-legend .u-series:first-child .u-marker { display: none; }
.u-select { background: color-mix(in srgb, var(--series-1) 18%, transparent); }
.u-hz .u-cursor-x { border-right: 1px dashed var(--muted); }
footer { margin-top: 3rem; border-top: 1px solid var(--border); padding-top: 0.75rem; }

@media (max-width: 30rem) {
  .data th, .data td { padding: 0.35rem 0.5rem; }
  .data .name { min-width: 6.5rem; max-width: 9rem; }
  .tiles { grid-template-columns: repeat(3, 1fr); }
  .tiles > div { padding: 0.4rem 0.5rem; }
  .tiles dd { font-size: 1.05rem; }
  .facts { grid-template-columns: repeat(2, 1fr); }
}
.print .chart { width: 42rem; }
.print .two figure:not(:last-child) .chart { width: 20.5rem; }
@media print {
  @page { margin: 14mm; }
  body { max-width: none; padding: 0; font-size: 10pt; print-color-adjust: exact; -webkit-print-color-adjust: exact; }
  h2 { break-after: avoid; }
  figure, .tiles, .facts, .runs > section, .data tr { break-inside: avoid; }
  .table { overflow: visible; }
  .data th, .data td { padding: 0.25rem 0.35rem; font-size: 8pt; }
  .tiles, .runs .tiles { grid-template-columns: repeat(6, 1fr); }
  .two .charts { grid-template-columns: 1fr 1fr; }
  .hint, .u-value, .u-legend .u-series:first-child { display: none !important; }
}
`;
