import { randomBytes } from "node:crypto";
import { relative } from "node:path";
import { pause } from "../../../engine/timing";
import { RunnerError, UsageError } from "../../../errors";
import type { MasterLink } from "../../../places/kubernetes/master";
import { exitCodes, type LocustStatus } from "../../../types";
import { clusterSetup } from "../../deployed-test/cluster-setup";
import { hasCommand, leaseOf } from "../../deployed-test/leftovers";
import { matching } from "../../deployed-test/master-run";
import { judgeNat } from "../../deployed-test/nat";
import { type ClusterContext, reopened, withMaster } from "../../deployed-test/open";
import { type SaveOptions, saveLatestRun } from "../../deployed-test/save";
import type { DashboardOptions } from "../../options";
import { printRun, type SavedRun } from "../../output";
import { requireLocal } from "../../settings";
import { showWebUi, usualPort, watchWebUiRuns, webUiRunText } from "../../web-ui";

/** How long a key that is not renewed lets somebody in, and how often it is renewed; in seconds. */
const keyLife = 60;
const renewal = 10;

/** `loadtest dashboard`: Locust's web UI in the cluster, on a port of this machine, until Ctrl-C. */
export async function dashboardInCluster(options: DashboardOptions): Promise<number> {
  requireLocal(options);
  const ofLoad = ["users", "spawnRate", "runTime", "arrivalRate", "arrivalSpacing", "workers"] as const;
  for (const name of [...(["demo", "script", "scriptArg", "httpClient", "host"] as const), ...ofLoad]) {
    if (options[name] !== undefined)
      throw new UsageError(`--${dashed(name)} needs --local here: the web UI asks for the load`);
  }
  return withMaster({ ...options, port: options.port ?? usualPort }, "closing the web UI; the test stays", (context) =>
    serve(context, options),
  );
}

async function serve(context: ClusterContext, options: DashboardOptions): Promise<number> {
  const { test, link, progress, signals } = context;
  const { threshold } = options;
  const { plan } = await clusterSetup(test, threshold === undefined ? {} : { threshold });
  await link.status(signals.interrupt);
  const key = randomBytes(24).toString("base64url");
  const renewed = renew(link, key, signals.interrupt);
  await renewed.first;
  // The token stays in the cluster: the key in this address is worthless when the command has ended.
  await showWebUi({ url: link.endpoint.url, token: key }, options.open, progress);
  const looks: Promise<void>[] = [];
  while (!signals.interrupt.aborted) {
    const watch = await link.watch().catch(() => undefined);
    if (watch === undefined) {
      await pause(1000, signals.interrupt);
      continue;
    }
    const save = async (seen: LocustStatus) => {
      const saved = await saveWebUiRun(seen, context, { results: options.results, thresholds: plan.thresholds });
      // Beside the next run: CloudWatch takes its minutes.
      if (saved !== undefined) looks.push(tellNat(saved, context));
    };
    await watchWebUiRuns(link.client, save, signals.interrupt, watch.lost);
    watch.stop();
    if (!signals.interrupt.aborted)
      progress.say("Locust's master was replaced; the web UI comes back with the new one.");
  }
  await Promise.all([renewed.end(), ...looks]);
  return exitCodes.passed;
}

/** Says what the NAT gateways change of a run that is saved and shown. */
export async function tellNat(saved: SavedRun, context: ClusterContext): Promise<void> {
  const { progress } = context;
  const { record, folder } = await judgeNat(saved, context);
  for (const warning of record.warnings) if (!saved.record.warnings.includes(warning)) progress.warning(warning);
  if (record.verdict === saved.record.verdict) return;
  progress.say(`${relative(".", folder.path)} is ${record.verdict} now: ${record.reasons[0]}`);
}

/**
 * Saves and judges a run of the web UI, unless another command does; after an interrupt it goes on without. Undefined
 * where it is not saved.
 */
export async function saveWebUiRun(
  seen: LocustStatus,
  context: ClusterContext,
  options: Pick<SaveOptions, "results" | "thresholds">,
): Promise<SavedRun | undefined> {
  const { progress } = context;
  try {
    // Workers may have been scaled since the web UI was opened.
    const test = await reopened(context.test);
    const found = await leaseOf(test);
    if (matching(found?.info, seen) !== undefined || (await hasCommand(context, found))) return undefined;
    progress.say(webUiRunText(seen));
    const saved = await saveLatestRun({ ...context, ...options, test, seen, info: undefined });
    if (saved === undefined) progress.say("The run goes on; loadtest report saves its results.");
    else printRun(saved);
    return saved;
  } catch (error) {
    if (!(error instanceof RunnerError)) throw error;
    // The master has them all, and the web UI is still of use.
    progress.warning(`the run's results are not saved, until loadtest report does: ${error.message}`);
    return undefined;
  }
}

/** Lets a key in for as long as this command lives, also at the master that comes next. */
function renew({ client }: MasterLink, key: string, signal: AbortSignal) {
  const ended = new AbortController();
  const first = client.admit(key, keyLife, signal);
  void (async () => {
    while (!ended.signal.aborted) {
      await pause(renewal * 1000, ended.signal);
      if (!ended.signal.aborted) await client.admit(key, keyLife).catch(() => undefined);
    }
  })();
  return {
    first,
    async end() {
      ended.abort();
      await client.admit(key, 0).catch(() => undefined);
    },
  };
}

function dashed(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}
