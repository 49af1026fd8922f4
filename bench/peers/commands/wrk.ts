/** wrk: connections that ask again at once, or after what a function in Lua says. */
import { join } from "node:path";
import type { Said } from "../window";
import { type CommandTool, pathOf } from "./command";

const script = join(__dirname, "..", "scripts", "pace.lua");

export const wrk: CommandTool = {
  async prepare({ order, host }, { wrk: program, libraries }) {
    const paced = order.kind === "calm" ? ["--script", script] : [];
    const load = ["--threads", "1", "--connections", String(order.users), "--duration", "1h"];
    const args = [...load, "--timeout", "30s", "--latency", ...paced, `${host}${pathOf(order)}`];
    return { program, args, env: { LD_LIBRARY_PATH: libraries } };
  },
  // It then says what it has done.
  end: () => "SIGINT",
  async read(_, output) {
    return parseWrk(output);
  },
};

const units: Readonly<Record<string, number>> = { us: 0.001, ms: 1, s: 1000, m: 60_000 };

/** wrk's own p99 of the whole run, and all that went wrong. Exported for its tests. */
export function parseWrk(output: string): Said {
  const [, value, unit = ""] = /^ +99%\s+([\d.]+)(us|ms|s|m)$/m.exec(output) ?? [];
  if (value === undefined) throw new Error(`wrk says no p99: ${output}`);
  const errors = /Socket errors: connect (\d+), read (\d+), write (\d+), timeout (\d+)/.exec(output)?.slice(1) ?? [];
  const answers = /Non-2xx or 3xx responses: (\d+)/.exec(output)?.slice(1) ?? [];
  const failures = [...errors, ...answers].reduce((sum, count) => sum + Number(count), 0);
  return { p99: Number(value) * (units[unit] ?? Number.NaN), failures };
}
