import type { RequestStats } from "../types";

/**
 * The row over all requests, or undefined where it is missing.
 * It is the last row and has no method: a request that a user calls "Aggregated" is neither.
 */
export function totalRow(rows: readonly RequestStats[]): RequestStats | undefined {
  const last = rows.at(-1);
  return last?.method === "" && last.name === "Aggregated" ? last : undefined;
}

/** The rows of single requests, in Locust's order. */
export function requestRows(rows: readonly RequestStats[]): readonly RequestStats[] {
  return totalRow(rows) === undefined ? rows : rows.slice(0, -1);
}

/** What people call a request: `GET /path`; its name alone where it has no method. */
export function requestLabel({ method, name }: Pick<RequestStats, "method" | "name">): string {
  return method === "" ? name : `${method} ${name}`;
}
