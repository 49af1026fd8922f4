import { expect } from "chai";
import { podProblems, readyPods, summarize } from "../../../../../runner/places/kubernetes/rollout/problems";
import { crashing, now, pod, readyPod, replicaSet, rollout, unscheduled, waiting } from "../pods";

const starting = () => waiting("ContainerCreating");
const times = <T>(count: number, make: () => T): T[] => Array.from({ length: count }, make);

describe("the troubles of a Deployment's pods", () => {
  it("are none while all are ready, whatever lies around", () => {
    const evicted = pod({ status: { phase: "Failed", reason: "Evicted" } });
    const state = rollout([...times(2, readyPod), evicted], { wanted: 2 });
    expect(podProblems(state)).to.deep.equal([]);
    expect(readyPods(state)).to.equal(2);
    expect(summarize("worker", state)).to.equal("2 of 2 workers are ready");
    expect(summarize("worker", rollout([]))).to.equal("no worker is wanted");
  });

  it("are told once for all pods that have the same, the hopeless first, then those of most pods", () => {
    const state = rollout([
      readyPod(),
      starting(),
      waiting("CreateContainerConfigError", 'secret "a" not found'),
      ...["w-3", "w-1"].map((name) => unscheduled("0/1 nodes are available: 1 Insufficient cpu.", { name })),
    ]);
    const found = podProblems(state);
    expect(found.map(({ kind }) => kind)).to.deep.equal(["config", "scheduling", "starting"]);
    expect(found[1]).to.deep.equal({
      kind: "scheduling",
      text: "2 pods: no room: too little cpu (1 of 1 nodes); it asks for cpu 8",
      hopeless: false,
      pods: ["w-1", "w-3"],
      count: 2,
    });
    expect(summarize("worker", state)).to.equal(
      "1 of 5 workers are ready: 1 starting, 2 without a node, 1 misconfigured",
    );
  });

  it("leave pods of other Deployments out", () => {
    const state = rollout([readyPod({ owner: "of-another" }), readyPod()], {
      replicaSets: [replicaSet("current"), { ...replicaSet("of-another"), metadata: { uid: "of-another" } }],
    });
    expect(readyPods(state)).to.equal(1);
    expect(podProblems(state)).to.have.length(1);
    expect(podProblems(state)[0]).to.include({ text: "1 pod: not made yet" });
  });

  describe("where pods cannot be made", () => {
    const refused = (failure: string, ready = 2) => {
      const state = rollout(times(ready, readyPod), { wanted: 5, replicaSets: [replicaSet("current", { failure })] });
      const [found, ...others] = podProblems(state);
      expect(others).to.deep.equal([]);
      expect(found).to.include({ count: 5 - ready });
      expect(found?.pods).to.deep.equal([]);
      return [found?.kind, found?.text, found?.hopeless];
    };
    const forbidden = 'pods "locust-worker-6447c7b6fc-2xqvb" is forbidden: ';

    it("name the quota, and have no hope where one pod is more than it allows", () => {
      const quota = (requested: string) =>
        `${forbidden}exceeded quota: team, requested: ${requested}, used: limits.cpu=20m,pods=2, limited: limits.cpu=25m,pods=9`;
      expect(refused(quota("limits.cpu=10m"))).to.deep.equal([
        ...["quota", "3 pods: quota team is used up: limits.cpu 20m of 25m used, 10m more asked for", false],
      ]);
      expect(refused(quota("limits.cpu=1,pods=1"))).to.deep.equal([
        "quota",
        "3 pods: quota team is used up: limits.cpu 20m of 25m used, 1 more asked for; pods 2 of 9 used, 1 more asked for",
        true,
      ]);
    });

    it("name the rule that is broken", () => {
      expect(
        refused(`${forbidden}violates PodSecurity "restricted:latest": host namespaces (hostNetwork=true)`),
      ).to.deep.equal([
        ...[
          "policy",
          "3 pods: Pod Security level restricted:latest refuses it: host namespaces (hostNetwork=true)",
          true,
        ],
      ]);
      expect(refused(`${forbidden}maximum memory usage per Container is 512Mi, but limit is 600Mi`)).to.deep.equal([
        "policy",
        "3 pods: a LimitRange of the namespace refuses it: maximum memory usage per Container is 512Mi, but limit is 600Mi",
        true,
      ]);
      expect(refused(`${forbidden}failed quota: team: must specify limits.cpu for: locust`)).to.deep.equal([
        ...["policy", "3 pods: quota: team: must specify limits.cpu for: locust", true],
      ]);
      expect(refused('admission webhook "v.example.com" denied the request: no')).to.deep.equal([
        ...["policy", '3 pods: admission webhook "v.example.com" denied the request: no', true],
      ]);
      expect(refused('Internal error occurred: failed calling webhook "v.example.com"')[2]).to.equal(false);
    });

    it("name the service account, which a new namespace gets in a moment", () => {
      const lookup = (name: string) =>
        refused(`${forbidden}error looking up service account load/${name}: serviceaccount "${name}" not found`);
      expect(lookup("nope")).to.deep.equal(["config", "3 pods: service account nope does not exist", true]);
      expect(lookup("default")[2]).to.equal(false);
    });

    it("say that nobody makes them", () => {
      expect(podProblems(rollout([], { wanted: 1, spec: { paused: true } }))[0]).to.include({
        ...{ text: "1 pod: not made: the Deployment is paused", hopeless: true },
      });
    });
  });

  describe("while a change is rolled out", () => {
    const old = () => readyPod({ owner: "old" });

    it("count pods of before as ready no more, from the first moment on", () => {
      const unseen = rollout(times(2, readyPod));
      unseen.deployment.status = { observedGeneration: 1 };
      expect(readyPods(unseen)).to.equal(0);
      expect(summarize("worker", unseen)).to.equal("0 of 2 workers are ready");
      // Seen, and the next ReplicaSet is made once the pods of before have ended.
      const emptied = rollout(times(2, old), { replicaSets: [replicaSet("old", { replicas: 0 })] });
      expect(readyPods(emptied)).to.equal(0);
      expect(summarize("worker", emptied)).to.equal("0 of 2 workers are ready: 2 starting, 2 ending");
      const both = rollout([old(), readyPod()], {
        replicaSets: [replicaSet("current", { revision: 10 }), replicaSet("old", { revision: 9, replicas: 0 })],
      });
      expect(readyPods(both)).to.equal(1);
    });

    it("take no more for ready than are wanted", () => {
      expect(summarize("worker", rollout(times(3, readyPod), { wanted: 1 }))).to.equal("1 of 1 worker is ready");
    });

    it("leave out those that are ready and on their way out", () => {
      const ending = rollout([readyPod(), readyPod({ deleted: new Date(now + 30_000) })]);
      expect(readyPods(ending)).to.equal(1);
      expect(summarize("worker", ending)).to.equal("1 of 2 workers are ready: 1 starting, 1 ending");
    });
  });

  it("are the master's own", () => {
    expect(summarize("control", rollout([readyPod()]))).to.equal("the master is ready");
    expect(summarize("control", rollout([crashing("OOMKilled", 137)]))).to.equal(
      "the master is not ready: out of memory",
    );
    expect(summarize("control", rollout([], { wanted: 0 }))).to.equal("no master is wanted");
  });
});
