/** Where a busy worker's time goes, as py-spy sees it: a local Locust against the demo target, both on 127.0.0.1. */
import { execFile, execFileSync, spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { promisify } from "node:util";
import { startDemoTarget } from "../../runner/demo/target";
import { scriptText } from "../../settings/locust";
import type { UserClass } from "./configurations";
import { sharesOf } from "./stacks";

/** What was sampled of one class of users. */
export interface Profile {
  readonly round: number;
  readonly userClass: UserClass;
  /** Samples that were taken of a worker that was at work. */
  readonly samples: number;
  /** Where the time goes → share of all, 0 to 1. */
  readonly shares: Readonly<Record<string, number>>;
}

const root = join(__dirname, "..", "..");
export const profileSeconds = 10;

/** The sampler that PY_SPY names, or the one on the PATH; undefined where there is none. */
export function findPySpy(): string | undefined {
  const program = process.env.PY_SPY ?? "py-spy";
  try {
    execFileSync(program, ["--version"], { stdio: "ignore" });
    return program;
  } catch {
    return undefined;
  }
}

export async function measureProfile(
  pySpy: string,
  python: string,
  userClass: UserClass,
  round: number,
): Promise<Profile> {
  const target = await startDemoTarget({ port: 0 });
  const folder = mkdtempSync(join(tmpdir(), "loadtest-profile-"));
  const script = join(__dirname, "python", "bench_local.py");
  const locust = spawn(
    python,
    [
      "-P",
      join(root, "locust/plugin/loadtest/__main__.py"),
      "--headless",
      "--users",
      "20",
      "--spawn-rate",
      "20",
    ].concat([
      ...["--run-time", `${profileSeconds + 8}s`, "--host", target.url, "--only-summary", "--exit-code-on-error", "0"],
    ]),
    {
      stdio: "ignore",
      env: { ...process.env, BENCH_USER: userClass, LOADTEST_SCRIPT: scriptText({ script, scriptArguments: {} }) },
    },
  );
  try {
    await pause(4000);
    const stacks = join(folder, "stacks");
    const args = ["record", "--pid", String(locust.pid), "--duration", String(profileSeconds), "--rate", "200"];
    // The target is in this process, and must go on.
    await promisify(execFile)(pySpy, [...args, "--format", "raw", "--full-filenames", "--output", stacks], {
      timeout: 60_000,
    });
    const { samples, shares } = sharesOf(readFileSync(stacks, "utf8"));
    return { round, userClass, samples, shares };
  } finally {
    locust.kill("SIGKILL");
    await target.close();
    rmSync(folder, { recursive: true });
  }
}
