import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { z } from "zod";
import type { LoadTestOutput } from "../../../settings/deployed/outputs";
import { codeOf, messageOf, RunnerError, UsageError } from "../../errors";

const run = promisify(execFile);

/** How long Pulumi may take to read a state, which may be in a bucket far away; in ms. */
const patience = 60_000;

/** What the command line needs of a stack's outputs. */
export interface StackOutputs {
  /** The stack's name. */
  readonly stack: string;
  readonly loadtest: LoadTestOutput;
  /** The kubeconfig of the stack's own cluster, as text; a secret. */
  readonly kubeconfig?: string | undefined;
}

const text = z.string().min(1);

/** What of the output is relied on; what a newer program adds is left alone. */
const outputSchema = z.looseObject({
  version: z.literal(1),
  platform: z.enum(["eks-fargate", "existing"]),
  region: text.optional(),
  kubeContext: text.optional(),
  namespace: text,
  controlDeployment: text,
  workerDeployment: text,
  webPort: z.number(),
  script: text,
  scripts: z.array(text),
  load: z.looseObject({
    users: z.number(),
    spawnRate: z.number(),
    runTime: text,
    arrivalRate: text.optional(),
    arrivalSpacing: z.enum(["even", "poisson"]).optional(),
    targetHost: text.optional(),
    thresholds: z.array(text),
  }),
  nat: z.looseObject({ gateways: z.number(), addresses: z.number() }).optional(),
  natGatewayIds: z.array(text).optional(),
  natErrors: z.enum(["invalid", "warn"]).optional(),
  cost: z.looseObject({ region: text, fixedPerHour: z.number() }).optional(),
});

/**
 * Asks Pulumi for a stack's outputs, secrets included, as a kubeconfig is one.
 *
 * @param directory the project's folder
 * @param stack undefined: the one that is selected
 * @param limit how long Pulumi may take, in ms
 */
export async function readStackOutputs(
  directory: string,
  stack: string | undefined,
  limit = patience,
): Promise<StackOutputs> {
  const which = stack === undefined ? [] : ["--stack", stack];
  // Each takes most of a second to start.
  const [shown, json] = await Promise.all([
    stack ?? pulumi(directory, ["stack", "--show-name"], limit),
    pulumi(directory, ["stack", "output", "--json", "--show-secrets", ...which], limit),
  ]);
  const name = shown.trim();
  const outputs = parse(json, name);
  if (outputs.loadtest === undefined) {
    throw new UsageError(
      `stack ${name} has no load test yet: pulumi up --stack ${name}; a program of your own exports it: export const loadtest = locust.loadtest`,
    );
  }
  const loadtest = outputSchema.safeParse(outputs.loadtest);
  if (!loadtest.success) {
    const [issue] = loadtest.error.issues;
    throw new UsageError(
      `stack ${name} was deployed by another version (output ${["loadtest", ...(issue?.path ?? [])].join(".")}: ` +
        `${issue?.message}): ` +
        `pulumi up --stack ${name}`,
    );
  }
  const { kubeconfig } = outputs;
  return {
    stack: name,
    loadtest: loadtest.data as unknown as LoadTestOutput,
    kubeconfig: typeof kubeconfig === "string" || kubeconfig === undefined ? kubeconfig : JSON.stringify(kubeconfig),
  };
}

function parse(json: string, stack: string): Record<string, unknown> {
  let value: unknown;
  try {
    value = JSON.parse(json);
  } catch {
    // Without the text, which the error has too: it may hold secrets.
  }
  if (typeof value === "object" && value !== null) return value as Record<string, unknown>;
  throw new RunnerError(`Pulumi's outputs of stack ${stack} are not JSON`);
}

async function pulumi(directory: string, args: readonly string[], limit: number): Promise<string> {
  const env = { ...process.env, PULUMI_SKIP_UPDATE_CHECK: "true" };
  try {
    const options = { cwd: directory, env, timeout: limit, maxBuffer: 16 << 20 };
    return (await run("pulumi", [...args, "--non-interactive"], options)).stdout;
  } catch (error) {
    throw explain(error, limit);
  }
}

function explain(error: unknown, limit: number): RunnerError {
  if (codeOf(error) === "ENOENT") {
    return new UsageError("pulumi is not on the PATH; without it, say where: --context and --namespace, or --local");
  }
  const { stderr = "", killed = false, code } = error as { stderr?: string; killed?: boolean; code?: unknown };
  if (killed && typeof code !== "string") return new RunnerError(`Pulumi did not answer within ${limit / 1000} s`);
  const line = stderr
    .split("\n")
    .map((one) => one.replace(/^error:\s*/i, "").trim())
    .find((one) => one !== "" && !/^warning/i.test(one));
  if (/no stack selected|no current stack/i.test(stderr)) {
    return new UsageError("no stack is selected: --stack dev, or pulumi stack select dev");
  }
  if (/no stack named|passphrase/i.test(stderr)) return new UsageError(`Pulumi: ${line}`);
  // Node's own message of a failure has a line break at its end.
  return new RunnerError(`Pulumi: ${line ?? messageOf(error).trim()}`);
}
