/** What the master needs with many workers, and somebody who watches the run as `loadtest run` does. */
import { setTimeout as pause } from "node:timers/promises";
import { webPort } from "../../components/locust/pod";
import { LocustClient } from "../../runner/engine/client";
import type { BenchNamespace } from "./bench-namespace";
import { masterPod, standInPort } from "./pods";
import type { Usage } from "./window";

/** What the master used in one round. */
export interface Master {
  readonly round: number;
  /** vCPU and MiB that it was held to. */
  readonly cpu: number;
  readonly memory: number;
  readonly steps: readonly MasterStep[];
}

export interface MasterStep {
  readonly workers: number;
  /** Cores used, and the share of scheduling periods in which the master was held at its limit. */
  readonly cpu: number;
  readonly throttled: number;
  /** Bytes. */
  readonly memory: number;
  /** How long the status took to be answered, in ms: median and longest. */
  readonly answer: { readonly median: number; readonly longest: number };
  /** Workers that the master took for missing. */
  readonly missing: number;
}

export const masterWorkers = [10, 50, 200, 500] as const;
const seconds = 12;

export async function measureMaster(
  namespace: BenchNamespace,
  { workers: counts, ...size }: { readonly cpu: number; readonly memory: number; readonly workers: readonly number[] },
  round: number,
): Promise<Master> {
  const pod = masterPod(size.cpu, size.memory, namespace.token);
  return namespace.withPod(pod, [webPort, standInPort], async ([url = "", standIns = ""]) => {
    const client = new LocustClient({ url, token: namespace.token }, 30_000);
    const steps: MasterStep[] = [];
    for (const workers of counts) {
      // Each worker that joined a run would have the master deal all users out again.
      if (steps.length > 0) await client.stop(60_000);
      await pause(2000);
      await (await fetch(`${standIns}/?count=${workers}`, { method: "POST" })).text();
      // All users at once, so that what is measured is no ramp.
      await client.swarm({ users: workers, spawnRate: workers });
      await pause(4000);
      steps.push({ workers, ...(await watch(client, url)) });
    }
    return { round, ...size, steps };
  });
}

async function watch(client: LocustClient, url: string): Promise<Omit<MasterStep, "workers">> {
  const usage = async () => (await (await fetch(`${url}/bench/usage`)).json()) as Usage;
  const before = await usage();
  const answers: number[] = [];
  for (let second = 0; second < seconds; second++) {
    const begun = performance.now();
    await client.status();
    answers.push(performance.now() - begun);
    if (second % 3 === 0) {
      for (const name of ["requests.csv", "failures.csv", "exceptions.csv"] as const) await client.csv(name);
    }
    await pause(Math.max(0, 1000 - (performance.now() - begun)));
  }
  const after = await usage();
  const { workers } = await client.status();
  const sorted = answers.sort((a, b) => a - b);
  const elapsed = after.at - before.at;
  return {
    cpu: Number(((after.cpu - before.cpu) / elapsed).toFixed(3)),
    throttled: Number(((after.throttled - before.throttled) / Math.max(1, after.periods - before.periods)).toFixed(3)),
    memory: after.memory,
    answer: { median: Math.round(sorted[Math.floor(sorted.length / 2)] ?? 0), longest: Math.round(sorted.at(-1) ?? 0) },
    missing: workers.filter(({ state }) => state === "missing").length,
  };
}
