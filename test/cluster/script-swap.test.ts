import type { AppsV1Api, CoreV1Api, V1Pod } from "@kubernetes/client-node";
import { expect } from "chai";
import { descriptionOf } from "../../runner/places/kubernetes/deployed/deployed";
import {
  type PatchOperation,
  withScript,
  withScriptBefore,
} from "../../runner/places/kubernetes/deployed/script-change";
import type { Rollout } from "../../runner/places/kubernetes/rollout/pods";
import { podProblems, readyPods } from "../../runner/places/kubernetes/rollout/problems";
import { testAnnotation } from "../../settings/deployed/deployed-test";
import { apply, until } from "../support/cluster";
import { kubernetesClient } from "../support/kubernetes-client";
import { ownNamespace } from "../support/namespace";
import { inSteps } from "../support/needs";

const name = "locust-worker";
const resources = { cpu: "1m", memory: "16Mi" };

const test = {
  version: 1,
  script: "a.py",
  scriptArguments: { price: "$$5" },
  tokenSecret: { name: "none", key: "token" },
};
/** As somebody may write it by hand. */
const variable = '{ "script": "a.py", "arguments": { "price": "$$$$5" } }';

/** Pods that do nothing, and are replaced as workers are. */
const worker = {
  ...{ apiVersion: "apps/v1", kind: "Deployment" },
  metadata: { name, annotations: { [testAnnotation]: JSON.stringify(test) } },
  spec: {
    replicas: 2,
    strategy: { type: "Recreate" },
    revisionHistoryLimit: 0,
    selector: { matchLabels: { app: "worker" } },
    template: {
      metadata: { labels: { app: "worker" } },
      spec: {
        terminationGracePeriodSeconds: 1,
        containers: [
          {
            ...{ name: "locust", image: "docker.io/locustio/locust:2.47.0", imagePullPolicy: "IfNotPresent" },
            command: ["sh", "-c", "sleep 600"],
            env: [{ name: "LOADTEST_SCRIPT", value: variable }],
            resources: { requests: resources, limits: resources },
          },
        ],
      },
    },
  },
};

describe("another script, on a real cluster", function () {
  this.timeout(90_000);
  inSteps();
  const namespace = ownNamespace("swap");
  let apps: AppsV1Api;
  let core: CoreV1Api;

  before(async () => {
    ({ apps, core } = await kubernetesClient());
    apply(namespace, worker);
    await until("pods", async () => (await ready()).length === 2, 60);
  });

  const live = () => apps.readNamespacedDeployment({ name, namespace });

  async function patch(body: readonly PatchOperation[]): Promise<void> {
    const { PatchStrategy, setHeaderOptions } = await import("@kubernetes/client-node");
    const options = setHeaderOptions("Content-Type", PatchStrategy.JsonPatch);
    await apps.patchNamespacedDeployment({ name, namespace, body }, options);
  }

  async function look(): Promise<Rollout> {
    const [deployment, replicaSets, pods] = await Promise.all([
      live(),
      apps.listNamespacedReplicaSet({ namespace }),
      core.listNamespacedPod({ namespace }),
    ]);
    return { deployment, replicaSets: replicaSets.items, pods: pods.items, events: [] };
  }

  /** The pods, once as many are ready as are wanted; none before. */
  async function ready(): Promise<V1Pod[]> {
    const rollout = await look();
    if (readyPods(rollout) < 2) return [];
    expect(podProblems(rollout)).to.deep.equal([]);
    return rollout.pods.filter(({ metadata }) => metadata?.deletionTimestamp === undefined);
  }

  async function rolledOut(): Promise<V1Pod[]> {
    let pods: V1Pod[] = [];
    await until("pods", async () => {
      pods = await ready();
      return pods.length > 0;
    });
    return pods;
  }

  const scriptsOf = (pods: readonly V1Pod[]) => pods.map(({ spec }) => spec?.containers[0]?.env?.[0]?.value);
  const wants = (script: string) => ({ script, scriptArguments: {} });

  it("is rolled out, and pods of before never count as ready", async () => {
    await patch(withScript(await live(), wants("b.py")));
    expect(scriptsOf(await rolledOut())).to.deep.equal([
      '{"script":"b.py","arguments":{}}',
      '{"script":"b.py","arguments":{}}',
    ]);
    expect(descriptionOf(await live()).before?.script).to.equal("a.py");
  });

  it("is refused where it was planned for another state", async () => {
    const seen = await live();
    await patch(withScript(seen, wants("c.py")));
    const error = await patch(withScript(seen, wants("d.py"))).catch((error: Error) => error);
    expect(error).to.include({ code: 422 });
  });

  it("is taken back letter by letter", async () => {
    await patch(withScriptBefore(await live()));
    const { metadata, spec } = await live();
    expect(spec?.template.spec?.containers[0]?.env).to.deep.equal(worker.spec.template.spec.containers[0]?.env);
    expect(metadata?.annotations?.[testAnnotation]).to.equal(worker.metadata.annotations[testAnnotation]);
    expect(scriptsOf(await rolledOut())).to.deep.equal([variable, variable]);
  });
});
