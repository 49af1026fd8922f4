import type { V1Pod } from "@kubernetes/client-node";
import { type Endpoint, LocustClient, LocustRefused } from "../../engine/client";
import { pause, type Timing } from "../../engine/timing";
import { messageOf, RunnerError, UsageError } from "../../errors";
import { exitCodes, type LocustStatus } from "../../types";
import { lastWords } from "../explain";
import { type Cluster, ClusterRefused } from "./api/cluster";
import type { DeployedTest } from "./deployed/deployed";
import { type Forward, openForward } from "./port-forward/forward";
import {
  hasEnded,
  isLeaving,
  isReady,
  locustStatus,
  NoLoadTest,
  nameOf,
  readRollout,
  readWorkload,
  type Workload,
} from "./rollout/pods";
import { podProblems } from "./rollout/problems";

/** Between two looks at the master's pod, in ms. */
const watchInterval = 2000;
/** How long the master may take to answer once its pod is ready, in ms. */
const answerLimit = 30_000;

/**
 * An API server that restarts is away for half a minute; the master is not lost by that, and its pod is watched. Workers
 * whose master was killed look for it for a minute before their containers start anew, and are ready pods meanwhile.
 */
export const clusterTiming: Partial<Timing> = {
  ready: 180_000,
  silence: 120_000,
  drain: 120_000,
  farewell: 3000,
  start: 15_000,
};

export interface MasterOptions {
  readonly cluster: Cluster;
  readonly deployed: DeployedTest;
  /** Name of the master's Deployment. */
  readonly control: string;
  readonly webPort: number;
  /** Port on this machine; a free one where undefined. */
  readonly listenPort?: number | undefined;
}

/** A look at the pod of a master. */
export interface MasterWatch {
  /** Aborted, with an Error that says how, when the master in it has ended. */
  readonly lost: AbortSignal;
  stop(): void;
}

/** The connection to the master of a test in a cluster, through a port on this machine that outlives the master's pod. */
export class MasterLink {
  readonly client: LocustClient;
  private readonly closed = new AbortController();

  private constructor(
    private readonly options: MasterOptions,
    readonly endpoint: Endpoint,
    private readonly forward: Forward,
    /** Why the latest connection to the pod failed: the client only sees a reset. */
    private readonly way: { broken: Error | undefined },
  ) {
    this.client = new LocustClient(endpoint, 10_000);
  }

  /** Opens the port; the master need not be there yet. */
  static async open(options: MasterOptions): Promise<MasterLink> {
    const { cluster, deployed, control, webPort, listenPort } = options;
    const token = await readToken(cluster, deployed);
    const way: { broken: Error | undefined } = { broken: undefined };
    const forward = await openForward({
      cluster,
      port: webPort,
      listenPort,
      async target() {
        const pod = masterIn(await readWorkload(cluster, control));
        if (pod === undefined) throw new RunnerError("it has no pod now");
        return nameOf(pod);
      },
      onBroken(error) {
        way.broken = error;
      },
    });
    return new MasterLink(options, { url: forward.url, token }, forward, way);
  }

  /**
   * Waits for an answer of the master, which is there or about to be. Rejects at once where it, or the API server, says
   * no; else with the reason why there was none.
   */
  async status(signal: AbortSignal, limit = answerLimit): Promise<LocustStatus> {
    const deadline = performance.now() + limit;
    for (;;) {
      this.way.broken = undefined;
      try {
        return await this.client.status(signal);
      } catch (error) {
        if (signal.aborted) throw new RunnerError("interrupted", exitCodes.aborted);
        if (error instanceof LocustRefused) {
          const text = `${error.message} (was the test deployed by another version? pulumi up makes it anew)`;
          throw new RunnerError(text, undefined, { cause: error });
        }
        const why = this.way.broken ?? error;
        if (performance.now() > deadline || isForbidden(why)) throw await this.unanswered(why);
        await pause(200, signal);
      }
    }
  }

  /** Why there is no answer: what keeps its pod from being ready says more than the port that nobody listens on. */
  private async unanswered(cause: unknown): Promise<RunnerError> {
    const { cluster, control } = this.options;
    const look = async () => {
      const rollout = await readRollout(cluster, await readWorkload(cluster, control));
      return podProblems(rollout).find(({ pods }) => pods.length > 0);
    };
    const problem = isForbidden(cause) ? undefined : await look().catch(() => undefined);
    const text = `Locust's master does not answer: ${problem?.text ?? messageOf(cause)}`;
    return problem?.kind === "script" ? new UsageError(text) : new RunnerError(text, undefined, { cause });
  }

  /** Watches the pod that the master is in now, until the link is closed; rejects where there is none. */
  async watch(interval = watchInterval): Promise<MasterWatch> {
    const lost = new AbortController();
    const stopped = new AbortController();
    const over = AbortSignal.any([stopped.signal, this.closed.signal]);
    const look = () => readWorkload(this.options.cluster, this.options.control);
    const first = await look();
    if (masterIn(first) === undefined) throw new RunnerError("Locust's master has no pod now");
    void (async () => {
      while (!over.aborted && !lost.signal.aborted) {
        await pause(interval, over);
        const end = await look().then(
          (now) => endOf(first, now),
          // No answer of the API server says nothing of the master.
          (error: unknown) => (error instanceof NoLoadTest ? deploymentGone : undefined),
        );
        if (end !== undefined && !over.aborted) lost.abort(new Error(end));
      }
    })();
    return { lost: lost.signal, stop: () => stopped.abort() };
  }

  async close(): Promise<void> {
    this.closed.abort();
    await this.forward.close();
  }
}

/** The pod that the master is in, or is about to be in. */
function masterIn({ deployment, pods }: Workload): V1Pod | undefined {
  // Its pods go with it.
  if (isLeaving(deployment)) return undefined;
  return pods.find(isReady) ?? pods.find((pod) => !isLeaving(pod) && !hasEnded(pod));
}

const deploymentGone = "its Deployment was deleted, or replaced by pulumi up";

/** How the master has ended since the first look; undefined where its pod and its container are the same. */
function endOf(first: Workload, now: Workload): string | undefined {
  const replaced = now.deployment.metadata?.uid !== first.deployment.metadata?.uid;
  if (replaced || isLeaving(now.deployment)) return deploymentGone;
  const [before, after] = [masterIn(first) ?? {}, masterIn(now) ?? {}];
  const process = (pod: V1Pod) => `${pod.metadata?.uid} ${locustStatus(pod)?.restartCount ?? 0}`;
  if (process(before) === process(after)) return undefined;
  const container = locustStatus(after);
  const end = container?.lastState?.terminated ?? container?.state?.terminated;
  if (end === undefined) return `its pod ${nameOf(before)} is gone`;
  const words = lastWords(end.message ?? "");
  const said = words === undefined ? "" : `: ${words.text}`;
  return `its container ended: ${end.reason ?? "Error"}, exit code ${end.exitCode}${said}`;
}

/** Trying again does not help then. */
function isForbidden(error: unknown): boolean {
  return error instanceof ClusterRefused && (error.status === 401 || error.status === 403);
}

async function readToken(cluster: Cluster, { tokenSecret }: DeployedTest): Promise<string> {
  const { namespace } = cluster;
  const { name, key } = tokenSecret;
  const read = () => cluster.core.readNamespacedSecret({ namespace, name });
  const secret = await cluster.find(`read Secret ${name}`, read);
  const value = secret?.data?.[key];
  if (value === undefined)
    throw new RunnerError(`Secret ${name} in namespace ${namespace} has no ${key}: run pulumi up`);
  return Buffer.from(value, "base64").toString("utf8");
}
