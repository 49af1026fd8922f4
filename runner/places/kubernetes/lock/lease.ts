/** The Lease that says who runs a load test in a namespace. */
import { hostname } from "node:os";
import type { V1Lease } from "@kubernetes/client-node";
import { writerLives } from "../../../results/unfinished";
import { type NoteRead, type RunNote, readNote, writeNote } from "./note";

export const leaseName = "loadtest-run";
const annotation = "loadtest/run";

type MicroTime = NonNullable<NonNullable<V1Lease["spec"]>["renewTime"]>;

/** What a Lease says. */
export type LeaseView = NoteRead & {
  readonly holder: string;
  /** When its holder took it. */
  readonly since: Date | undefined;
  /** In ms since 1970, by the holder's clock. */
  readonly renewed: number | undefined;
  /** Seconds for which a renewal holds; undefined where nobody renews it. */
  readonly duration: number | undefined;
};

export interface LeaseParts {
  readonly namespace: string;
  /** The Deployment that it goes away with. */
  readonly owner: { readonly name: string; readonly uid: string };
  readonly holder: string;
  readonly note: RunNote;
  readonly acquired: Date;
  readonly renewed: Date;
  readonly duration: number;
  /** The Lease as it is now, which this one replaces; it is refused where that has changed meanwhile. */
  readonly now?: V1Lease | undefined;
  /** How often it has gone from one holder to another. */
  readonly transitions: number;
}

export function makeLease(parts: LeaseParts): V1Lease {
  const { namespace, owner, note, now } = parts;
  const { uid, resourceVersion } = now?.metadata ?? {};
  return {
    apiVersion: "coordination.k8s.io/v1",
    kind: "Lease",
    metadata: {
      ...{ name: leaseName, namespace },
      ...(uid === undefined ? {} : { uid }),
      ...(resourceVersion === undefined ? {} : { resourceVersion }),
      labels: { ...now?.metadata?.labels, "app.kubernetes.io/name": "locust" },
      annotations: { ...now?.metadata?.annotations, [annotation]: writeNote(note) },
      ownerReferences: [{ apiVersion: "apps/v1", kind: "Deployment", ...owner }],
    },
    spec: {
      holderIdentity: parts.holder,
      acquireTime: microTime(parts.acquired),
      renewTime: microTime(parts.renewed),
      leaseTransitions: parts.transitions,
      // A run that was only started is nobody's to renew.
      ...(note.mode === "run" ? { leaseDurationSeconds: parts.duration } : {}),
    },
  };
}

export function viewLease({ metadata, spec }: V1Lease): LeaseView {
  return {
    ...readNote(metadata?.annotations?.[annotation]),
    holder: spec?.holderIdentity ?? "somebody",
    since: dateOf(spec?.acquireTime),
    renewed: dateOf(spec?.renewTime)?.getTime(),
    duration: spec?.leaseDurationSeconds,
  };
}

export type Pulse =
  /** Renewed in time, or for the master to judge. */
  | "live"
  /** Without doubt. */
  | "dead"
  /** The clocks of two machines say so, or it is a process that we cannot see: a renewal would prove the contrary. */
  | "doubtful";

/** Whether the holder of a Lease is there. */
export function pulseOf({ renewed = 0, duration, note }: LeaseView, now: number): Pulse {
  if (duration === undefined) return "live";
  const age = (now - renewed) / 1000;
  const here = note?.host === hostname();
  const expired = age > duration;
  if (here && expired) return "dead";
  if (here && note !== undefined && !writerLives({ pid: note.pid, host: note.host, start: null })) return "doubtful";
  // A renewal from the future tells of a clock that is wrong, and not of a holder that is there.
  return expired || age < -duration ? "doubtful" : "live";
}

/** Whether a Lease goes away with an object. */
export function isOwnedBy({ metadata }: V1Lease, uid: string): boolean {
  return metadata?.ownerReferences?.some((owner) => owner.uid === uid) ?? false;
}

/** The same Lease in the same hands: each holder counts its transitions on. */
export function isSameHold(a: V1Lease, b: V1Lease): boolean {
  return a.metadata?.uid === b.metadata?.uid && a.spec?.leaseTransitions === b.spec?.leaseTransitions;
}

/** The client gives these times as texts, and takes texts; Kubernetes wants six digits behind the second. */
function microTime(date: Date): MicroTime {
  return date.toISOString().replace("Z", "000Z") as unknown as MicroTime;
}

function dateOf(time: Date | string | undefined): Date | undefined {
  const date = time === undefined ? undefined : new Date(time);
  return date === undefined || Number.isNaN(date.getTime()) ? undefined : date;
}
