/** Every number that was measured, in one file, which is written anew after each measurement. */
import { existsSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { cpus, totalmem } from "node:os";
import type { Capacity } from "./capacity";
import { type Configuration, nameOf } from "./configurations";
import type { Versions } from "./install";

export interface Results {
  /** `2 cores of AMD EPYC, 24 GiB`. */
  readonly machine: string;
  readonly versions: Versions;
  /** Date of the latest measurement, as 2026-01-31. */
  readonly date: string;
  readonly capacity: readonly Capacity[];
}

/**
 * Undefined where there is no such file.
 *
 * @throws Error where it has something else
 */
export function readResults(file: string): Results | undefined {
  if (!existsSync(file)) return undefined;
  try {
    const results = JSON.parse(readFileSync(file, "utf8"));
    if (Array.isArray(results.capacity)) return results;
  } catch {}
  throw new Error(`${file} has no results: restore it with git, or remove it and measure anew`);
}

/** One measurement a line, so that a new one is a small change of the file. */
export function writeResults(file: string, { capacity, ...head }: Results): void {
  const lines = Object.entries(head).map(([name, value]) => `  ${JSON.stringify(name)}: ${JSON.stringify(value)}`);
  const list = capacity.map((one) => `    ${JSON.stringify(one)}`).join(",\n");
  writeFileSync(`${file}.part`, `{\n${[...lines, `  "capacity": [\n${list}\n  ]`].join(",\n")}\n}\n`);
  renameSync(`${file}.part`, file);
}

export function describeMachine(): string {
  const memory = Math.round(totalmem() / 2 ** 30);
  return `${cpus().length} cores of ${cpus()[0]?.model.trim() ?? "unknown"}, ${memory} GiB`;
}

/** What was measured but for so many rounds of these. */
export function without(capacity: readonly Capacity[], wanted: readonly Configuration[], rounds: number) {
  const names = new Set(wanted.map(nameOf));
  return capacity.filter(({ round, configuration }) => round > rounds || !names.has(nameOf(configuration)));
}

/** What is not there yet of so many rounds, one round after the other. */
export function missing(capacity: readonly Capacity[], wanted: readonly Configuration[], rounds: number) {
  const there = new Set(capacity.map(({ round, configuration }) => `${round} ${nameOf(configuration)}`));
  return Array.from({ length: rounds }, (_, index) => index + 1).flatMap((round) =>
    wanted
      .filter((configuration) => !there.has(`${round} ${nameOf(configuration)}`))
      .map((configuration) => ({ round, configuration })),
  );
}
