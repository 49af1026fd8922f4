import type { CoordinationV1Api, V1Lease } from "@kubernetes/client-node";

type Leases = Pick<
  CoordinationV1Api,
  "createNamespacedLease" | "readNamespacedLease" | "replaceNamespacedLease" | "deleteNamespacedLease"
>;

/** What the client of the API throws. */
export function refusal(code: number, message: string): Error {
  return Object.assign(new Error(`HTTP-Code: ${code}\nMessage: …`), { code, body: JSON.stringify({ message }) });
}

/** One namespace of an API server, which keeps at most one Lease, with versions and conflicts as the real one has. */
export class FakeLeases implements Leases {
  lease: V1Lease | undefined;
  /** Requests so far, by their first word: create, read, replace, delete. */
  readonly asked: string[] = [];
  /** What a request waits for, or fails with, before anything is done. */
  before: (verb: string) => Promise<void> = async () => undefined;
  /** The same when all is done, and only the answer is missing. */
  after: (verb: string) => Promise<void> = async () => undefined;
  private number = 0;

  async createNamespacedLease({ body }: { body: V1Lease }): Promise<V1Lease> {
    return this.request("create", () => {
      if (this.lease !== undefined) throw refusal(409, 'leases "loadtest-run" already exists');
      return this.store(body, `uid-${++this.number}`);
    });
  }

  async readNamespacedLease(): Promise<V1Lease> {
    return this.request("read", () => this.existing());
  }

  async replaceNamespacedLease({ body }: { body: V1Lease }): Promise<V1Lease> {
    return this.request("replace", () => {
      const { uid, resourceVersion } = this.existing().metadata ?? {};
      this.require(body.metadata?.uid, uid);
      this.require(body.metadata?.resourceVersion, resourceVersion);
      return this.store(body, uid);
    });
  }

  async deleteNamespacedLease({ body }: Parameters<Leases["deleteNamespacedLease"]>[0]): Promise<object> {
    return this.request("delete", () => {
      const { uid, resourceVersion } = this.existing().metadata ?? {};
      this.require(body?.preconditions?.uid, uid);
      this.require(body?.preconditions?.resourceVersion, resourceVersion);
      this.lease = undefined;
      return {};
    });
  }

  /** Somebody else's change. */
  annotate(): void {
    const lease = this.existing();
    this.store({ ...lease, metadata: { ...lease.metadata, annotations: { ...lease.metadata?.annotations, a: "b" } } });
  }

  /** Another time of its renewal. */
  setTime(renewTime: string): void {
    const lease = this.existing();
    this.store({ ...lease, spec: { ...lease.spec, renewTime: renewTime as never } });
  }

  /** Another info on its run. */
  setInfo(text: string): void {
    const lease = this.existing();
    const annotations = { ...lease.metadata?.annotations, "loadtest/run": text };
    this.store({ ...lease, metadata: { ...lease.metadata, annotations } });
  }

  private async request<T>(verb: string, work: () => T): Promise<T> {
    this.asked.push(verb);
    await this.before(verb);
    const answer = structuredClone(work());
    await this.after(verb);
    return answer;
  }

  private store(lease: V1Lease, uid = lease.metadata?.uid): V1Lease {
    const metadata = {
      ...lease.metadata,
      ...(uid === undefined ? {} : { uid }),
      resourceVersion: String(++this.number),
    };
    this.lease = structuredClone({ ...lease, metadata });
    return this.lease;
  }

  private existing(): V1Lease {
    if (this.lease === undefined) throw refusal(404, 'leases "loadtest-run" not found');
    return this.lease;
  }

  private require(wanted: string | undefined, actual: string | undefined): void {
    if (wanted !== undefined && wanted !== actual) throw refusal(409, "the object has been modified");
  }
}
