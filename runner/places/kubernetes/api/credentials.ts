import { execFile } from "node:child_process";
import type { RequestOptions } from "node:https";
import { promisify } from "node:util";
import type { KubeConfig, User } from "@kubernetes/client-node";
import { z } from "zod";
import { codeOf, RunnerError } from "../../../errors";
import { oneLine } from "./failures";

const run = promisify(execFile);

/** How long a program may take to give credentials, in ms: some ask a service for them. */
const pluginLimit = 30_000;
/** Credentials are got anew this long before they expire, in ms. */
const freshness = 10_000;
/** How long credentials are kept that say nothing of their end, in ms. */
const unknownLife = 60_000;

/** The `exec` block of a kubeconfig's user: a program that prints credentials, such as `aws eks get-token`. */
const pluginSchema = z.object({
  command: z.string().min(1),
  apiVersion: z.string().default("client.authentication.k8s.io/v1"),
  args: z.array(z.string()).nullish(),
  env: z.array(z.object({ name: z.string(), value: z.string() })).nullish(),
});

/** What such a program prints. */
const credentialSchema = z.object({
  token: z.string().optional(),
  clientCertificateData: z.string().optional(),
  clientKeyData: z.string().optional(),
  expirationTimestamp: z.string().nullish(),
});

type Credential = z.infer<typeof credentialSchema>;

/**
 * Has the user's `exec` program run by us. The client would run it itself, but without a time limit, once for each of
 * the calls that begin together, and with errors that are not told apart from those of the API server.
 */
export function useExecPlugin(kubeConfig: KubeConfig, user: User, env: NodeJS.ProcessEnv): void {
  if (!user.exec) return;
  const { data: plugin } = pluginSchema.safeParse(user.exec);
  if (plugin === undefined) {
    throw new RunnerError(`the exec block of the kubeconfig's user ${user.name} cannot be understood`);
  }
  Object.assign(user, { exec: undefined, authProvider: undefined });
  const credential = cached(() => runPlugin(plugin, env));
  kubeConfig.addAuthenticator({
    // The client asks only where none of its own ways fits.
    isAuthProvider: () => true,
    async applyAuthentication(_user: User, options: RequestOptions) {
      const { token, clientCertificateData, clientKeyData } = await credential();
      if (clientCertificateData !== undefined) options.cert = clientCertificateData;
      if (clientKeyData !== undefined) options.key = clientKeyData;
      if (token !== undefined) options.headers = { ...options.headers, Authorization: `Bearer ${token}` };
    },
  });
}

/** Gets credentials anew when they expire, once for all that ask meanwhile. */
function cached(get: () => Promise<Credential>): () => Promise<Credential> {
  let latest: Credential | undefined;
  let until = 0;
  let running: Promise<Credential> | undefined;
  return async () => {
    if (latest !== undefined && Date.now() < until) return latest;
    running ??= get().finally(() => {
      running = undefined;
    });
    latest = await running;
    const { expirationTimestamp } = latest;
    until = expirationTimestamp ? Date.parse(expirationTimestamp) - freshness : Date.now() + unknownLife;
    return latest;
  };
}

async function runPlugin(plugin: z.infer<typeof pluginSchema>, base: NodeJS.ProcessEnv): Promise<Credential> {
  const { command, args, apiVersion } = plugin;
  const info = { apiVersion, kind: "ExecCredential", spec: { interactive: false } };
  const added = Object.fromEntries((plugin.env ?? []).map(({ name, value }) => [name, value]));
  const env = { ...base, ...added, KUBERNETES_EXEC_INFO: JSON.stringify(info) };
  const process = run(command, args ?? [], { env, timeout: pluginLimit, killSignal: "SIGKILL", maxBuffer: 1 << 20 });
  // It must not wait for what nobody types.
  process.child.stdin?.on("error", () => undefined).end();
  const { stdout } = await process.catch((error: unknown) => {
    throw new RunnerError(explainPlugin(error, command), undefined, { cause: error });
  });
  return parseCredential(stdout, command);
}

function parseCredential(output: string, command: string): Credential {
  try {
    const credential = credentialSchema.parse(JSON.parse(output).status);
    if (credential.token !== undefined || credential.clientCertificateData !== undefined) return credential;
  } catch {
    // Nothing of the output is told: it may be a token that is only in the wrong form.
  }
  throw new RunnerError(`${command}, which the cluster's kubeconfig needs, printed no credentials`);
}

function explainPlugin(error: unknown, command: string): string {
  const { killed, stderr = "", code } = error as { killed?: boolean; stderr?: string; code?: unknown };
  if (codeOf(error) === "ENOENT") {
    return `${command} is not installed or not on the PATH; the cluster's kubeconfig needs it`;
  }
  const who = `${command}, which the cluster's kubeconfig needs,`;
  if (codeOf(error) === "EACCES") return `${who} is not a program that may be run`;
  if (killed === true) return `${who} gave no credentials within ${pluginLimit / 1000} s`;
  const line = stderr.split("\n").findLast((text) => text.trim() !== "");
  return `${who} failed${line === undefined ? ` with exit code ${code}` : `: ${oneLine(line)}`}`;
}
