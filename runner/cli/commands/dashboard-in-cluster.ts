import { randomBytes } from "node:crypto";
import type { Endpoint } from "../../engine/client";
import { pause } from "../../engine/timing";
import { UsageError } from "../../errors";
import { clusterTiming, type MasterLink } from "../../places/kubernetes/master";
import type { Session } from "../../places/place";
import { exitCodes } from "../../types";
import { hasCommand, lockOf, matching } from "../cluster/claim";
import { clusterSetup } from "../cluster/setup";
import { type ClusterContext, withMaster } from "../cluster/with-master";
import type { DashboardOptions } from "../command-options";
import { showPage, usualPort } from "../page";
import { keepPageRuns } from "../page-runs";

/** How long a key that is not renewed lets somebody in, and how often it is renewed; in seconds. */
const keyLife = 60;
const renewal = 10;

/** `loadtest dashboard`: Locust's page in the cluster, on a port of this machine, until Ctrl-C. */
export async function dashboardInCluster(options: DashboardOptions): Promise<number> {
  for (const name of ["demo", "script", "users", "spawnRate", "runTime", "workers"] as const) {
    if (options[name] !== undefined)
      throw new UsageError(`--${dashed(name)} needs --local here: the page asks for the load`);
  }
  return withMaster({ ...options, port: options.port ?? usualPort }, "closing the page; the test stays", (context) =>
    serve(context, options),
  );
}

async function serve(context: ClusterContext, options: DashboardOptions): Promise<number> {
  const { test, link, progress, signals } = context;
  const { host, threshold } = options;
  const setup = await clusterSetup(test, {
    ...(host === undefined ? {} : { host }),
    ...(threshold === undefined ? {} : { threshold }),
  });
  const page = { ...setup, plan: { ...setup.plan, runTime: undefined } };
  await link.status(signals.interrupt);
  const key = randomBytes(24).toString("base64url");
  const renewed = renew(link, key, signals.interrupt);
  await renewed.first;
  // The token stays in the cluster: the key in this address is worthless when the command has ended.
  await showPage({ url: link.endpoint.url, token: key }, options.open, progress);
  while (!signals.interrupt.aborted) {
    const watch = await link.watch().catch(() => undefined);
    if (watch === undefined) {
      await pause(1000, signals.interrupt);
      continue;
    }
    await keepPageRuns({
      session: sessionOf(link.endpoint, page.plan.workers, watch.lost),
      setup: page,
      results: options.results,
      progress,
      signals,
      leave: true,
      isOurs: async (status) => {
        const found = await lockOf(test).catch(() => undefined);
        return !hasCommand(found) && matching(found?.note, status) === undefined;
      },
    });
    watch.stop();
    if (!signals.interrupt.aborted) progress.say("Locust's master was replaced; the page comes back with the new one.");
  }
  await renewed.end();
  return exitCodes.passed;
}

function sessionOf(endpoint: Endpoint, workers: number, masterLost: AbortSignal): Session {
  const startFailed = new AbortController().signal;
  return { endpoint, workers, masterLost, startFailed, timing: clusterTiming, close: () => Promise.resolve() };
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
