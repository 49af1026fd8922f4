import { seconds } from "../../verdict/format";
import { oneLine } from "../tables/text";
import type { Unit } from "./chart";
import { type Html, html } from "./html";

/** Stands where there is no value. */
export const none = "–";

/** Text of strangers (a name, a reason) on one line, and apart from its neighbours whatever its direction of writing. */
export function foreign(text: string): Html {
  return html`<bdi>${oneLine(text)}</bdi>`;
}

/** A number for people: `1,234`, `12.3`, `0.0042`. At most three digits, but all those of a whole number. */
export function amount(value: number): string {
  const digits = Math.abs(value) >= 100 || Number.isInteger(value) ? { maximumFractionDigits: 0 } : threeDigits;
  return new Intl.NumberFormat("en", digits).format(value);
}

const threeDigits = { maximumSignificantDigits: 3 };

/** The number with its unit: `12 ms`, `8.8/s`, `1.5 %`. */
export function quantity(value: number | null | undefined, unit: Unit): string {
  if (value === null || value === undefined) return none;
  return amount(value) + suffixes[unit];
}

const suffixes: Readonly<Record<Unit, string>> = { users: "", "/s": "/s", ms: " ms", "%": " %" };

/** A share (0 to 1) as per cent. */
export function share(value: number | null | undefined): string {
  return value === null || value === undefined ? none : quantity(value * 100, "%");
}

/** `12 s`, `5 min 3 s`, `1 h 0 min 12 s`. */
export function duration(value: number): string {
  if (value < 60) return seconds(value);
  const whole = Math.round(value);
  const hours = Math.floor(whole / 3600);
  const rest = `${Math.floor((whole % 3600) / 60)} min ${whole % 60} s`;
  return hours === 0 ? rest : `${hours} h ${rest}`;
}

/** A moment, as UTC: where a report is read is not where the run was. */
export function moment(time: string): Html {
  const words = time.replace(/^(\d{4}-\d\d-\d\d)T(\d\d:\d\d:\d\d)(?:\.\d+)?Z$/, "$1 $2 UTC");
  return html`<time datetime="${time}">${words}</time>`;
}
