/** Every number that was measured, in one file, which is written anew after each measurement. */
import { existsSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import type { Capacity } from "./capacity";
import type { Master } from "./master";
import type { Memory } from "./memory";
import type { Profile } from "./profile";
import type { Start } from "./start";

/** What the numbers were measured on. */
export interface Machine {
  readonly cpu: string;
  readonly cores: number;
  /** GiB. */
  readonly memory: number;
  readonly kernel: string;
  readonly kubernetes: string;
  readonly locust: string;
  readonly node: string;
}

/** All results, by what they are of. */
export interface Results {
  /** All on which something of it was measured. */
  readonly machines: readonly Machine[];
  /** Date of the latest measurement, as 2026-01-31. */
  readonly date: string;
  readonly capacity: readonly Capacity[];
  readonly memory: readonly Memory[];
  readonly master: readonly Master[];
  readonly start: readonly Start[];
  readonly profile: readonly Profile[];
}

/** What can be measured by itself. */
export const parts = ["capacity", "memory", "master", "start", "profile"] as const;
export type Part = (typeof parts)[number];

/** Undefined where there is no such file. */
export function readResults(file: string): Results | undefined {
  return existsSync(file) ? (JSON.parse(readFileSync(file, "utf8")) as Results) : undefined;
}

/** One measurement a line, so that a new one is a small change of the file. */
export function writeResults(file: string, results: Results): void {
  const { machines, date } = results;
  const lists = parts.map((part) => {
    const lines = results[part].map((one) => `    ${JSON.stringify(one)}`);
    return `  ${JSON.stringify(part)}: [${lines.length === 0 ? "" : `\n${lines.join(",\n")}\n  `}]`;
  });
  const head = [`  "machines": ${JSON.stringify(machines)}`, `  "date": ${JSON.stringify(date)}`];
  writeFileSync(`${file}.part`, `{\n${[...head, ...lists].join(",\n")}\n}\n`);
  renameSync(`${file}.part`, file);
}
