/** vegeta: workers that ask again at once, or requests at a fixed rate: as many as paced users would make. */
import { execFile } from "node:child_process";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { secondsARequest } from "../../cluster/window";
import type { Said } from "../window";
import { type CommandTool, pathOf } from "./command";

export const vegeta: CommandTool = {
  async prepare({ order, host, certificate, seconds, folder }, { vegeta: program }) {
    const targets = join(folder, "targets");
    await writeFile(targets, `GET ${host}${pathOf(order)}\n`);
    const { users } = order;
    const load =
      order.kind === "busy"
        ? ["-rate", "0", "-workers", String(users), "-max-workers", String(users)]
        : ["-rate", `${Math.round((users / secondsARequest) * 10)}/10s`];
    const trust = certificate === undefined ? [] : ["-root-certs", certificate];
    const files = ["-targets", targets, "-output", join(folder, "results")];
    return { program, args: ["attack", ...load, ...trust, ...files, "-duration", `${seconds + 0.5}s`] };
  },
  async read({ settle, folder }, _, { vegeta: program }) {
    const args = ["encode", "-to", "csv", join(folder, "results")];
    const { stdout } = await promisify(execFile)(program, args, { maxBuffer: 2 ** 30 });
    return parseVegeta(stdout, settle);
  },
};

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
