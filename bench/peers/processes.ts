/** Processes that are held to one core, what they use of it, and their folders. */
import { type ChildProcess, type SpawnOptions, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** Cores by number: what makes the load has one, the target the other. What only watches is on either. */
export const cores = { load: 0, target: 1 };

/** Of a process: seconds of CPU since its start, and bytes of memory that it has now. */
export interface Used {
  readonly cpu: number;
  readonly memory: number;
}

const living = new Set<ChildProcess>();
const folders = new Set<string>();
// Whatever ends this process, none of them goes on making load, and nothing is left.
process.once("exit", () => {
  for (const child of living) child.kill("SIGKILL");
  for (const folder of folders) removeFolder(folder);
});

export function makeFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "loadtest-peers-"));
  folders.add(folder);
  return folder;
}

export function removeFolder(folder: string): void {
  rmSync(folder, { recursive: true, force: true });
  folders.delete(folder);
}

/** Its process id is the program's own: taskset becomes it. */
export function spawnOn(core: number, program: string, args: readonly string[], options: SpawnOptions): ChildProcess {
  const child = spawn("taskset", ["-c", String(core), program, ...args], options);
  living.add(child);
  child.once("exit", () => living.delete(child));
  return child;
}

export function isRunning({ exitCode, signalCode }: ChildProcess): boolean {
  return exitCode === null && signalCode === null;
}

/** Asks it to end, and ends it where it does not within `grace` ms. */
export async function endProcess(
  child: ChildProcess,
  grace: number,
  signal: NodeJS.Signals = "SIGTERM",
): Promise<void> {
  if (!isRunning(child)) return;
  const ended = once(child, "exit");
  child.kill(signal);
  const timer = setTimeout(() => child.kill("SIGKILL"), grace);
  await ended;
  clearTimeout(timer);
}

/** Nothing of a process that is gone. */
export function usedBy(pid: number): Used {
  try {
    return parseUsed(readFileSync(`/proc/${pid}/stat`, "utf8"));
  } catch {
    return { cpu: 0, memory: 0 };
  }
}

/** Seconds of CPU that all processes of the machine have used, or that its host has kept from it. */
export function machineCpu(): number {
  return parseMachine(readFileSync("/proc/stat", "utf8"));
}

/** Exported for its tests. */
export function parseMachine(stat: string): number {
  const [user = 0, nice = 0, system = 0, , , irq = 0, softirq = 0, steal = 0] = (/^cpu +(.*)$/m.exec(stat)?.[1] ?? "")
    .split(" ")
    .map(Number);
  return (user + nice + system + irq + softirq + steal) / ticks;
}

/** Linux counts in hundredths of a second, and in pages of 4 KiB. */
const [ticks, page] = [100, 4096];

/** Exported for its tests. */
export function parseUsed(stat: string): Used {
  // The name, in brackets, may have blanks; the third field comes behind it.
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  const field = (number: number) => Number(fields[number - 3]);
  return { cpu: (field(14) + field(15)) / ticks, memory: field(24) * page };
}
