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
  ...{ ready: 180_000, silence: 120_000, drain: 120_000 },
  ...{ farewell: 3000, start: 15_000 },
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

const deploymentGone = "its Deployment was deleted, or replaced by pulumi up";

/** A look at the pod of a master. */
export interface MasterWatch {
  /** Aborted, with an Error that says how, when the master in it has ended. */
  readonly lost: AbortSignal;
  stop(): void;
}

/** The way to the master of a test in a cluster, through a port on this machine that outlives the master's pod. */
export class MasterLink {
  readonly client: LocustClient;

  private constructor(
    private readonly options: MasterOptions,
    readonly endpoint: Endpoint,
    private readonly forward: Forward,
    /** Why the latest way into the pod that failed did; the client on this side only sees its connection reset. */
    private readonly way: { broken: Error | undefined },
  ) {
    this.client = new LocustClient(endpoint, 10_000);
  }

  /** Opens the way; the master need not be there yet. */
  static async open(options: MasterOptions): Promise<MasterLink> {
    const { cluster, deployed, control, webPort, listenPort } = options;
    const token = await readToken(cluster, deployed);
    const target = async () => {
      const { pods } = await readWorkload(cluster, control);
      const pod = masterIn(pods);
      if (pod === undefined) throw new RunnerError("it has no pod now");
      return nameOf(pod);
    };
    const way: { broken: Error | undefined } = { broken: undefined };
    const forward = await openForward({
      cluster,
      port: webPort,
      target,
      onBroken: (error) => {
        way.broken = error;
      },
      ...(listenPort === undefined ? {} : { listenPort }),
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
        if (error instanceof LocustRefused) throw new RunnerError(refusal(error.message), undefined, { cause: error });
        const why = this.way.broken ?? error;
        const over = performance.now() > deadline || isForbidden(why);
        if (over) throw await this.unanswered(why);
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
    const trouble = isForbidden(cause) ? undefined : await look().catch(() => undefined);
    const text = `Locust's master does not answer: ${trouble?.text ?? messageOf(cause)}`;
    return trouble?.kind === "script" ? new UsageError(text) : new RunnerError(text, undefined, { cause });
  }

  /** Watches the pod that the master is in now; rejects where there is none. */
  async watch(interval = watchInterval): Promise<MasterWatch> {
    const lost = new AbortController();
    const ended = new AbortController();
    const first = await this.identity();
    if (first.id === "") throw new RunnerError("Locust's master has no pod now");
    void (async () => {
      while (!ended.signal.aborted) {
        await pause(interval, ended.signal);
        const now = await this.identity(first.deployment).catch((error: unknown) =>
          // No answer of the API server says nothing of the master.
          error instanceof NoLoadTest ? { id: "", how: deploymentGone } : undefined,
        );
        if (now === undefined || now.id === first.id || ended.signal.aborted) continue;
        lost.abort(new Error(now.how === "" ? `its pod ${first.pod} is gone` : now.how));
        return;
      }
    })();
    return { lost: lost.signal, stop: () => ended.abort() };
  }

  async close(): Promise<void> {
    await this.forward.close();
  }

  /**
   * The master's process: its pod, and how often its container was started there.
   *
   * @param expected uid of its Deployment; with another one, it is another test
   */
  private async identity(expected?: string): Promise<{ id: string; how: string; pod: string; deployment?: string }> {
    const { deployment, pods } = await readWorkload(this.options.cluster, this.options.control);
    const { uid } = deployment.metadata ?? {};
    const of = uid === undefined ? {} : { deployment: uid };
    // Its pods go with it.
    const other = isLeaving(deployment) || (expected !== undefined && uid !== expected);
    if (other) return { id: "", how: deploymentGone, pod: "", ...of };
    const pod = masterIn(pods);
    if (pod === undefined) return { id: "", how: "", pod: "", ...of };
    const container = locustStatus(pod);
    const end = container?.lastState?.terminated ?? container?.state?.terminated;
    const words = lastWords(end?.message ?? "");
    const said = words === undefined ? "" : `: ${words.text}`;
    const how =
      end === undefined ? "" : `its container ended: ${end.reason ?? "Error"}, exit code ${end.exitCode}${said}`;
    return { id: `${pod.metadata?.uid} ${container?.restartCount ?? 0}`, how, pod: nameOf(pod), ...of };
  }
}

/** The pod that the master is in, or is about to be in. */
function masterIn(pods: readonly V1Pod[]): V1Pod | undefined {
  return pods.find(isReady) ?? pods.find((pod) => pod.metadata?.deletionTimestamp === undefined && !hasEnded(pod));
}

/** Waiting gives nobody a right. */
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

function refusal(message: string): string {
  return `${message} (was the test deployed by another version? pulumi up makes it anew)`;
}
