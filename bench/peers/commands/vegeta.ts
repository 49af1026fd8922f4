/** vegeta: workers that ask again at once, or requests at a fixed rate: as many as paced users would make. */
import { execFile } from "node:child_process";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { secondsARequest } from "../../cluster/window";
import { waitSeconds } from "../target";
import type { Said } from "../window";
import { type CommandTool, pathOf } from "./command";

/** Connections for each request that is under way at a time: without a limit, it opens thousands at its start. */
const spare = 4;

export const vegeta: CommandTool = {
  async prepare({ order, host, certificate, folder }, { vegeta: program }) {
    const targets = join(folder, "targets");
    await writeFile(targets, `GET ${host}${pathOf(order)}\n`);
    const load = order.kind === "busy" ? busy(order.users) : calm(order.users);
    const trust = certificate === undefined ? [] : ["-root-certs", certificate];
    const files = ["-targets", targets, "-output", join(folder, "results")];
    return { program, args: ["attack", ...load, ...trust, ...files, "-duration", "1h"] };
  },
  // It then writes what it has.
  end: () => "SIGINT",
  async read({ settle, folder }, _, { vegeta: program }) {
    const args = ["encode", "-to", "csv", join(folder, "results")];
    const { stdout } = await promisify(execFile)(program, args, { maxBuffer: 2 ** 30 });
    return parseVegeta(stdout, settle);
  },
};

const busy = (users: number) => ["-rate", "0", "-workers", String(users), "-max-workers", String(users)];

function calm(users: number): string[] {
  const rate = users / secondsARequest;
  const connections = Math.max(10, Math.ceil(rate * waitSeconds * spare));
  return ["-rate", `${Math.round(rate * 10)}/10s`, "-max-connections", String(connections)];
}

/**
 * p99 of vegeta's own times, without the first seconds, in which it makes its connections. Exported for its tests.
 *
 * @param csv lines of: time in ns, status, latency in ns, …
 */
export function parseVegeta(csv: string, settle: number): Said {
  const all = csv
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => {
      const [at, status, latency] = line.split(",", 3);
      return { at: Number(at) / 1e9, status, ms: Number(latency) / 1e6 };
    });
  const first = all.reduce((least, { at }) => Math.min(least, at), Number.POSITIVE_INFINITY);
  const settled = all.filter(({ at }) => at >= first + settle);
  const times = settled.map(({ ms }) => ms).sort((a, b) => a - b);
  const p99 = times[Math.ceil(times.length * 0.99) - 1];
  if (p99 === undefined) throw new Error("vegeta has made no requests");
  return { p99, failures: settled.filter(({ status }) => status !== "200").length };
}
