/** What the two Deployments of a load test say about it. */
import type { V1ConfigMap, V1Deployment } from "@kubernetes/client-node";
import { type TestDescription, testAnnotation, testDescription } from "../../../../settings/deployed/deployed-test";
import { configMapPath } from "../../../../settings/scripts/script-files";
import { RunnerError } from "../../../errors";

/** The load test that is deployed. */
export interface DeployedTest extends TestDescription {
  readonly namespace: string;
  /** The Deployments, to own other objects and to be changed. */
  readonly control: ObjectName;
  readonly worker: ObjectName;
  /** File name of the workers' script. Another one where a command was killed between its two changes. */
  readonly workerScript: string;
  /** Workers that are wanted. */
  readonly workerReplicas: number;
  readonly createdAt: Date | undefined;
}

export interface ObjectName {
  readonly name: string;
  readonly uid: string;
}

/**
 * Reads what is deployed from the Deployments of the master and of the workers.
 *
 * @throws RunnerError in one line where one of them does not say it
 */
export function readDeployed(control: V1Deployment, worker: V1Deployment): DeployedTest {
  const [test, workerTest] = [descriptionOf(control), descriptionOf(worker)];
  return {
    ...test,
    before: test.before ?? workerTest.before,
    namespace: control.metadata?.namespace ?? "",
    control: objectName(control),
    worker: objectName(worker),
    workerScript: workerTest.script,
    // Kubernetes' own default.
    workerReplicas: worker.spec?.replicas ?? 1,
    createdAt: control.metadata?.creationTimestamp,
  };
}

/** What a Deployment says of the test; a RunnerError in one line where it does not. */
export function descriptionOf(deployment: V1Deployment): TestDescription {
  const json = deployment.metadata?.annotations?.[testAnnotation];
  const refuse = (why: string) => new RunnerError(`${nameOf(deployment)} ${why}`);
  if (json === undefined) {
    throw refuse(
      `does not say what it runs: pulumi up, where an earlier version has deployed it; a manifest written by hand needs ` +
        `the annotation ${testAnnotation}, as in settings/deployed/deployed-test.ts`,
    );
  }
  let value: unknown;
  try {
    value = JSON.parse(json);
  } catch {
    throw refuse(`has an annotation ${testAnnotation} that is no JSON`);
  }
  const read = testDescription.safeParse(value);
  if (read.success) return read.data;
  const [issue] = read.error.issues;
  if (issue?.path[0] === "version") throw refuse("was deployed by another version of loadtest: pulumi up");
  throw refuse(`has a wrong annotation ${testAnnotation}: ${issue?.path.join(".") || "it"}: ${issue?.message}`);
}

/** The files in a ConfigMap of scripts, by their paths; those that are no texts are empty. */
export function filesIn({ data = {}, binaryData = {} }: V1ConfigMap): Map<string, string> {
  const others = Object.keys(binaryData).map((key) => [key, ""] as const);
  return new Map([...Object.entries(data), ...others].map(([key, text]) => [configMapPath(key), text]));
}

/** `Deployment locust-control in namespace load`. */
export function nameOf({ metadata }: V1Deployment): string {
  return `Deployment ${metadata?.name} in namespace ${metadata?.namespace}`;
}

function objectName({ metadata }: V1Deployment): ObjectName {
  return { name: metadata?.name ?? "", uid: metadata?.uid ?? "" };
}
