import { randomUUID } from "node:crypto";
import { readdirSync, readFileSync, readlinkSync } from "node:fs";
import { type Probe, poll } from "./poll";

/** Every process inherits it from the command that a test starts; names that begin like ours are taken out. */
export const markerName = "TEST_OF_COMMAND";

export function newMarker(): string {
  return randomUUID();
}

/** A living process. */
export interface Found {
  readonly pid: number;
  /** Its command line. */
  readonly args: readonly string[];
  /** The environment that it was started with. */
  readonly env: Readonly<Record<string, string>>;
}

export type Role = "master" | "worker" | "demo target" | "other";

/** The living processes that carry a marker, without `except`. */
export function processesOf(marker: string, except?: number): Found[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name) && Number(name) !== except)
    .flatMap((name) => {
      const env = Object.fromEntries(list(`/proc/${name}/environ`).map(pair));
      // A zombie has no environment any more.
      return env[markerName] === marker ? [{ pid: Number(name), args: list(`/proc/${name}/cmdline`), env }] : [];
    });
}

export function roleOf({ args }: Found): Role {
  if (args.includes("--master")) return "master";
  if (args.includes("--worker")) return "worker";
  return args.some((text) => text.endsWith("demo/main.js")) ? "demo target" : "other";
}

/** Those of a role, of which there must be as many as asked. */
export function requireRole(found: readonly Found[], role: Role, count: number): Found[] {
  const some = found.filter((one) => roleOf(one) === role);
  if (some.length !== count) throw new Error(`${some.length} processes are ${role}, not ${count}:\n${show(found)}`);
  return some;
}

/** Waits until no process carries the marker; fails with those that are left. */
export async function waitUntilNone(marker: string, limit: number): Promise<void> {
  const deadline = performance.now() + limit;
  for (;;) {
    const left = processesOf(marker);
    if (left.length === 0) return;
    if (performance.now() > deadline) throw new Error(`still alive after ${limit} ms:\n${show(left)}`);
    await sleep(50);
  }
}

/** Kills what carries the marker, by process id. */
export function killAll(marker: string): void {
  for (const { pid } of processesOf(marker)) {
    try {
      process.kill(pid, "SIGKILL");
    } catch {
      // It has ended meanwhile.
    }
  }
}

/** The addresses that a process listens on: `127.0.0.1:8089`. */
export function listeningOn(pid: number): string[] {
  const sockets = new Set(
    readdirSync(`/proc/${pid}/fd`).flatMap((name) => {
      const match = /^socket:\[(\d+)\]$/.exec(linkOf(`/proc/${pid}/fd/${name}`));
      return match?.[1] === undefined ? [] : [match[1]];
    }),
  );
  return ["tcp", "tcp6"].flatMap((table) =>
    text(`/proc/${pid}/net/${table}`)
      .split("\n")
      .slice(1)
      .flatMap((line) => {
        const [, local = "", , state, , , , , , inode = ""] = line.trim().split(/\s+/);
        return state === listening && sockets.has(inode) ? [addressOf(local)] : [];
      }),
  );
}

export function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/** Polls until `probe` gives something. */
export async function until<T>(probe: Probe<T>, limit = 30_000): Promise<T> {
  return poll(probe, { limit, every: 25, problem: () => `waited in vain for ${limit} ms: ${probe}` });
}

/** The kernel's number for LISTEN. */
const listening = "0A";

/** `0100007F:1F99` is 127.0.0.1:8089: the address in the machine's order, four bytes at a time. */
function addressOf(hex: string): string {
  const [address = "", port = ""] = hex.split(":");
  const bytes = (address.match(/.{8}/g) ?? []).flatMap((word) => (word.match(/../g) ?? []).reverse());
  const name =
    bytes.length === 4 ? bytes.map((byte) => Number.parseInt(byte, 16)).join(".") : `[${bytes.join("").toLowerCase()}]`;
  return `${name}:${Number.parseInt(port, 16)}`;
}

function show(found: readonly Found[]): string {
  return found.map(({ pid, args }) => `  ${pid} ${args.join(" ")}`).join("\n");
}

function pair(entry: string): [string, string] {
  const at = entry.indexOf("=");
  return [entry.slice(0, at), entry.slice(at + 1)];
}

function list(path: string): string[] {
  return text(path)
    .split("\0")
    .filter((part) => part !== "");
}

/** Empty for a process that has ended, or is somebody else's. */
function text(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}

function linkOf(path: string): string {
  try {
    return readlinkSync(path);
  } catch {
    return "";
  }
}
