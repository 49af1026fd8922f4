import { resolve } from "node:path";
import { createResultsFolder } from "../../results/folder";
import { checkLocalOptions, localSetup, openLocal } from "../local";
import type { RunCommandOptions } from "../options";
import { executeRun } from "../record-run";
import { readCommandSettings } from "../settings";
import { baselineOf, planOf, requireLocalTargets, requireSettledLoad, requireWorkers } from "../setup";
import { listenToSignals } from "../signals";
import { progressOf } from "../terminal/progress";
import { showRun } from "./report";

/** `loadtest run`: gives the exit code of the verdict. */
export async function runCommand(options: RunCommandOptions): Promise<number> {
  if (options.local === true) return runLocally(options);
  return (await import("./in-cluster/run.js")).runInCluster(options);
}

async function runLocally(options: RunCommandOptions): Promise<number> {
  checkLocalOptions(options);
  // The demo target is this product's own.
  const read = readCommandSettings(options.demo === true ? { ...options, allowedHosts: undefined } : options);
  requireWorkers(read.settings);
  const plan = planOf(read.settings, options);
  // A search may begin with fewer than the stack has.
  const command = { ...read, settings: { ...read.settings, workerReplicas: plan.workers } };
  const compare = await baselineOf(options);
  const progress = await progressOf(plan);
  const signals = listenToSignals((signal) => progress.say(`${signal}: ending the run and saving what was measured…`));
  try {
    for (const warning of command.warnings) progress.warning(warning);
    const { script, allowedHosts } = command.settings;
    const folder = await createResultsFolder({ base: resolve(options.results), script, now: new Date() });
    const saved = await executeRun({
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
      checkTargets(status) {
        requireSettledLoad(status, options);
        return requireLocalTargets(status, options.demo === true ? undefined : allowedHosts);
      },
      timing: { prepare: options.readyTimeout * 1000 },
      compare,
    });
    await showRun(saved, options);
    return saved.record.exitCode;
  } finally {
    signals.dispose();
  }
}
