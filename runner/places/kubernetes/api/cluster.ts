import { AsyncLocalStorage } from "node:async_hooks";
import type * as Kube from "@kubernetes/client-node";
import { never, pause } from "../../../engine/timing";
import { RunnerError } from "../../../errors";
import { exitCodes } from "../../../types";
import {
  CallTimeout,
  type ClusterFacts,
  ClusterRefused,
  ClusterUnreachable,
  explainFailure,
  isPassing,
} from "./failures";

export { ClusterRefused, ClusterUnreachable };

/** How long a call may take, in ms. */
const callLimit = 10_000;
/** How long one attempt of what is repeated may take, in ms: it may be several calls. */
const attemptLimit = 3 * callLimit;
/** Between two attempts, in ms: doubled from the first to the last. */
const firstPause = 250;
const longestPause = 2000;

/** How far a call may go. */
export interface CallOptions {
  /** ms; 10 s unless told. */
  readonly timeout?: number;
  readonly signal?: AbortSignal | undefined;
}

/** Some work with the cluster: a call of one of its APIs. The signal is for work beside those, which heed it anyway. */
export type Work<T> = (signal: AbortSignal) => Promise<T>;

/** A namespace of a cluster, and the ways to ask for what is in it. */
export class Cluster implements ClusterFacts {
  readonly context: string;
  readonly server: string;
  readonly apps: Kube.AppsV1Api;
  readonly core: Kube.CoreV1Api;
  readonly coordination: Kube.CoordinationV1Api;
  private readonly signals = new AsyncLocalStorage<AbortSignal>();

  /** `kubeConfig` has a current context, with a cluster. */
  constructor(
    kube: typeof Kube,
    readonly kubeConfig: Kube.KubeConfig,
    readonly namespace: string,
  ) {
    const server = kubeConfig.getCurrentCluster()?.server ?? "";
    this.context = kubeConfig.getCurrentContext();
    this.server = new URL(server).host;
    const plain = new kube.IsomorphicFetchHttpLibrary();
    const httpApi: Kube.HttpLibrary = {
      // The generated calls take no signal: what a timed-out call has begun would keep the process alive.
      send: (request) => {
        const signal = this.signals.getStore();
        if (signal !== undefined) request.setSignal(signal);
        return plain.send(request);
      },
    };
    const baseServer = new kube.ServerConfiguration(server, {});
    const configuration = kube.createConfiguration({ baseServer, httpApi, authMethods: { default: kubeConfig } });
    this.apps = new kube.AppsV1Api(configuration);
    this.core = new kube.CoreV1Api(configuration);
    this.coordination = new kube.CoordinationV1Api(configuration);
  }

  /**
   * Does some work with a time limit. Rejects with ClusterUnreachable where the API server did not answer, with
   * ClusterRefused where it said no, and with a RunnerError else. `what` reads on from "cannot": "list the pods".
   */
  async call<T>(what: string, work: Work<T>, { timeout = callLimit, signal }: CallOptions = {}): Promise<T> {
    const limit = new AbortController();
    const timer = setTimeout(() => limit.abort(new CallTimeout(timeout)), timeout);
    const interrupt = () => limit.abort(new RunnerError(`interrupted while trying to ${what}`, exitCodes.aborted));
    if (signal?.aborted === true) interrupt();
    signal?.addEventListener("abort", interrupt);
    // It also ends with the work that it is a part of.
    const outer = this.signals.getStore();
    const end = outer === undefined ? limit.signal : AbortSignal.any([limit.signal, outer]);
    try {
      end.throwIfAborted();
      const ended = new Promise<never>((_, reject) => {
        end.addEventListener("abort", () => reject(end.reason));
      });
      return await Promise.race([this.signals.run(end, () => work(end)), ended]);
    } catch (error) {
      throw explainFailure(end.aborted ? end.reason : error, what, this);
    } finally {
      clearTimeout(timer);
      signal?.removeEventListener("abort", interrupt);
    }
  }

  /** Like `call`, and undefined where there is no such object. */
  async find<T>(what: string, work: Work<T>, options?: CallOptions): Promise<T | undefined> {
    try {
      return await this.call(what, work, options);
    } catch (error) {
      if (error instanceof ClusterRefused && error.status === 404) return undefined;
      throw error;
    }
  }

  /**
   * Like `call`, for work that may be done again, also when it was done already: it is repeated while the API server
   * cannot be reached, is too busy (429) or fails itself (5xx), for as long as `for` says, in ms. Any other answer is
   * the end of it, be it a refusal.
   */
  async retry<T>(
    what: string,
    work: Work<T>,
    { for: limit, signal = never }: { readonly for: number; readonly signal?: AbortSignal | undefined },
  ): Promise<T> {
    const deadline = performance.now() + limit;
    for (let wait = firstPause; ; wait = Math.min(2 * wait, longestPause)) {
      try {
        return await this.call(what, work, { timeout: attemptLimit, signal });
      } catch (error) {
        if (!isPassing(error) || performance.now() + wait > deadline) throw error;
      }
      await pause(wait, signal);
    }
  }
}
