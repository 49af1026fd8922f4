import { parseLayers } from "../../../settings/parse";
import { commandLine, overStack } from "../../../settings/project/stack-files";
import { correctedNeedsArrivals, targetIsAllowed } from "../../../settings/rules";
import { missingPackages, withoutMissing } from "../../../settings/scripts/script-packages";
import { UsageError } from "../../errors";
import { filesIn } from "../../places/kubernetes/deployed/deployed";
import { limitRule } from "../limits";
import { overridesOf, type SettingsOptions } from "../settings";
import { type PlanOptions, planOf, requireWorkers, type TestSetup, withoutUndefined } from "../setup";
import type { ClusterTest } from "./open";

/** Checks the command line's load over the deployed one; throws a SettingsError with everything that is wrong. */
export async function clusterSetup(
  test: ClusterTest,
  options: Omit<SettingsOptions, "stack">,
  more: PlanOptions = {},
): Promise<TestSetup> {
  const { deployed, output, stack, cluster } = test;
  const source = stack === null ? `Deployment ${test.names.control}` : `the outputs of stack ${stack}`;
  // What a killed command has put in its place is not what is deployed.
  const { script, scriptArguments, httpClient } = deployed.before ?? deployed;
  const values = {
    platform: "existing",
    namespace: cluster.namespace,
    script,
    scriptArguments,
    httpClient,
    users: deployed.users,
    spawnRate: deployed.spawnRate,
    runTime: deployed.runTime,
    arrivalRate: deployed.arrivalRate,
    arrivalSpacing: deployed.arrivalSpacing,
    targetHost: deployed.targetHost,
    allowedHosts: deployed.allowedHosts,
    thresholds: output === undefined ? [] : [...output.load.thresholds],
    workerReplicas: deployed.workerReplicas,
  };
  // Somebody's own manifests may have sizes that a stack's config does not take.
  const { workerCpu, workerMemory, controlCpu, controlMemory } = deployed;
  const overrides = overStack(values, overridesOf(options));
  const layers = [
    { source, values: withoutUndefined(values) },
    { source: commandLine, values: overrides },
  ];
  // What is deployed has passed the other rules of a stack's config.
  const settings = parseLayers(layers, source, [], [targetIsAllowed, correctedNeedsArrivals, limitRule(options)]);
  requireWorkers(settings);
  await requireScript(test, settings.script);
  const plan = planOf(settings, more);
  // The run time has a default where nobody says one.

  const known = Object.keys({ runTime: "", ...withoutUndefined({ ...values, ...overrides }) });
  return {
    place: "kubernetes",
    stack,
    script: settings.script,
    scriptArguments: settings.scriptArguments,
    httpClient: settings.httpClient,
    plan,
    settings: {
      ...Object.fromEntries(known.map((key) => [key, settings[key as keyof typeof settings]])),
      workerReplicas: plan.workers,
      ...withoutUndefined({ workerCpu, workerMemory, controlCpu, controlMemory }),
      ...(output === undefined ? {} : { platform: output.platform }),
    },
  };
}

/** Another script needs to be there already, with its packages: pods only see what was deployed. */
async function requireScript(test: ClusterTest, script: string): Promise<void> {
  if (script === test.deployed.script) return;
  const scripts = deployedScripts(test);
  if (scripts?.includes(script) === false) {
    throw new UsageError(
      `script ${script} is not deployed: there is ${scripts.join(", ")}; pulumi up brings new files of the scripts' folder`,
    );
  }
  const files = test.deployed.knownModules ? await deployedFiles(test) : undefined;
  if (files === undefined) return;
  const read = (path: string) => files.get(path) ?? "";
  const missing = missingPackages(script, { paths: new Set(files.keys()), read });
  if (missing.length > 0) throw new UsageError(`script ${script} cannot run: it must be ${withoutMissing(missing)}`);
}

/** The scripts that there are; undefined where nobody says: in an image, without Pulumi. */
export function deployedScripts({ deployed, output }: ClusterTest): readonly string[] | undefined {
  return deployed.scripts ?? output?.scripts;
}

/** The scripts' folder in the pods; undefined where it is in an image. */
async function deployedFiles({ cluster, deployed }: ClusterTest): Promise<Map<string, string> | undefined> {
  const { scriptsConfigMap: name } = deployed;
  if (name === undefined) return undefined;
  const { namespace } = cluster;
  const read = () => cluster.core.readNamespacedConfigMap({ namespace, name });
  const map = await cluster.find(`read ConfigMap ${name}`, read);
  return map === undefined ? undefined : filesIn(map);
}
