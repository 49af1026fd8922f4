/** The Lease that says who runs a load test in a namespace. */
import type { V1Lease } from "@kubernetes/client-node";
import { type Cluster, ClusterRefused } from "../api/cluster";
import { type RunInfo, readInfo, writeInfo } from "./run-info";

export const leaseName = "loadtest-run";
const annotation = "loadtest/run";

type LeaseSpec = NonNullable<V1Lease["spec"]>;

/** What a Lease says; times are by the clock of its holder. */
export interface LeaseView extends Readonly<ReturnType<typeof readInfo>> {
  readonly holder: string;
  readonly since: Date | undefined;
  readonly renewed: Date | undefined;
  /** Seconds that a renewal holds for; undefined where nobody renews it: the run is the master's. */
  readonly duration: number | undefined;
}

export interface LeaseParts {
  /** The master's Deployment: when it is deleted, so is the Lease. */
  readonly owner: { readonly name: string; readonly uid: string };
  readonly spec: LeaseSpec;
  readonly info: RunInfo;
}

/** A Lease that is renewed now. @param before what it replaces, as it was read: refused where that has changed */
export function makeLease({ owner, spec, info }: LeaseParts, before?: V1Lease): V1Lease {
  const { uid, resourceVersion, labels, annotations } = before?.metadata ?? {};
  return {
    apiVersion: "coordination.k8s.io/v1",
    kind: "Lease",
    metadata: {
      ...(uid !== undefined && { uid }),
      ...(resourceVersion !== undefined && { resourceVersion }),
      name: leaseName,
      labels: { ...labels, "app.kubernetes.io/name": "locust" },
      annotations: { ...annotations, [annotation]: writeInfo(info) },
      ownerReferences: [{ apiVersion: "apps/v1", kind: "Deployment", ...owner }],
    },
    spec: { ...spec, renewTime: microTime(new Date()) },
  };
}

export function viewLease({ metadata, spec }: V1Lease): LeaseView {
  return {
    ...readInfo(metadata?.annotations?.[annotation]),
    holder: spec?.holderIdentity ?? "somebody",
    since: dateOf(spec?.acquireTime),
    renewed: dateOf(spec?.renewTime),
    duration: spec?.leaseDurationSeconds,
  };
}

/** The same Lease in the same hands: each holder counts its transitions on. */
export function isSameHold(a: V1Lease, b: V1Lease): boolean {
  return a.metadata?.uid === b.metadata?.uid && a.spec?.leaseTransitions === b.spec?.leaseTransitions;
}

/** The Lease of a namespace; undefined where there is none. An API server that is away is waited for, for 10 s. */
export function findLease(cluster: Cluster, signal?: AbortSignal): Promise<V1Lease | undefined> {
  const where = { namespace: cluster.namespace, name: leaseName };
  const ask = () => cluster.find(`read Lease ${leaseName}`, () => cluster.coordination.readNamespacedLease(where));
  return cluster.retry(`read Lease ${leaseName}`, ask, { for: 10_000, signal });
}

/** Creates the Lease, or replaces it as it was read; undefined where somebody else was faster. */
export function putLease(cluster: Cluster, body: V1Lease): Promise<V1Lease | undefined> {
  const { coordination, namespace } = cluster;
  const create = () => coordination.createNamespacedLease({ namespace, body });
  const replace = () => coordination.replaceNamespacedLease({ namespace, name: leaseName, body });
  return body.metadata?.uid === undefined
    ? cluster.call(`create Lease ${leaseName}`, create).catch(undefinedForConflict)
    : cluster.find(`change Lease ${leaseName}`, replace).catch(undefinedForConflict);
}

/** Deletes the Lease as it was read; undefined where it has changed since, or has gone. */
export function deleteLease(cluster: Cluster, { metadata }: V1Lease): Promise<object | undefined> {
  const { uid = "", resourceVersion = "" } = metadata ?? {};
  const body = { preconditions: { uid, resourceVersion } };
  const where = { namespace: cluster.namespace, name: leaseName, body };
  const ask = () => cluster.coordination.deleteNamespacedLease(where);
  return cluster.find(`delete Lease ${leaseName}`, ask).catch(undefinedForConflict);
}

function undefinedForConflict(error: unknown): undefined {
  if (!(error instanceof ClusterRefused) || error.status !== 409) throw error;
}

/** The client gives these times as texts, and takes texts; Kubernetes wants six digits behind the second. */
export function microTime(date: Date): NonNullable<LeaseSpec["renewTime"]> {
  return date.toISOString().replace("Z", "000Z") as unknown as NonNullable<LeaseSpec["renewTime"]>;
}

function dateOf(time: Date | string | undefined): Date | undefined {
  const date = new Date(time ?? Number.NaN);
  return Number.isNaN(date.getTime()) ? undefined : date;
}
