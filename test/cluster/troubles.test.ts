import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { expect } from "chai";
import type { Rollout } from "../../runner/places/kubernetes/rollout/pods";
import { type PodProblem, podProblems, summarize } from "../../runner/places/kubernetes/rollout/problems";
import { apply, until } from "../support/cluster";
import { kubernetesClient } from "../support/kubernetes-client";
import { ownNamespace } from "../support/namespace";
import { manifest, quota, type Wrong, wrong } from "./wrong-pods";

describe("the troubles of pods on a real cluster", function () {
  this.timeout(120_000);
  const namespace = ownNamespace("troubles", { "pod-security.kubernetes.io/enforce": "restricted" });
  const short = ownNamespace("troubles-short");
  let registry: Server;
  let cases: Record<string, Wrong>;
  let rollouts: Map<string, Rollout>;
  /** The trouble that was waited for, by Deployment: some come and go. */
  const seen = new Map<string, PodProblem>();

  before(async () => {
    // A registry that has nothing. containerd takes plain HTTP from this address.
    registry = createServer((_, response) => response.writeHead(404).end()).listen(0, "127.0.0.1");
    await new Promise((resolve) => registry.once("listening", resolve));
    cases = wrong(`127.0.0.1:${(registry.address() as AddressInfo).port}`);
    apply(short, quota);
    for (const where of [namespace, short]) {
      const here = Object.entries(cases).filter(([, what]) => (what.short ? short : namespace) === where);
      apply(where, ...here.map(([name, what]) => manifest(name, what)));
    }
    await until("all troubles", look, 90).catch((error: Error) => console.log(`      ${error.message}`));
  });
  after(() => registry?.close());

  /** Whether every trouble has been seen. */
  async function look(): Promise<boolean> {
    rollouts = await readRollouts([namespace, short]);
    for (const [name, { text }] of Object.entries(cases)) {
      const trouble = said(name).find((trouble) => text.test(withoutPods(trouble)));
      if (trouble !== undefined && !seen.has(name)) seen.set(name, trouble);
    }
    return seen.size === Object.keys(cases).length;
  }

  function said(name: string): PodProblem[] {
    const rollout = rollouts.get(name);
    return rollout === undefined ? [] : podProblems(rollout);
  }

  for (const name of Object.keys(wrong(""))) {
    it(name, () => {
      const trouble = seen.get(name);
      expect(trouble, JSON.stringify(said(name))).to.not.equal(undefined);
      console.log(`      ${trouble?.text}`);
      const { kind, hopeless } = cases[name] ?? {};
      expect({ kind: trouble?.kind, hopeless: trouble?.hopeless }).to.deep.equal({ kind, hopeless });
    });
  }

  it("are summed up", () => {
    const rollout = rollouts.get("quota");
    if (rollout === undefined) throw new Error("The Deployment is not there.");
    expect(summarize("worker", rollout)).to.equal("2 of 4 workers are ready: 2 over a quota");
  });
});

function withoutPods({ text }: PodProblem): string {
  return text.replace(/^(\S+|\d+ pods?): /, "");
}

/** All Deployments of these namespaces, by name, with what is said of their pods. */
async function readRollouts(namespaces: readonly string[]): Promise<Map<string, Rollout>> {
  const { apps, core } = await kubernetesClient();
  const found = new Map<string, Rollout>();
  for (const name of namespaces) {
    const [deployments, replicaSets, pods, events] = await Promise.all([
      apps.listNamespacedDeployment({ namespace: name }),
      apps.listNamespacedReplicaSet({ namespace: name }),
      core.listNamespacedPod({ namespace: name }),
      core.listNamespacedEvent({ namespace: name }),
    ]);
    for (const deployment of deployments.items) {
      const others = { replicaSets: replicaSets.items, pods: pods.items, events: events.items };
      found.set(deployment.metadata?.name ?? "", { deployment, ...others });
    }
  }
  return found;
}
