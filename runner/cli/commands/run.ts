import { relative, resolve } from "node:path";
import type { RunOutcome } from "../../engine/plan";
import { UsageError } from "../../errors";
import { requireReachable } from "../../places/reach";
import { createResultsFolder, type ResultsFolder } from "../../results/folder";
import type { FinishedRecord } from "../../results/run-record";
import { resultTable } from "../../results/table";
import type { LocustStatus } from "../../types";
import { executeRun } from "../execute";
import { localSetup, openLocal } from "../local";
import type { ClusterOptions } from "../options";
import { readCommandSettings, type SettingsOptions } from "../settings";
import { planOf, requireWorkers } from "../setup";
import { listenToSignals } from "../signals";
import { progressOf } from "../terminal/progress";

export interface RunCommandOptions extends SettingsOptions, Omit<ClusterOptions, "stack"> {
  readonly local?: boolean;
  readonly demo?: boolean;
  readonly abortAfter?: string;
  /** As on the command line: `5m`. */
  readonly readyTimeout: string;
  readonly results: string;
  readonly json?: boolean;
  readonly port?: number;
}

/** `loadtest run`: gives the exit code of the verdict. */
export async function runCommand(options: RunCommandOptions): Promise<number> {
  if (options.local === true) return runLocally(options);
  return (await import("./run-in-cluster.js")).runInCluster(options);
}

async function runLocally(options: RunCommandOptions): Promise<number> {
  const command = readCommandSettings(options);
  requireWorkers(command.settings);
  if (options.demo === true && options.host !== undefined) {
    throw new UsageError("--demo starts a target of its own: leave out --host, or leave out --demo");
  }
  const plan = planOf(command.settings, options.abortAfter);
  const progress = await progressOf(plan);
  const signals = listenToSignals((signal) => progress.say(`${signal}: ending the run and keeping what was measured…`));
  try {
    for (const warning of command.warnings) progress.warning(warning);
    const { script } = command.settings;
    const folder = await createResultsFolder({ base: resolve(options.results), script, now: new Date() });
    const { record, outcome } = await executeRun({
      setup: localSetup(command, plan),
      folder,
      progress,
      signals,
      open: () =>
        openLocal({
          command,
          demo: options.demo === true,
          logs: folder.logs,
          port: options.port,
          progress: (text) => progress.say(text),
          signal: signals.interrupt,
          kill: signals.kill,
        }),
      checkTargets,
    });
    process.stdout.write(options.json === true ? toJson(record) : toTable(record, outcome, folder));
    return record.exitCode;
  } finally {
    signals.dispose();
  }
}

/** The record for programs. */
export function toJson(record: FinishedRecord): string {
  return `${JSON.stringify(record, undefined, 2)}\n`;
}

/** The record for people. */
export function toTable(record: FinishedRecord, outcome: RunOutcome, folder: ResultsFolder): string {
  const colour = process.stdout.isTTY === true;
  return `${resultTable(record, outcome.rows, { colour, folder: relative(".", folder.path) })}\n`;
}

/** Every user class needs a target that answers. */
async function checkTargets(status: LocustStatus): Promise<void> {
  requireTargets(status, ", or --demo");
  const hosts = Object.values(status.hosts).flatMap((host) => host ?? []);
  for (const host of new Set(hosts)) await requireReachable(host);
}

/** @param more further ways to say a target */
export function requireTargets(status: LocustStatus, more = ""): void {
  const without = Object.entries(status.hosts).filter(([, host]) => host === null);
  if (without.length === 0) return;
  throw new UsageError(
    `nothing says what ${without.map(([name]) => name).join(", ")} should load: --host URL, targetHost in the stack's ` +
      `config, ${more === "" ? "or " : ""}host in the script${more}`,
  );
}
