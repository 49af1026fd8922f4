/** The few requests that the lock needs of Kubernetes' API. */
import type { CoordinationV1Api, V1Lease } from "@kubernetes/client-node";
import { messageOf, RunnerError } from "../../../errors";
import { answerOf, CallTimeout, ClusterRefused, ClusterUnreachable, unreachableReason } from "../api/failures";
import { leaseName } from "./lease";

/** What is needed of the API's client. */
export type Leases = Pick<
  CoordinationV1Api,
  "createNamespacedLease" | "readNamespacedLease" | "replaceNamespacedLease" | "deleteNamespacedLease"
>;

/** How long an answer may take, in ms. */
const answerLimit = 10_000;

/** The Lease of a namespace. What is refused as somebody else was faster gives undefined; other failures throw. */
export class LeaseApi {
  private readonly where: { readonly name: string; readonly namespace: string };

  constructor(
    private readonly leases: Leases,
    namespace: string,
    private readonly limit: number = answerLimit,
  ) {
    this.where = { name: leaseName, namespace };
  }

  /** Undefined where there is one: the one step that only one of many can take. */
  create(body: V1Lease): Promise<V1Lease | undefined> {
    const { namespace } = this.where;
    return this.answer([409], () => this.leases.createNamespacedLease({ namespace, body }));
  }

  /** Undefined where there is none. */
  read(limit?: number): Promise<V1Lease | undefined> {
    return this.answer([404], () => this.leases.readNamespacedLease(this.where), limit);
  }

  /** Undefined where it has changed since it was read, or has gone. */
  replace(body: V1Lease): Promise<V1Lease | undefined> {
    return this.answer([404, 409], () => this.leases.replaceNamespacedLease({ ...this.where, body }));
  }

  /** Deletes the Lease as it was read; undefined where it has changed since, or has gone. */
  delete({ metadata }: V1Lease, limit?: number): Promise<true | undefined> {
    const { uid, resourceVersion } = metadata ?? {};
    const preconditions = {
      ...(uid === undefined ? {} : { uid }),
      ...(resourceVersion === undefined ? {} : { resourceVersion }),
    };
    const ask = () => this.leases.deleteNamespacedLease({ ...this.where, body: { preconditions } });
    return this.answer([404, 409], () => ask().then(() => true as const), limit);
  }

  private async answer<T>(
    expected: readonly number[],
    ask: () => Promise<T>,
    limit = this.limit,
  ): Promise<T | undefined> {
    try {
      return await within(limit, ask());
    } catch (error) {
      const status = answerOf(error)?.status;
      if (status !== undefined && expected.includes(status)) return undefined;
      throw error;
    }
  }
}

/** One line on a failure of the API: a ClusterRefused for an answer, a ClusterUnreachable where there was none. */
export function leaseError(error: unknown, namespace: string): RunnerError {
  if (error instanceof RunnerError) return error;
  const say = (why: string) => `the Lease ${leaseName} in namespace ${namespace} cannot be taken: ${why}`;
  const answer = answerOf(error);
  const reason = answer === undefined ? unreachableReason(error) : undefined;
  if (reason !== undefined) return new ClusterUnreachable(say(reason), undefined, { cause: error });
  const [line = ""] = messageOf(error).split("\n");
  const why = answer?.status === 404 ? "there is no such namespace" : (answer?.message ?? line);
  if (answer !== undefined) return new ClusterRefused(say(why), answer.status, { cause: error });
  return new RunnerError(say(why), undefined, { cause: error });
}

/** The answer, or an error after so many ms: a connection may hang for minutes. */
function within<T>(ms: number, answer: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const limit = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new CallTimeout(ms)), ms);
  });
  return Promise.race([answer, limit]).finally(() => clearTimeout(timer));
}
