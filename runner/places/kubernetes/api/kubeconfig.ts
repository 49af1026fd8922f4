import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { homedir } from "node:os";
import { delimiter, dirname, join, resolve } from "node:path";
import type { Cluster, Context, KubeConfig } from "@kubernetes/client-node";
import { codeOf, UsageError } from "../../../errors";

/** Which kubeconfig is meant; the one that kubectl would take where nothing is set. */
export interface KubeconfigSource {
  /** The text itself. It may hold credentials, so no message repeats any of it but names. */
  readonly kubeconfig?: string;
  readonly kubeconfigFile?: string;
}

export type Kube = typeof import("@kubernetes/client-node");

/** Where a pod finds who it is. */
const podToken = "/var/run/secrets/kubernetes.io/serviceaccount/token";

/**
 * Reads a kubeconfig as kubectl does: KUBECONFIG may name several files, of which those that exist count, and the
 * first that has a name decides what it means. Rejects with a UsageError of one line.
 */
export async function loadKubeconfig(
  kube: Kube,
  { kubeconfig, kubeconfigFile }: KubeconfigSource,
  env: NodeJS.ProcessEnv = process.env,
): Promise<KubeConfig> {
  if (kubeconfig !== undefined) return parse(kube, kubeconfig, "the cluster's kubeconfig");
  if (kubeconfigFile !== undefined) return readOne(kube, resolve(kubeconfigFile));
  const listed = (env.KUBECONFIG ?? "").split(delimiter).filter((file) => file !== "");
  if (listed.length > 0) {
    const files = listed.filter((file) => existsSync(file));
    if (files.length === 0) throw new UsageError(`KUBECONFIG names ${listed.join(" and ")}, which does not exist`);
    return merge(kube, await Promise.all(files.map((file) => readOne(kube, resolve(file)))));
  }
  const usual = join(env.HOME || homedir(), ".kube", "config");
  if (existsSync(usual)) return readOne(kube, usual);
  if (env.KUBERNETES_SERVICE_HOST && existsSync(podToken)) {
    const own = new kube.KubeConfig();
    own.loadFromCluster();
    return own;
  }
  throw new UsageError(
    `there is no kubeconfig: neither KUBECONFIG nor ${usual}. For EKS, aws eks update-kubeconfig --name CLUSTER writes it`,
  );
}

/** Makes a context the current one, and checks that what it names is there. */
export function selectContext(kubeConfig: KubeConfig, wanted?: string): { context: Context; cluster: Cluster } {
  const names = kubeConfig.getContexts().map(({ name }) => name);
  const there = names.length === 0 ? "it has none" : `it has ${names.join(", ")}`;
  const name = wanted ?? kubeConfig.getCurrentContext();
  if (!name) throw new UsageError(`the kubeconfig has no current context: choose one with --context (${there})`);
  const context = kubeConfig.getContextObject(name);
  if (context === null) throw new UsageError(`the kubeconfig has no context ${name}: ${there}`);
  kubeConfig.setCurrentContext(name);
  const cluster = kubeConfig.getCluster(context.cluster);
  if (cluster === null) {
    throw new UsageError(`context ${name} is for cluster ${context.cluster}, which the kubeconfig does not have`);
  }
  if (!/^https?:/.test(cluster.server) || !URL.canParse(cluster.server)) {
    throw new UsageError(`the server of cluster ${context.cluster} in the kubeconfig is not an https address`);
  }
  if (context.user !== undefined && kubeConfig.getUser(context.user) === null) {
    throw new UsageError(
      `context ${name} is for user ${context.user}, which the kubeconfig does not have, or without a token file to read`,
    );
  }
  return { context, cluster };
}

async function readOne(kube: Kube, file: string): Promise<KubeConfig> {
  const text = await readFile(file, "utf8").catch((error: unknown) => {
    const why = codeOf(error) === "ENOENT" ? "does not exist" : `cannot be read (${codeOf(error)})`;
    throw new UsageError(`the kubeconfig ${file} ${why}`, { cause: error });
  });
  const kubeConfig = parse(kube, text, `the kubeconfig ${file}`);
  const folder = dirname(file);
  kubeConfig.makePathsAbsolute(folder);
  // A program with a path is meant from the file as well; one without is looked for on the PATH.
  for (const { exec } of kubeConfig.getUsers()) {
    if (/[/\\]/.test(exec?.command ?? "")) exec.command = resolve(folder, exec.command);
  }
  return kubeConfig;
}

function parse(kube: Kube, text: string, name: string): KubeConfig {
  const kubeConfig = new kube.KubeConfig();
  try {
    // A broken entry matters when it is used, and then it is missing.
    kubeConfig.loadFromString(text, { onInvalidEntry: "filter" });
  } catch (error) {
    // The error itself quotes the text.
    const line = (error as { mark?: { line?: number } }).mark?.line;
    const what = line === undefined ? "is not a kubeconfig" : `is not YAML: line ${line + 1}`;
    throw new UsageError(`${name} ${what}`);
  }
  return kubeConfig;
}

function merge(kube: Kube, [first, ...others]: readonly KubeConfig[]): KubeConfig {
  const merged = first ?? new kube.KubeConfig();
  for (const other of others) {
    merged.clusters = firstOfEach([...merged.clusters, ...other.clusters]);
    merged.users = firstOfEach([...merged.users, ...other.users]);
    merged.contexts = firstOfEach([...merged.contexts, ...other.contexts]);
    merged.currentContext ||= other.currentContext;
  }
  return merged;
}

function firstOfEach<T extends { readonly name: string }>(all: readonly T[]): T[] {
  return [...new Map(all.toReversed().map((one) => [one.name, one])).values()].toReversed();
}
