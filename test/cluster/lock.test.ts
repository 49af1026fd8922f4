import { expect } from "chai";
import {
  acquireLock,
  type Leases,
  type LockOptions,
  RunGoing,
  readLock,
} from "../../runner/places/kubernetes/lock/lock";
import { note } from "../runner/places/kubernetes/lock/notes";
import { apply, kubectl, until } from "../support/cluster";
import { kubernetesClient } from "../support/kubernetes-client";
import { ownNamespace } from "../support/namespace";

const control = {
  ...{ apiVersion: "apps/v1", kind: "Deployment", metadata: { name: "locust-control" } },
  spec: {
    replicas: 0,
    selector: { matchLabels: { app: "control" } },
    template: { metadata: { labels: { app: "control" } }, spec: { containers: [{ name: "locust", image: "locust" }] } },
  },
};

describe("the lock of a namespace, on a real cluster", function () {
  this.timeout(60_000);
  const namespace = ownNamespace("lock");
  let leases: Leases;
  let owner: LockOptions["owner"];

  before(async () => {
    leases = (await kubernetesClient()).coordination;
    apply(namespace, control);
    const uid = kubectl(namespace, ["get", "deployment", "locust-control", "--output", "jsonpath={.metadata.uid}"]);
    owner = { name: "locust-control", uid };
  });

  const acquire = (options: Partial<LockOptions> = {}) =>
    acquireLock({ leases, namespace, owner, holder: "sam@laptop, process 7", note: note(), ...options });

  it("is taken by one of several, renewed, and given back", async () => {
    const settled = await Promise.allSettled([1, 2, 3, 4].map(() => acquire({ duration: 2, renew: 0.3 })));
    const [lock, ...more] = settled.flatMap((each) => (each.status === "fulfilled" ? [each.value] : []));
    const refused = settled.flatMap((each) => (each.status === "rejected" ? [each.reason] : []));
    expect(more).to.deep.equal([]);
    expect(refused.map((error) => error instanceof RunGoing)).to.deep.equal([true, true, true]);
    const first = await readLock(leases, namespace);
    expect(first).to.deep.include({ note: note(), live: true, duration: 2 });
    await until("a renewal", async () => (await readLock(leases, namespace))?.renewed !== first?.renewed, 5);
    kubectl(namespace, ["annotate", "lease", "loadtest-run", "somebody=else"]);
    expect(await lock?.update({ masterId: "m", run: 1 })).to.equal(true);
    expect((await readLock(leases, namespace))?.note).to.include({ masterId: "m", run: 1 });
    expect(lock?.lost.aborted).to.equal(false);
    expect(await lock?.release()).to.equal("released");
    expect(await readLock(leases, namespace)).to.equal(undefined);
  });

  it("is taken over from a command that was killed, by one of several, and the killed one would know", async () => {
    const before = { workerReplicas: 8, script: "b.py" };
    const frozen = await acquire({ note: note({ host: "elsewhere", before }), duration: 1, renew: 3 });
    await until("its end", async () => (await readLock(leases, namespace))?.live === false, 5);
    const settled = await Promise.allSettled([1, 2, 3].map(() => acquire({ holder: "kim@laptop, process 8" })));
    const [lock, ...more] = settled.flatMap((each) => (each.status === "fulfilled" ? [each.value] : []));
    expect(more).to.deep.equal([]);
    expect(lock?.takenOver?.note?.before).to.deep.equal(before);
    await until("the loss", () => frozen.lost.aborted, 5);
    expect(String(frozen.lost.reason)).to.equal("Error: kim@laptop, process 8 has taken the lock of the run");
    expect(await frozen.release()).to.equal("taken");
    expect(await lock?.release()).to.equal("released");
  });

  it("stays for a run that was only started, without a time", async () => {
    const lock = await acquire();
    expect(await lock.update({ mode: "start", masterId: "m", run: 2 })).to.equal(true);
    expect(await readLock(leases, namespace)).to.deep.include({ live: true, duration: undefined });
    const next = await acquire({ over: async ({ run }) => run === 2 });
    expect(next.takenOver?.note).to.include({ mode: "start", run: 2 });
    expect(await next.release()).to.equal("released");
  });

  it("is refused in one line where Kubernetes refuses it", async () => {
    const error = await acquire({ namespace: `${namespace}-none` }).catch((error: Error) => error);
    expect(error).to.have.property(
      "message",
      `the Lease loadtest-run in namespace ${namespace}-none cannot be taken: there is no such namespace`,
    );
    const account = `system:serviceaccount:${namespace}:default`;
    const denied = (await kubernetesClient(account)).coordination;
    expect(await acquire({ leases: denied }).catch((error: Error) => error))
      .to.have.property("message")
      .that.matches(
        /cannot be taken: leases.coordination.k8s.io.* is forbidden: User ".*:default" cannot (create|get) /,
      );
  });

  it("goes away with the master's Deployment, where no command makes it anew", async () => {
    const lock = await acquire();
    expect(await lock.update({ mode: "start", masterId: "m", run: 2 })).to.equal(true);
    kubectl(namespace, ["delete", "deployment", "locust-control"]);
    await until("no Lease", async () => (await readLock(leases, namespace)) === undefined, 30);
    expect(await lock.release()).to.equal("gone");
  });
});
