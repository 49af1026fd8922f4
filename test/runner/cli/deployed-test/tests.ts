/** A deployed test as the commands see it, without a cluster. */
import type { ClusterTest } from "../../../../runner/cli/deployed-test/open";
import type { Cluster } from "../../../../runner/places/kubernetes/api/cluster";
import type { DeployedTest } from "../../../../runner/places/kubernetes/deployed/deployed";
import type { LoadTestOutput } from "../../../../settings/deployed/outputs";
import { names } from "../../places/kubernetes/fake-namespace";

/** What a stack says of its test. */
export function output(change: Partial<LoadTestOutput> = {}): LoadTestOutput {
  return {
    ...{ version: 1, platform: "existing", namespace: "load", service: "locust-control", webPort: 8089 },
    ...{ controlDeployment: names.control, workerDeployment: names.worker, tokenSecret: "the-token" },
    ...{ script: "script1.py", scripts: ["script1.py", "script2.py"], workerReplicas: 2, workerCpu: 0.25 },
    load: { users: 100, spawnRate: 10, runTime: "1m", thresholds: ["p95<500"] },
    ...change,
  };
}

export function deployed(change: Partial<DeployedTest> = {}): DeployedTest {
  return {
    ...{ version: 1, namespace: "load", script: "script1.py", scriptArguments: {}, workerScript: "script1.py" },
    control: { name: names.control, uid: "uid-of-control" },
    worker: { name: names.worker, uid: "uid-of-worker" },
    ...{ before: undefined, users: 100, spawnRate: 10, runTime: "1m", targetHost: undefined },
    tokenSecret: { name: "the-token", key: "token" },
    ...{ workerReplicas: 2, workerCpu: 0.25, workerMemory: 256, controlCpu: 0.25 },
    ...{
      controlMemory: 256,
      scriptsConfigMap: undefined,
      knownModules: true,
      createdAt: new Date("2026-11-24T10:00:00Z"),
    },
    ...change,
  };
}

/** A test in namespace `load` of a cluster; of stack `dev` where it has outputs. */
export function clusterTest(change: Partial<ClusterTest> = {}): ClusterTest {
  return {
    cluster: { namespace: "load", context: "there" } as Cluster,
    ...{ names, webPort: 8089, deployed: deployed(), stack: change.output === undefined ? null : "dev" },
    ...change,
  };
}
