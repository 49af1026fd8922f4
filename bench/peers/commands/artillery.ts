/** Artillery: virtual users that ask in a loop, at once or with a time to think. */
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Said } from "../window";
import { type CommandTool, pathOf } from "./command";

/** Seconds in which users arrive. */
const arriving = 2;
/** What is asked for from when all users are there, for about as long as the window and a little more. */
const measured = "/wait/measured";
const think = { think: "{{ $randomNumber(1000, 3000) }}ms" };

export const artillery: CommandTool = {
  async prepare({ order, host, certificate, settle, span, folder }, { artillery: [program, script] }) {
    const { kind, users } = order;
    const get = (url: string) => ({ get: { url } });
    const loop = (steps: readonly object[], count: number) => ({ loop: steps, count });
    // A pass takes two seconds; some users are done sooner than others.
    const [first, second] = [Math.ceil(settle / 2), Math.ceil(span / 2) + 1];
    const flow =
      kind === "busy"
        ? [loop([get(pathOf(order))], 1e9)]
        : [loop([get(pathOf(order)), think], first), loop([get(measured), think], second)];
    const test = {
      config: { target: host, phases: [{ duration: kind === "busy" ? 1 : arriving, arrivalCount: users }] },
      scenarios: [{ flow }],
    };
    const file = join(folder, "test.json");
    await writeFile(file, JSON.stringify(test));
    const trust = certificate === undefined ? {} : { NODE_EXTRA_CA_CERTS: certificate };
    return {
      ...{ program, args: [script, "run", file, "--output", join(folder, "report.json")] },
      env: { ...trust, ARTILLERY_DISABLE_TELEMETRY: "true" },
    };
  },
  // It says nothing before its users are done, and those that ask again at once never are.
  end: ({ kind }) => (kind === "busy" ? "SIGKILL" : undefined),
  async read({ order, folder }) {
    return order.kind === "busy" ? undefined : parseArtillery(await readFile(join(folder, "report.json"), "utf8"));
  },
};

interface Report {
  readonly aggregate: {
    readonly counters: Readonly<Record<string, number>>;
    readonly summaries: Readonly<Record<string, { readonly p99: number }>>;
  };
}

/** Artillery's own p99 of what was asked for when all users were there, and all that went wrong. Exported for its tests. */
export function parseArtillery(report: string): Said {
  const { counters, summaries } = (JSON.parse(report) as Report).aggregate;
  const p99 = summaries[`plugins.metrics-by-endpoint.response_time.${measured}`]?.p99;
  if (p99 === undefined) throw new Error("Artillery's users did not come to what is measured");
  const bad = Object.entries(counters).filter(
    ([name]) => name.startsWith("errors.") || name === "vusers.failed" || /^http\.codes\.(?!200)/.test(name),
  );
  return { p99, failures: bad.reduce((sum, [, count]) => sum + count, 0) };
}
