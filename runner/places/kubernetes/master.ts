import type { V1Pod } from "@kubernetes/client-node";
import { type Endpoint, LocustClient, LocustRefused } from "../../engine/client";
import { pause, type Timing } from "../../engine/timing";
import { messageOf, RunnerError } from "../../errors";
import { exitCodes, type LocustStatus } from "../../types";
import type { Cluster } from "./cluster";
import type { DeployedTest } from "./deployed";
import { type Forward, openForward } from "./forward";
import { hasEnded, isReady, locustStatus, nameOf, readWorkload } from "./pods";

/** Between two looks at the master's pod, in ms. */
const watchInterval = 2000;
/** How long the master may take to answer once its pod is ready, in ms. */
const answerLimit = 30_000;

/** An API server that restarts is away for half a minute; the master is not lost by that, and its pod is watched. */
export const clusterTiming: Partial<Timing> = { silence: 120_000, drain: 120_000, farewell: 3000, start: 15_000 };

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

/** The way to the master of a test in a cluster, through a port on this machine that outlives the master's pod. */
export class MasterLink {
  readonly client: LocustClient;

  private constructor(
    private readonly options: MasterOptions,
    readonly endpoint: Endpoint,
    private readonly forward: Forward,
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
      if (pod === undefined) throw noMaster();
      return nameOf(pod);
    };
    const forward = await openForward({
      cluster,
      port: webPort,
      target,
      ...(listenPort === undefined ? {} : { listenPort }),
    });
    return new MasterLink(options, { url: forward.url, token }, forward);
  }

  /** Waits for an answer of the master, which is there or about to be. */
  async status(signal: AbortSignal, limit = answerLimit): Promise<LocustStatus> {
    const deadline = performance.now() + limit;
    for (;;) {
      try {
        return await this.client.status(signal);
      } catch (error) {
        if (signal.aborted) throw new RunnerError("interrupted", exitCodes.aborted);
        if (error instanceof LocustRefused) throw new RunnerError(refusal(error.message), undefined, { cause: error });
        if (performance.now() > deadline) {
          throw new RunnerError(`Locust's master does not answer: ${messageOf(error)}`, undefined, { cause: error });
        }
        await pause(200, signal);
      }
    }
  }

  /** Watches the pod that the master is in now; rejects where there is none. */
  async watch(interval = watchInterval): Promise<MasterWatch> {
    const lost = new AbortController();
    const ended = new AbortController();
    const first = await this.identity();
    if (first.id === "") throw noMaster();
    void (async () => {
      while (!ended.signal.aborted) {
        await pause(interval, ended.signal);
        // No answer of the API server says nothing of the master.
        const now = await this.identity().catch(() => undefined);
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

  /** The master's process: its pod, and how often its container was started there. */
  private async identity(): Promise<{ id: string; pod: string; how: string }> {
    const { pods } = await readWorkload(this.options.cluster, this.options.control);
    const pod = masterIn(pods);
    if (pod === undefined) return { id: "", pod: "", how: "" };
    const container = locustStatus(pod);
    const end = container?.lastState?.terminated ?? container?.state?.terminated;
    const how = end === undefined ? "" : `its container ended: ${end.reason ?? "Error"}, exit code ${end.exitCode}`;
    return { id: `${pod.metadata?.uid} ${container?.restartCount ?? 0}`, pod: nameOf(pod), how };
  }
}

/** The pod that the master is in, or is about to be in. */
function masterIn(pods: readonly V1Pod[]): V1Pod | undefined {
  return pods.find(isReady) ?? pods.find((pod) => pod.metadata?.deletionTimestamp === undefined && !hasEnded(pod));
}

function noMaster(): RunnerError {
  return new RunnerError("Locust's master has no pod now");
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
