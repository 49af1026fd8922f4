import { InvalidValueError } from "../errors";

/** The response times that Locust reports, as thresholds name them; `avg`, `min` and `max` are times too. */
const times = [
  ...(["p50", "p66", "p75", "p80", "p90", "p95", "p98", "p99", "p99.9", "p99.99", "p100"] as const),
  ...(["avg", "min", "max"] as const),
];

type ResponseTime = (typeof times)[number];

/** Times from when an iteration was due, of a run with an arrival rate. */
const corrected = times.map((time) => `corrected_${time}` as const) as readonly `corrected_${ResponseTime}`[];

/** Everything that a threshold may be about: times in ms, failures as a share of the requests, requests a second. */
export const thresholdMetrics = [...times, "fail_ratio", "rps", ...corrected] as const;
export type ThresholdMetric = (typeof thresholdMetrics)[number];

export const thresholdOperators = ["<", "<=", ">", ">="] as const;
export type ThresholdOperator = (typeof thresholdOperators)[number];

/** What must hold at the end of a run. */
export interface Threshold {
  /** As it was written, without needless spaces: `GET /path: p99<800ms`. */
  readonly text: string;
  /** The row of Locust's statistics that it is about; left out for all requests together. */
  readonly request?: { readonly method: string; readonly name: string } | undefined;
  readonly metric: ThresholdMetric;
  readonly operator: ThresholdOperator;
  /** Times in ms, `fail_ratio` from 0 to 1, `rps` per second. */
  readonly limit: number;
}

/** The response time of Locust's that a corrected one stands beside: `p95` of `corrected_p95`; undefined for any other. */
export function correctedTime(metric: ThresholdMetric): ResponseTime | undefined {
  return times.find((time) => metric === `corrected_${time}`);
}

/** What a threshold looks like, to be read after "must be". */
export const thresholdAllowed =
  'a threshold such as "p95<500", "fail_ratio<0.01", "rps>100" or, for one request, "GET /path: p99<800"';

/**
 * Reads a threshold: a metric, an operator and a limit, after a request's method, name and a colon where it is about
 * one request. The last colon ends the name, so that a name may hold colons. Spaces between the parts are free.
 * A limit may carry a unit: `ms` (the default) or `s` for times, `%` for `fail_ratio`.
 *
 * @throws InvalidValueError that says what is allowed where the text goes wrong
 */
export function parseThreshold(text: string): Threshold {
  const colon = text.lastIndexOf(":");
  const request = colon < 0 ? undefined : parseRequest(text.slice(0, colon).trim(), text);
  const condition = text.slice(colon + 1).trim();
  const [, name, operator, number, unit] =
    /^([^\s<>=]+)\s*(<=|>=|<|>)\s*(\d+(?:\.\d+)?)\s*(\S*)$/.exec(condition) ?? [];
  if (name === undefined || number === undefined || unit === undefined) {
    throw new InvalidValueError(text, thresholdAllowed);
  }
  const metric = thresholdMetrics.find((known) => known === name);
  if (metric === undefined) {
    const known = [...times, "fail_ratio", "rps"].join(", ");
    throw new InvalidValueError(text, `a threshold on one of ${known}, or on a time with corrected_ before it`);
  }
  return {
    text: `${prefix(request)}${metric}${operator}${number}${unit}`,
    ...(request === undefined ? {} : { request }),
    metric,
    operator: operator as ThresholdOperator,
    limit: parseLimit(metric, number, unit, text),
  };
}

/** Writes a threshold as `parseThreshold` reads it, without a unit; a limit has 20 decimals at most. */
export function formatThreshold({ request, metric, operator, limit }: Omit<Threshold, "text">): string {
  // A very small number would be written with an exponent, which is no limit.
  const number = limit.toLocaleString("en-US", { useGrouping: false, maximumFractionDigits: 20 });
  return `${prefix(request)}${metric}${operator}${number}`;
}

function prefix(request: Threshold["request"]): string {
  return request === undefined ? "" : `${request.method} ${request.name}: `;
}

function parseRequest(text: string, whole: string): { method: string; name: string } {
  const [, method, name] = /^([A-Z]+)\s+(\S.*)$/s.exec(text) ?? [];
  if (method === undefined || name === undefined) {
    throw new InvalidValueError(
      whole,
      'a threshold whose request is a method in capital letters, a name and a colon: "GET /path: p99<800"',
    );
  }
  return { method, name };
}

function parseLimit(metric: ThresholdMetric, number: string, unit: string, whole: string): number {
  // Shifting the decimal point in the text keeps 1.1 s at exactly 1100 ms.
  const shifted = (digits: number) => Number(`${number}e${digits}`);
  if (metric === "rps") {
    if (unit !== "")
      throw new InvalidValueError(whole, "a threshold whose limit has no unit: rps is requests a second");
    return shifted(0);
  }
  if (metric === "fail_ratio") {
    const limit = unit === "%" ? shifted(-2) : shifted(0);
    if ((unit !== "" && unit !== "%") || limit > 1) {
      throw new InvalidValueError(whole, "a threshold whose limit is a share from 0 to 1, or from 0% to 100%");
    }
    return limit;
  }
  if (unit !== "" && unit !== "ms" && unit !== "s") {
    throw new InvalidValueError(
      whole,
      "a threshold whose limit is a time in ms, or in s: p95<500, p95<500ms, p95<0.5s",
    );
  }
  return shifted(unit === "s" ? 3 : 0);
}
