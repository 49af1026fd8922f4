import { join, resolve } from "node:path";
import type { LocustSettings } from "../../settings/locust";
import type { RunPlan } from "../engine/plan";
import { UsageError } from "../errors";
import { startDemo } from "../places/local/demo";
import { ensureEnvironment } from "../places/local/environment";
import { startLocal } from "../places/local/local";
import type { OpenOptions } from "../places/place";
import type { RunCommandOptions } from "./options";
import type { Opened } from "./record-run";
import type { CommandSettings } from "./settings";
import type { TestSetup } from "./setup";

/** Refuses what means nothing on this machine, or says two targets. */
export function checkLocalOptions({ maxCost, demo, host }: Pick<RunCommandOptions, "maxCost" | "demo" | "host">): void {
  if (maxCost !== undefined) throw new UsageError("--max-cost is for runs on AWS: with --local a run costs nothing");
  if (demo === true && host !== undefined) {
    throw new UsageError("--demo starts a target of its own: leave out --host, or leave out --demo");
  }
}

/** `logs`: folder for the output of all processes. */
type OpenLocal = OpenOptions & { command: CommandSettings; demo: boolean; logs: string; port?: number | undefined };

/** Installs Locust where it is missing, starts the demo target if asked, then master and workers. */
export async function openLocal({ command, demo: wantsDemo, logs, port, ...options }: OpenLocal): Promise<Opened> {
  const python = await ensureEnvironment({
    directory: cacheDirectory(command),
    requirements: command.requirements,
    // Some 20 MB that nobody else needs.
    packages: command.settings.otelEndpoint === undefined ? [] : ["locust[otel]"],
    constraints: command.constraints,
    progress: options.progress,
    signal: options.signal,
  });
  const demo = wantsDemo ? await startDemo(logs) : undefined;
  try {
    const target = demo?.url ?? command.settings.targetHost;
    // The engine starts the run, so the master must not start it by itself.
    const settings: LocustSettings = {
      ...{ ...command.settings, targetHost: target, autostart: false },
      ...(demo && { allowedHosts: undefined }),
    };
    const { plugin, script } = command;
    const session = await startLocal({ ...options, settings, python, plugin, script, logs, webPort: port });
    return {
      session,
      target,
      async close() {
        const warnings = await session.close();
        await demo?.close();
        return warnings;
      },
    };
  } catch (error) {
    await demo?.close();
    throw error;
  }
}

/** What a run on this machine is made of. */
export function localSetup({ settings, stack }: CommandSettings, plan: RunPlan): TestSetup {
  const { secretEnvironment, ...plain } = settings;
  return {
    place: "local",
    stack,
    script: settings.script,
    plan,
    settings: { ...plain, secretEnvironment: Object.keys(secretEnvironment) },
  };
}

/** Where environments are kept: `.loadtest` in the project, or the folder that LOADTEST_CACHE names. */
function cacheDirectory({ projectDirectory }: CommandSettings): string {
  return resolve(process.env.LOADTEST_CACHE || join(projectDirectory, ".loadtest"));
}
