/** A worker that is measured: users in, numbers out. */
import { webPort } from "../../components/locust/pod";
import type { BenchNamespace } from "./bench-namespace";
import { type Configuration, processesOf } from "./configurations";
import { loadPod, targetUrls } from "./pods";
import { type RawWindow, toWindow, type Window } from "./window";

/** What is measured: users that ask again at once, or that wait 1 to 3 seconds. */
export interface Order {
  readonly userClass: "BusyUser" | "CalmUser";
  readonly users: number;
  /** Users a second. */
  readonly spawnRate: number;
  /** Seconds that they may take to be there. Defaults to 60. */
  readonly patience?: number;
  /** Seconds from the last user's start to the measurement. */
  readonly settle: number;
  /** Requests that are enough, where `least` seconds have passed; after `most` seconds fewer are too. */
  readonly samples: number;
  readonly least: number;
  readonly most: number;
}

/** @throws {OutOfMemory} where the worker needed more memory than it has; the next order finds a new one */
export type Load = (order: Order) => Promise<Window>;

/** So many users need more memory than the worker has. */
export class OutOfMemory extends Error {}

/**
 * Handshakes a second that leave a core about half of its time for requests: one takes it 3 ms, and 35 ms where each
 * user makes a TLS context of its own, as Locust's do without the plugin.
 */
export const handshakes = { plugin: 200, bare: 12 };

/**
 * Users a second. With TLS they come no faster than the CPU connects them: a worker whose users all connect at once reports
 * nothing for minutes.
 */
export function spawnRateOf({ cpu, tls, variant }: Configuration, users: number): number {
  if (tls) return cpu * (variant === "bare" ? handshakes.bare : handshakes.plugin);
  return Math.max(30, Math.round(users / 4));
}

/** Starts a worker with its master, and ends both after the work. */
export async function withLoad<T>(
  namespace: BenchNamespace,
  configuration: Configuration,
  work: (load: Load) => Promise<T>,
): Promise<T> {
  const urls = targetUrls(namespace.targetIp);
  const pod = loadPod(configuration, namespace.targetIp, namespace.token);
  return namespace.withPod(pod, [webPort], ([url = ""]) => {
    let restarts = 0;
    return work(async (order) => {
      const host = configuration.tls ? urls.tls : urls.plain;
      const whole = { patience: 60, ...order, host, target: urls.usage, workers: processesOf(configuration) };
      const response = await fetch(`${url}/bench/window`, {
        method: "POST",
        headers: { authorization: `Bearer ${namespace.token}` },
        body: new URLSearchParams({ order: JSON.stringify(whole) }),
      });
      const text = await response.text();
      if (!response.ok) throw new Error(`the master answers ${response.status}: ${text.slice(0, 500)}`);
      const answer = JSON.parse(text) as RawWindow | { readonly lost: true };
      if (!("lost" in answer)) return toWindow(order.users, answer);
      // Kubernetes waits longer each time, 5 minutes at most.
      await namespace.ready(pod.name, 330);
      const end = namespace.latestEnd(pod.name, "worker");
      if (end.restarts === restarts) throw new Error("the worker says nothing any more");
      restarts = end.restarts;
      if (end.reason === "OOMKilled")
        throw new OutOfMemory(`${order.users} users need more memory than the worker has`);
      throw new Error(`the worker has ended: ${end.reason}`);
    });
  });
}
