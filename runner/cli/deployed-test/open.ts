import type { LoadTestOutput } from "../../../settings/deployed/outputs";
import { findProject } from "../../../settings/project/stack-files";
import { UsageError } from "../../errors";
import type { Cluster } from "../../places/kubernetes/api/cluster";
import { connectCluster } from "../../places/kubernetes/api/connect";
import { type DeployedTest, readDeployed } from "../../places/kubernetes/deployed/deployed";
import { MasterLink } from "../../places/kubernetes/master";
import { readDeployment, type TestNames } from "../../places/kubernetes/rollout/pods";
import type { ClusterOptions } from "../options";
import { listenToSignals, type Signals } from "../signals";
import { type Progress, progressOf } from "../terminal/progress";
import { readStackOutputs, type StackOutputs } from "./stack-outputs";

/** The load test that is deployed in a cluster, as it is now. */
export interface ClusterTest {
  readonly cluster: Cluster;
  readonly names: TestNames;
  readonly webPort: number;
  readonly deployed: DeployedTest;
  readonly stack: string | null;
  /** What the program says of the test; undefined without Pulumi. */
  readonly output?: LoadTestOutput | undefined;
}

/** What LocustDeployment calls its parts. */
const usual = { control: "locust-control", worker: "locust-worker", namespace: "locust", webPort: 8089 };

/** Finds the test: by the outputs of a Pulumi stack, or by kubeconfig, context and namespace. */
export async function openTest(options: ClusterOptions, directory = process.cwd()): Promise<ClusterTest> {
  return reopened(isOfNoStack(options) ? await byKubeconfig(options) : await byStack(options, directory));
}

/** Where the test is to be, whether it is there or not. */
export type TestPlace = Omit<ClusterTest, "deployed">;

/** Whether the options say where the test is without Pulumi. */
export function isOfNoStack({ kubeconfig, context, namespace }: ClusterOptions): boolean {
  return kubeconfig !== undefined || context !== undefined || namespace !== undefined;
}

export async function byKubeconfig({ kubeconfig, context, namespace }: ClusterOptions): Promise<TestPlace> {
  const cluster = await connectCluster({
    namespace: namespace ?? usual.namespace,
    ...(kubeconfig === undefined ? {} : { kubeconfigFile: kubeconfig }),
    ...(context === undefined ? {} : { context }),
  });
  return { cluster, names: usual, webPort: usual.webPort, stack: null };
}

async function byStack(options: ClusterOptions, directory: string): Promise<TestPlace> {
  const project = findProject(directory);
  if (project === undefined) {
    throw new UsageError(
      "there is no Pulumi project here: say where the test is with --context and --namespace, or run --local",
    );
  }
  return byOutputs(await readStackOutputs(project.directory, options.stack));
}

export async function byOutputs({ stack, loadtest, kubeconfig: text }: StackOutputs): Promise<TestPlace> {
  if (loadtest.platform === "eks-fargate" && text === undefined) {
    throw new UsageError(
      `stack ${stack} does not say how to reach its cluster: export const kubeconfig = cluster.kubeconfig, then pulumi up`,
    );
  }
  const cluster = await connectCluster({
    namespace: loadtest.namespace,
    // The stack's own cluster, or the one of the user's kubeconfig.
    ...(loadtest.platform === "eks-fargate" && text !== undefined ? { kubeconfig: text } : {}),
    ...(loadtest.platform === "existing" && loadtest.kubeContext !== undefined
      ? { context: loadtest.kubeContext }
      : {}),
  });
  const names = { control: loadtest.controlDeployment, worker: loadtest.workerDeployment };
  return { cluster, names, webPort: loadtest.webPort, stack, output: loadtest };
}

/** The test as it is now. */
export async function reopened({ cluster, names, webPort, stack, output }: TestPlace): Promise<ClusterTest> {
  const [control, worker] = await Promise.all([
    readDeployment(cluster, names.control),
    readDeployment(cluster, names.worker),
  ]);
  return { cluster, names, webPort, deployed: readDeployed(control, worker), stack, output };
}

/** How to say this test on a command line: in hints. */
export function sameTest({ stack, cluster }: ClusterTest): string {
  if (stack !== null) return `--stack ${stack}`;
  return `--context ${cluster.context} --namespace ${cluster.namespace}`;
}

/** What every command on a deployed test works with. */
export interface ClusterContext {
  readonly test: ClusterTest;
  readonly link: MasterLink;
  readonly progress: Progress;
  readonly signals: Signals;
}

/**
 * Finds the test, opens a way to its master, does the work, and closes the way again.
 *
 * @param onSignal what a signal means for the command, by then
 */
export async function withMaster<T>(
  options: ClusterOptions & { readonly port?: number },
  onSignal: string | (() => string),
  work: (context: ClusterContext) => Promise<T>,
): Promise<T> {
  const test = await openTest(options);
  const { cluster, deployed, names, webPort } = test;
  const { users, workerReplicas: workers } = deployed;
  const progress = await progressOf({ runTime: undefined, users, workers });
  const meaning = typeof onSignal === "string" ? () => onSignal : onSignal;
  const signals = listenToSignals((signal) => progress.say(`${signal}: ${meaning()}`));
  try {
    const link = await MasterLink.open({
      cluster,
      deployed,
      webPort,
      control: names.control,
      listenPort: options.port,
    });
    try {
      return await work({ test, link, progress, signals });
    } finally {
      await link.close();
    }
  } finally {
    signals.dispose();
  }
}
