/** Checks of the stack and of its cluster. Each builds on the one before, and says nothing where that has failed. */
import { NoLoadTest, readDeployment, readRollout, readWorkload } from "../../../places/kubernetes/rollout/pods";
import { podProblems, summarize } from "../../../places/kubernetes/rollout/problems";
import { byKubeconfig, byOutputs, type TestPlace } from "../../deployed-test/open";
import { readStackOutputs, type StackOutputs } from "../../deployed-test/stack-outputs";
import type { ClusterOptions } from "../../options";
import { type Check, type Finding, failed, ok, problem, skipped, warning } from "../check";

/** How long Pulumi may take to read a state, in ms. */
const patience = 3500;

/** A stack's cluster, or the one that a kubeconfig names. */
export class ClusterLook {
  private read: Promise<StackOutputs> | undefined;
  private found: Promise<TestPlace> | undefined;
  private asked: Promise<boolean> | undefined;

  constructor(
    private readonly where:
      | { readonly directory: string; readonly stack: string | undefined; readonly kubeconfig?: undefined }
      | { readonly kubeconfig: ClusterOptions },
  ) {}

  outputs(): Promise<StackOutputs> {
    const { where } = this;
    if (where.kubeconfig !== undefined) throw new Error("a test without Pulumi has no outputs");
    this.read ??= readStackOutputs(where.directory, where.stack, patience);
    return this.read;
  }

  place(): Promise<TestPlace> {
    const { kubeconfig } = this.where;
    this.found ??= kubeconfig === undefined ? this.outputs().then(byOutputs) : byKubeconfig(kubeconfig);
    return this.found;
  }

  /** Whether the test is there; rejects where the API server does not say. */
  isThere(): Promise<boolean> {
    this.asked ??= this.place().then(({ cluster, names }) =>
      readDeployment(cluster, names.control).then(
        () => true,
        (error: unknown) => {
          if (error instanceof NoLoadTest) return false;
          throw error;
        },
      ),
    );
    return this.asked;
  }
}

/** Whether the stack has been deployed, as Pulumi's state says. */
export function stackCheck(look: ClusterLook, named: string | undefined): Check {
  return {
    name: "stack",
    async look() {
      try {
        const { stack, loadtest } = await look.outputs();
        return ok(`${stack} is deployed: ${loadtest.script}, ${loadtest.workerReplicas} workers`);
      } catch (error) {
        const finding = failed(error);
        if (isNotYet(finding)) return skipped(`${named ?? "it"} is not deployed yet`);
        if (/not on the PATH/.test(finding.text)) return skipped("not known without Pulumi");
        if (/did not answer/.test(finding.text)) return warning(finding.text);
        const isLoggedOut = /PULUMI_ACCESS_TOKEN|pulumi login/.test(finding.text);
        return isLoggedOut ? problem(finding.text, "Say where the state is: pulumi login") : finding;
      }
    },
  };
}

export function apiServerCheck(look: ClusterLook): Check {
  return {
    name: "API server",
    async look() {
      const before = await placeOf(look);
      if ("state" in before) return before;
      await look.isThere();
      return ok(`${before.cluster.server} answers to context ${before.cluster.context}`);
    },
  };
}

export function podsCheck(look: ClusterLook): Check {
  return {
    name: "pods",
    async look() {
      const before = await placeOf(look);
      if ("state" in before) return before.state === "skipped" ? before : skipped("the cluster is not known");
      const isThere = await look.isThere().catch(() => undefined);
      if (isThere === undefined) return skipped("the API server was not asked");
      const { cluster, names } = before;
      if (!isThere) return skipped(`there is no load test in namespace ${cluster.namespace} yet`);
      const [control, worker] = await Promise.all(
        [names.control, names.worker].map(async (name) => readRollout(cluster, await readWorkload(cluster, name))),
      );
      if (control === undefined || worker === undefined) return skipped("there are none");
      const text = `${summarize("control", control)}; ${summarize("worker", worker)}`;
      const why = [control, worker].flatMap(podProblems);
      if (why.length === 0) return ok(text);
      const all = `${text}: ${why.map((one) => one.text).join("; ")}`;
      const todo = "See loadtest status and loadtest logs";
      return why.some(({ hopeless }) => hopeless) ? problem(all, todo) : warning(all, todo);
    },
  };
}

/** Where the test is; where that is not to be had since the stack is not there, another check says why. */
async function placeOf(look: ClusterLook): Promise<TestPlace | Finding> {
  try {
    return await look.place();
  } catch (error) {
    const finding = failed(error);
    if (isNotYet(finding)) return skipped("not deployed yet");
    if (/not on the PATH|^Pulumi/.test(finding.text)) return skipped("the stack's cluster is not known");
    return finding;
  }
}

function isNotYet({ text }: Finding): boolean {
  return /has no load test yet|no stack named/.test(text);
}
