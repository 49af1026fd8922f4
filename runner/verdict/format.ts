/** `value` with at most `digits` decimals, as a number. */
export function round(value: number, digits: number): number {
  const rounded = Number(value.toFixed(digits));
  return rounded === 0 ? 0 : rounded;
}

/** A share from 0 to 1 as whole per cent: `93 %`. */
export function percent(share: number): string {
  return `${Math.round(share * 100)} %`;
}

/** Seconds for people: `12 s`, and `0.4 s` below ten seconds. */
export function seconds(value: number): string {
  return `${round(value, value < 10 ? 1 : 0)} s`;
}

/** The value of a metric in four digits, with its unit: `812 ms`, `0.0125`, `95.2 requests/s`. */
export function valueText(metric: string, value: number): string {
  return `${short(value)}${unit(metric)}`;
}

/** A share, or a relative change without its sign, in three digits: `0.125 %`, `8.25 %`, `120 %`. */
export function shareText(share: number): string {
  const value = Math.abs(share) * 100;
  return `${value >= 100 ? round(value, 0) : Number(value.toPrecision(3))} %`;
}

/** A number in four digits, but all those of a whole number. */
export function short(value: number): number {
  return Math.abs(value) >= 1000 ? round(value, 0) : Number(value.toPrecision(4));
}

/** What follows the value of a metric: ` ms`, ` requests/s`, nothing. */
export function unit(metric: string): string {
  if (metric === "fail_ratio") return "";
  return metric === "rps" ? " requests/s" : " ms";
}
