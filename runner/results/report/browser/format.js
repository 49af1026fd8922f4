// Part of the script of a report: classic scripts, in one element, in the order of document.ts.

/** @typedef {import("uplot")} Plot */
/** @typedef {import("uplot").AlignedData} PlotData */
/** @typedef {import("../chart").Unit} Unit */
/** @typedef {import("../chart").Line} Line */
/** @typedef {import("../chart").Chart} Chart */
/** @typedef {import("../chart").Span} Span */
/** @typedef {import("../chart").Mark} Mark */
/** @typedef {import("../chart").ReportData} ReportData */

/** `00:45`, `1:00:45`: seconds since the start of the run. @param {number} seconds */
function clock(seconds) {
  const whole = Math.round(Math.abs(seconds));
  /** @param {number} value */
  const two = (value) => String(value).padStart(2, "0");
  const hours = Math.floor(whole / 3600);
  const rest = `${two(Math.floor(whole / 60) % 60)}:${two(whole % 60)}`;
  return (seconds < -0.5 ? "-" : "") + (hours === 0 ? rest : `${hours}:${rest}`);
}

const wholeNumber = new Intl.NumberFormat("en", { maximumFractionDigits: 0 });
const threeDigits = new Intl.NumberFormat("en", { maximumSignificantDigits: 3 });

/** @type {Readonly<Record<Unit, string>>} */
const suffixes = { users: "", "/s": "/s", ms: " ms", "%": " %" };

/** A value with its unit, as the words of the report have it. @param {number | null | undefined} value @param {Unit} unit */
function quantity(value, unit) {
  if (value === null || value === undefined) return "–";
  return (Math.abs(value) >= 100 ? wholeNumber : threeDigits).format(value) + suffixes[unit];
}

/** @type {Map<string, string>} */
const knownColours = new Map();

/** The value of a colour of the report as it is now; a canvas knows no CSS variables. @param {string} name */
function colour(name) {
  let value = knownColours.get(name);
  if (value === undefined) {
    value = getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
    knownColours.set(name, value);
  }
  return value;
}

/** The scheme has changed. */
function forgetColours() {
  knownColours.clear();
}
