import { expect } from "chai";
import type { Cluster } from "../../runner/places/kubernetes/api/cluster";
import { connectCluster } from "../../runner/places/kubernetes/api/connect";
import { findLease, viewLease } from "../../runner/places/kubernetes/lock/lease";
import { acquireLock, type LockOptions, RunGoing } from "../../runner/places/kubernetes/lock/run-lock";
import { runInfo } from "../runner/places/kubernetes/lock/infos";
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
  let cluster: Cluster;
  let owner: LockOptions["owner"];

  before(async () => {
    cluster = await connectCluster({ namespace });
    apply(namespace, control);
    const uid = kubectl(namespace, ["get", "deployment", "locust-control", "--output", "jsonpath={.metadata.uid}"]);
    owner = { name: "locust-control", uid };
  });

  const quiet = () => undefined;
  const acquire = (options: Partial<LockOptions> = {}) =>
    acquireLock({
      ...{ cluster, owner, holder: "sam@laptop, process 7", info: runInfo() },
      ...{ progress: quiet, warn: quiet, signal: new AbortController().signal },
      ...options,
    });
  const seen = async () => {
    const found = await findLease(cluster);
    return found && viewLease(found);
  };

  it("is taken by one of several, renewed, and given back", async () => {
    const settled = await Promise.allSettled([1, 2, 3, 4].map(() => acquire({ duration: 3 })));
    const [lock, ...more] = settled.flatMap((each) => (each.status === "fulfilled" ? [each.value] : []));
    const refused = settled.flatMap((each) => (each.status === "rejected" ? [each.reason] : []));
    expect(more).to.deep.equal([]);
    expect(refused.map((error) => error instanceof RunGoing)).to.deep.equal([true, true, true]);
    const first = await seen();
    expect(first).to.deep.include({ info: runInfo(), duration: 3 });
    await until("a renewal", async () => (await seen())?.renewed?.getTime() !== first?.renewed?.getTime(), 5);
    kubectl(namespace, ["annotate", "lease", "loadtest-run", "somebody=else"]);
    expect(await lock?.update({ masterId: "m", run: 1 })).to.equal(true);
    expect((await seen())?.info).to.include({ masterId: "m", run: 1 });
    expect(lock?.lost.aborted).to.equal(false);
    expect(await lock?.release()).to.equal(true);
    expect(await seen()).to.equal(undefined);
  });

  it("is taken over from a command that is gone, by one of several, and that one would know", async () => {
    const before = { workerReplicas: 8, script: "b.py" };
    let cut = false;
    /** An API server that is not there for this command. */
    const away = Object.assign(Object.create(cluster) as Cluster, {
      call: async (...call: Parameters<Cluster["call"]>) => {
        if (cut) throw new Error("cut off");
        return cluster.call(...call);
      },
    });
    const frozen = await acquire({ cluster: away, info: runInfo({ host: "elsewhere", before }), duration: 2 });
    cut = true;
    const settled = await Promise.allSettled(
      [1, 2, 3].map(() => acquire({ holder: "kim@laptop, process 8", duration: 3 })),
    );
    const [lock, ...more] = settled.flatMap((each) => (each.status === "fulfilled" ? [each.value] : []));
    expect(more).to.deep.equal([]);
    expect(lock?.former?.before).to.deep.equal(before);
    cut = false;
    await until("the loss", () => frozen.lost.aborted, 5);
    expect(String(frozen.lost.reason)).to.equal("RunnerError: kim@laptop, process 8 has taken the lock of the run");
    expect(await frozen.release()).to.equal(true);
    expect((await seen())?.holder).to.equal("kim@laptop, process 8");
    expect(await lock?.release()).to.equal(true);
  });

  it("stays for a run that was only started, without a time", async () => {
    const lock = await acquire();
    expect(await lock.leave({ mode: "start", masterId: "m", run: 2 })).to.equal(true);
    expect(await seen()).to.deep.include({ duration: undefined });
    const next = await acquire();
    expect(next.former).to.include({ mode: "start", run: 2 });
    expect(await next.release()).to.equal(true);
  });

  it("is refused in one line where Kubernetes refuses it", async () => {
    const nowhere = await connectCluster({ namespace: `${namespace}-none` });
    expect(await acquire({ cluster: nowhere }).catch((error: Error) => error)).to.have.property(
      "message",
      `cannot create Lease loadtest-run: namespaces "${namespace}-none" not found`,
    );
    const account = `system:serviceaccount:${namespace}:default`;
    const { coordination } = await kubernetesClient(account);
    const denied = Object.assign(Object.create(cluster) as Cluster, { coordination });
    expect(await acquire({ cluster: denied }).catch((error: Error) => error))
      .to.have.property("message")
      .that.matches(
        /^cannot read Lease loadtest-run: context \S+ is not allowed to get leases in namespace .*:default\)$/,
      );
  });

  it("goes away with the master's Deployment, where no command makes it anew", async () => {
    const lock = await acquire();
    expect(await lock.leave({ mode: "start", masterId: "m", run: 2 })).to.equal(true);
    kubectl(namespace, ["delete", "deployment", "locust-control"]);
    await until("no Lease", async () => (await seen()) === undefined, 30);
    expect(await lock.release()).to.equal(true);
  });
});
