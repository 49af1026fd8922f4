import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { poll } from "./poll";

/** Whether a kubeconfig is set and its cluster answers. */
export function hasCluster(): boolean {
  if (process.env.KUBECONFIG === undefined) return false;
  return spawnSync("kubectl", ["version", "--request-timeout=5s"], { timeout: 10_000 }).status === 0;
}

/** Runs kubectl in a namespace; gives what it printed. */
export function kubectl(namespace: string, args: readonly string[], input?: string): string {
  const options = { encoding: "utf8", timeout: 60_000, ...(input === undefined ? {} : { input }) } as const;
  const { status, stdout, stderr } = spawnSync("kubectl", ["--namespace", namespace, ...args], options);
  if (status !== 0) throw new Error(`kubectl ${args.join(" ")} ended with ${status}: ${stderr}`);
  return stdout.trim();
}

/** Makes objects as they are given, in a namespace if they belong in one. */
export function apply(namespace: string, ...items: readonly object[]): void {
  kubectl(namespace, ["apply", "--filename", "-"], JSON.stringify({ apiVersion: "v1", kind: "List", items }));
}

/** Has a namespace deleted, if there is one; does not wait for it to be gone. */
export function deleteNamespace(name: string): void {
  kubectl(name, ["delete", "namespace", name, "--ignore-not-found", "--wait=false"]);
}

/** A Pod, as far as tests look at it. */
export interface Pod {
  readonly metadata: { readonly name: string; readonly uid: string; readonly deletionTimestamp?: string };
  readonly status: {
    readonly podIP?: string;
    readonly conditions?: readonly { readonly type: string; readonly status: string }[];
  };
}

/** The pods of a part of Locust, without those that are on their way out. */
export function podsOf(namespace: string, part: "control" | "worker"): Pod[] {
  return livePods(namespace, `app.kubernetes.io/component=${part}`);
}

/** The pods that a selector takes, all if it is empty, without those that are on their way out. */
export function livePods(namespace: string, selector = ""): Pod[] {
  const { items } = JSON.parse(kubectl(namespace, ["get", "pods", "--selector", selector, "--output", "json"]));
  return (items as Pod[]).filter(({ metadata }) => metadata.deletionTimestamp === undefined);
}

export function isReady({ status }: Pod): boolean {
  return status.conditions?.some(({ type, status }) => type === "Ready" && status === "True") ?? false;
}

/** Does something with a port of a Service on this machine, through `kubectl port-forward`. */
export async function withPort<T>(
  namespace: string,
  service: string,
  port: number,
  work: (url: string) => Promise<T>,
): Promise<T> {
  const args = ["--namespace", namespace, "port-forward", `service/${service}`, `:${port}`];
  const forward = spawn("kubectl", args, { stdio: ["ignore", "pipe", "pipe"] });
  try {
    return await work(`http://127.0.0.1:${await localPort(forward)}`);
  } finally {
    forward.kill();
  }
}

async function localPort(forward: ChildProcess): Promise<number> {
  const ended = once(forward, "exit").then(() => undefined);
  if (forward.stdout === null) throw new Error("kubectl port-forward has no output");
  const line = await Promise.race([once(createInterface(forward.stdout), "line"), ended]);
  const port = /127\.0\.0\.1:(\d+)/.exec(String(line?.[0]))?.[1];
  if (port === undefined) throw new Error("kubectl port-forward ended before it forwarded");
  return Number(port);
}

/** Waits until something is true; looks every quarter of a second. */
export async function until(what: string, check: () => boolean | Promise<boolean>, seconds = 40): Promise<void> {
  await poll(check, { limit: seconds * 1000, every: 250, problem: () => `${what}: not after ${seconds} s` });
}
