/**
 * The colours of a page in both schemes; they become CSS variables, and the charts read those.
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
