import { AsyncLocalStorage } from "node:async_hooks";
import type { AppsV1Api, CoordinationV1Api, CoreV1Api, HttpLibrary, KubeConfig } from "@kubernetes/client-node";
import { pause } from "../../../engine/timing";
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
import type { Kube } from "./kubeconfig";

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
  readonly apps: AppsV1Api;
  readonly core: CoreV1Api;
  readonly coordination: CoordinationV1Api;
  private readonly signals = new AsyncLocalStorage<AbortSignal>();

  /** `kubeConfig` has a current context, with a cluster. */
  constructor(
    kube: Kube,
    readonly kubeConfig: KubeConfig,
    readonly namespace: string,
  ) {
    const server = kubeConfig.getCurrentCluster()?.server ?? "";
    this.context = kubeConfig.getCurrentContext();
    this.server = new URL(server).host;
    const plain = new kube.IsomorphicFetchHttpLibrary();
    const httpApi: HttpLibrary = {
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
    const controller = new AbortController();
    const timer = setTimeout(() => controller.abort(new CallTimeout(timeout)), timeout);
    const release = [
      // The work that this call is a part of.
      onAbort(this.signals.getStore(), (reason) => controller.abort(reason)),
      onAbort(signal, () => controller.abort(interrupted(what))),
    ];
    try {
      controller.signal.throwIfAborted();
      const cut = new Promise<never>((_, reject) => {
        controller.signal.addEventListener("abort", () => reject(controller.signal.reason), { once: true });
      });
      return await Promise.race([this.signals.run(controller.signal, () => work(controller.signal)), cut]);
    } catch (error) {
      throw explainFailure(controller.signal.aborted ? controller.signal.reason : error, what, this);
    } finally {
      clearTimeout(timer);
      for (const one of release) one();
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
    options: { readonly for: number; readonly signal?: AbortSignal | undefined },
  ): Promise<T> {
    const { signal } = options;
    const deadline = performance.now() + options.for;
    for (let wait = firstPause; ; wait = Math.min(2 * wait, longestPause)) {
      try {
        return await this.call(what, work, { timeout: attemptLimit, signal });
      } catch (error) {
        if (!isPassing(error) || performance.now() + wait > deadline) throw error;
      }
      await pause(wait, ...(signal === undefined ? [] : [signal]));
    }
  }
}

/** Has something done when a signal is aborted, or at once where it is; the function that comes back undoes it. */
function onAbort(signal: AbortSignal | undefined, listener: (reason: unknown) => void): () => void {
  if (signal === undefined) return () => undefined;
  const heard = () => listener(signal.reason);
  if (signal.aborted) heard();
  else signal.addEventListener("abort", heard, { once: true });
  return () => signal.removeEventListener("abort", heard);
}

function interrupted(what: string): RunnerError {
  return new RunnerError(`interrupted while trying to ${what}`, exitCodes.aborted);
}
