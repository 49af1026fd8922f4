import { parseLayers } from "../../../settings/parse";
import { commandLine } from "../../../settings/stack-files";
import { UsageError } from "../../errors";
import type { Cluster } from "../../places/kubernetes/cluster";
import { scriptsIn } from "../../places/kubernetes/deployed";
import { overridesOf, type SettingsOptions } from "../settings";
import { planOf, requireWorkers, type TestSetup } from "../setup";
import type { ClusterTest } from "./open";

/** Checks the command line's load over the deployed one; throws a SettingsError with everything that is wrong. */
export async function clusterSetup(
  test: ClusterTest,
  options: Omit<SettingsOptions, "stack">,
  abortAfter?: number,
): Promise<TestSetup> {
  const { deployed, output, stack, cluster } = test;
  const source = stack === null ? `Deployment ${test.names.control}` : `the outputs of stack ${stack}`;
  const values = {
    platform: "existing",
    namespace: cluster.namespace,
    // What a killed command has put in its place is not what is deployed.
    script: deployed.scriptBefore ?? deployed.script,
    users: deployed.users,
    spawnRate: deployed.spawnRate,
    runTime: deployed.runTime,
    targetHost: deployed.targetHost,
    thresholds: output === undefined ? [] : [...output.load.thresholds],
    workerReplicas: deployed.workerReplicas,
  };
  // Somebody's own manifests may have sizes that a stack's config does not take.
  const { workerCpu, workerMemory, controlCpu, controlMemory } = deployed;
  const overrides = overridesOf(options);
  const layers = [
    { source, values: withoutUndefined(values) },
    { source: commandLine, values: overrides },
  ];
  // The rules between keys are those of a stack's config; what is deployed has passed them.
  const settings = parseLayers(layers, source, [], []);
  requireWorkers(settings);
  await requireScript(test, settings.script);
  // The run time has a default where nobody says one.
  const known = Object.keys({ runTime: "", ...withoutUndefined({ ...values, ...overrides }) });
  return {
    place: "kubernetes",
    stack,
    script: settings.script,
    plan: planOf(settings, abortAfter),
    settings: {
      ...Object.fromEntries(known.map((key) => [key, settings[key as keyof typeof settings]])),
      ...withoutUndefined({ workerCpu, workerMemory, controlCpu, controlMemory }),
      ...(output === undefined ? {} : { platform: output.platform }),
    },
  };
}

/** Another script needs to be there already: pods only see what was deployed. */
async function requireScript(test: ClusterTest, script: string): Promise<void> {
  if (script === test.deployed.script) return;
  const scripts = await deployedScripts(test);
  if (scripts === undefined || scripts.includes(script)) return;
  throw new UsageError(
    `script ${script} is not deployed: there is ${scripts.join(", ")}; pulumi up brings new files of the scripts' folder`,
  );
}

/** Undefined where nobody says: in an image, without Pulumi. */
export async function deployedScripts({ cluster, deployed, output }: ClusterTest): Promise<string[] | undefined> {
  const { scriptsConfigMap: name } = deployed;
  const files = name === undefined ? undefined : await readFiles(cluster, name);
  return files ?? (output === undefined ? undefined : [...output.scripts]);
}

async function readFiles(cluster: Cluster, name: string): Promise<string[] | undefined> {
  const { namespace } = cluster;
  const read = () => cluster.core.readNamespacedConfigMap({ namespace, name });
  const map = await cluster.find(`read ConfigMap ${name}`, read);
  return map === undefined ? undefined : scriptsIn(map);
}

function withoutUndefined(values: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined));
}
