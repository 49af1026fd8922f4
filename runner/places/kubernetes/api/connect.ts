import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { BlockList, isIP } from "node:net";
import { homedir } from "node:os";
import { delimiter, dirname, join, resolve } from "node:path";
import type * as Kube from "@kubernetes/client-node";
import { codeOf, UsageError } from "../../../errors";
import { Cluster } from "./cluster";
import { useExecPlugin } from "./credentials";
import { explainFailure, unreadableFile } from "./failures";

/** Where a load test is: in the kubeconfig that kubectl would take, and its current context, unless told. */
export interface ConnectOptions {
  /** The text itself. It may hold credentials, so no message repeats any of it but names. */
  readonly kubeconfig?: string;
  readonly kubeconfigFile?: string;
  readonly context?: string;
  readonly namespace: string;
}

/** The token of a pod's service account, where this program runs in one. */
const podToken = "/var/run/secrets/kubernetes.io/serviceaccount/token";

/**
 * Finds the cluster and gets credentials for it; no call is made yet. Rejects with a UsageError where the kubeconfig is
 * not as it must be, and with a RunnerError where the program that it names gives no credentials.
 */
export async function connectCluster(options: ConnectOptions, env: NodeJS.ProcessEnv = process.env): Promise<Cluster> {
  // It takes half a second to load, which a command without a cluster need not wait for.
  const kube = await import("@kubernetes/client-node");
  const kubeConfig = await loadKubeconfig(kube, options, env);
  const { context, server, user } = selectContext(kubeConfig, options.context);
  const plain = server.server.startsWith("http:");
  // The client knows a proxy of the kubeconfig, but not those of the environment, and refuses to do without TLS.
  const proxyUrl = server.proxyUrl ?? proxyFor(server.server, env);
  Object.assign(server, proxyUrl === undefined ? {} : { proxyUrl }, plain ? { skipTLSVerify: true } : {});
  if (plain || user === null) {
    // It heeds the cluster's certificate only where there is a user, and, unlike kubectl, sends credentials without TLS.
    kubeConfig.users = [{ name: "nobody" }];
    Object.assign(context, { user: "nobody" });
  } else useExecPlugin(kubeConfig, user, env);
  const cluster = new Cluster(kube, kubeConfig, options.namespace);
  try {
    await kubeConfig.applyToHTTPSOptions({});
  } catch (error) {
    const file = unreadableFile(error);
    if (file === undefined) throw explainFailure(error, `use the credentials of context ${cluster.context}`, cluster);
    throw new UsageError(`the kubeconfig names ${file}, which cannot be read`, { cause: error });
  }
  return cluster;
}

/**
 * Reads a kubeconfig as kubectl does: KUBECONFIG may name several files, of which those that exist count, and the
 * first that has a name decides what it means. Rejects with a UsageError of one line.
 */
async function loadKubeconfig(
  kube: typeof Kube,
  { kubeconfig, kubeconfigFile }: ConnectOptions,
  env: NodeJS.ProcessEnv,
): Promise<Kube.KubeConfig> {
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
function selectContext(kubeConfig: Kube.KubeConfig, wanted?: string) {
  const names = kubeConfig.getContexts().map(({ name }) => name);
  const there = names.length === 0 ? "it has none" : `it has ${names.join(", ")}`;
  const name = wanted ?? kubeConfig.getCurrentContext();
  if (!name) throw new UsageError(`the kubeconfig has no current context: choose one with --context (${there})`);
  const context = kubeConfig.getContextObject(name);
  if (context === null) throw new UsageError(`the kubeconfig has no context ${name}: ${there}`);
  kubeConfig.setCurrentContext(name);
  const server = kubeConfig.getCluster(context.cluster);
  if (server === null) {
    throw new UsageError(`context ${name} is for cluster ${context.cluster}, which the kubeconfig does not have`);
  }
  if (!/^https?:/.test(server.server) || !URL.canParse(server.server)) {
    throw new UsageError(`the server of cluster ${context.cluster} in the kubeconfig is not an https address`);
  }
  const user = kubeConfig.getCurrentUser();
  if (context.user !== undefined && user === null) {
    throw new UsageError(
      `context ${name} is for user ${context.user}, which the kubeconfig does not have, or without a token file to read`,
    );
  }
  return { context, server, user };
}

async function readOne(kube: typeof Kube, file: string): Promise<Kube.KubeConfig> {
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

function parse(kube: typeof Kube, text: string, name: string): Kube.KubeConfig {
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

function merge(kube: typeof Kube, configs: readonly Kube.KubeConfig[]): Kube.KubeConfig {
  const merged = new kube.KubeConfig();
  merged.clusters = firstOfEach(configs.flatMap(({ clusters }) => clusters));
  merged.users = firstOfEach(configs.flatMap(({ users }) => users));
  merged.contexts = firstOfEach(configs.flatMap(({ contexts }) => contexts));
  merged.currentContext = configs.find(({ currentContext }) => currentContext)?.currentContext ?? "";
  return merged;
}

function firstOfEach<T extends { readonly name: string }>(all: readonly T[]): T[] {
  return [...new Map(all.toReversed().map((one) => [one.name, one])).values()].toReversed();
}

/**
 * The proxy that an API server is reached through, by the variables that kubectl heeds: HTTPS_PROXY or HTTP_PROXY,
 * and NO_PROXY with names, addresses, networks and `*`. Undefined where there is none, and for this machine itself.
 */
export function proxyFor(server: string, env: NodeJS.ProcessEnv): string | undefined {
  const url = new URL(server);
  const host = url.hostname.replace(/^\[|\]$/g, "");
  const variable = url.protocol === "http:" ? "HTTP_PROXY" : "HTTPS_PROXY";
  const proxy = env[variable] || env[variable.toLowerCase()];
  if (!proxy || isThisMachine(host)) return undefined;
  const port = url.port || (url.protocol === "http:" ? "80" : "443");
  const exceptions = (env.NO_PROXY || env.no_proxy || "").split(",").map((text) => text.trim().toLowerCase());
  if (exceptions.some((exception) => exception !== "" && covers(exception, host, port))) return undefined;
  return proxy.includes("://") ? proxy : `http://${proxy}`;
}

function isThisMachine(host: string): boolean {
  return host === "localhost" || host === "::1" || (isIP(host) === 4 && host.startsWith("127."));
}

function covers(exception: string, host: string, port: string): boolean {
  if (exception === "*") return true;
  if (exception.includes("/")) return isIn(exception, host);
  const [, name = exception, onlyPort] =
    /^(.*?)(?::(\d+))?$/.exec(isIP(exception) === 6 ? `[${exception}]` : exception) ?? [];
  if (onlyPort !== undefined && onlyPort !== port) return false;
  const plain = name.replace(/^\[|\]$/g, "").replace(/^\*\./, ".");
  // ".example.com" is for the names below it, "example.com" for itself too.
  return plain.startsWith(".") ? host.endsWith(plain) : host === plain || host.endsWith(`.${plain}`);
}

function isIn(network: string, host: string): boolean {
  const [address = "", prefix] = network.split("/");
  const family = isIP(address) === 6 ? "ipv6" : "ipv4";
  const list = new BlockList();
  try {
    list.addSubnet(address, Number(prefix), family);
    return list.check(host, family);
  } catch {
    // The one is no network, or the other no address of its kind.
    return false;
  }
}
