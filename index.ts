/** The Pulumi program: settings → components → outputs. */
import { Provider } from "@pulumi/kubernetes/provider";
import type { Input, Output, Resource } from "@pulumi/pulumi";
import { protectFromDeletion } from "./components/deletion-protection";
import { FargateCluster, LoadTestNetwork, LocustDeployment, LocustImage } from "./components/index";
import { filesFitConfigMap } from "./components/locust/scripts";
import type { LoadTestOutput } from "./settings/outputs";
import { fixedHourlyCost, prices } from "./settings/prices";
import { type ProgramSettings, readConfig } from "./settings/pulumi-config";
import { listScripts, scriptExists } from "./settings/script";
import { packagesAreThere } from "./settings/script-packages";

const settings = readConfig([scriptExists, filesFitConfigMap, packagesAreThere].map((rule) => rule(__dirname)));

const cluster = settings.platform === "eks-fargate" ? fargateCluster(settings) : existingCluster(settings);
const locust = locustOn(cluster.provider, settings, cluster.image);
if (cluster.parts.length > 0) protectFromDeletion("load-test", settings.deletionProtection, [locust, ...cluster.parts]);

/** For the command line. A field that is known in a preview is shown there, so these are not one output. */
const loadtest: { [Key in keyof LoadTestOutput]: Input<Exclude<LoadTestOutput[Key], undefined>> } = {
  version: 1,
  platform: settings.platform,
  ...given({ kubeContext: settings.kubeContext, clusterName: cluster.name }),
  namespace: locust.namespaceName,
  controlDeployment: locust.controlDeployment,
  workerDeployment: locust.workerDeployment,
  service: locust.serviceName,
  webPort: locust.webPort,
  tokenSecret: locust.tokenSecretName,
  script: settings.script,
  scripts: listScripts(settings, __dirname),
  workerReplicas: settings.workerReplicas,
  workerCpu: settings.workerCpu,
  load: {
    users: settings.users,
    spawnRate: settings.spawnRate,
    runTime: settings.runTime,
    ...given({ targetHost: settings.targetHost }),
    thresholds: settings.thresholds.map(({ text }) => text),
  },
  ...given({ cost: settings.platform === "eks-fargate" ? fixedCost(settings) : undefined }),
};

export = {
  loadtest,
  /** Reaches Locust's page at http://127.0.0.1:8089/?token=TOKEN, from this machine only. */
  dashboard: `kubectl --namespace ${settings.namespace} port-forward service/locust-control 8089:8089`,
  /** Who holds it may start load: `pulumi stack output token --show-secrets`. */
  token: locust.token,
  /** The addresses that requests come from, for the target's owner to allow. Empty on a cluster that exists. */
  natAddresses: cluster.natAddresses,
  /** `pulumi stack output kubeconfig --show-secrets`. Not there on a cluster that exists. */
  ...given({ kubeconfig: cluster.kubeconfig }),
};

function fixedCost(from: ProgramSettings): NonNullable<LoadTestOutput["cost"]> {
  const { total } = fixedHourlyCost(from);
  return { currency: "USD", region: prices.region, fixedPerHour: Number(total.toFixed(4)) };
}

interface ClusterParts {
  readonly provider: Provider;
  readonly natAddresses: Input<string[]>;
  readonly name?: Output<string>;
  readonly kubeconfig?: Output<string>;
  readonly image?: LocustImage;
  /** What is made for it; none on a cluster that exists. */
  readonly parts: readonly Resource[];
}

function fargateCluster(from: ProgramSettings): ClusterParts {
  const network = new LoadTestNetwork("load-test", {
    cidrBlock: from.vpcCidr,
    subnetMask: from.subnetMask,
    layout: from.layout,
    ...given({
      availabilityZoneCount: from.availabilityZoneNames === undefined ? from.availabilityZoneCount : undefined,
      availabilityZoneNames: from.availabilityZoneNames && [...from.availabilityZoneNames],
      vpcId: from.vpcId,
      podSubnetIds: from.podSubnetIds && [...from.podSubnetIds],
      controlPlaneSubnetIds: from.controlPlaneSubnetIds && [...from.controlPlaneSubnetIds],
    }),
  });
  const cluster = new FargateCluster("load-test", {
    vpcId: network.vpcId,
    controlPlaneSubnetIds: network.controlPlaneSubnetIds,
    podSubnetIds: network.podSubnetIds,
    namespaces: [from.namespace],
    version: from.kubernetesVersion,
    ...given({ coreDnsVersion: from.coreDnsVersion }),
    publicAccessCidrs: [...from.publicAccessCidrs],
    admins: [...(from.clusterAdmins ?? [])],
    deletionProtection: from.deletionProtection,
    logRetentionDays: from.logRetentionDays,
  });
  const { kubeconfig: config } = cluster;
  const image = from.scriptDelivery === "image" ? new LocustImage("locust") : undefined;
  return {
    provider: new Provider("cluster", { kubeconfig: config }, { dependsOn: [cluster, network] }),
    natAddresses: network.natAddresses,
    name: cluster.clusterName,
    kubeconfig: config,
    parts: [network, cluster, ...(image ? [image] : [])],
    ...(image && { image }),
  };
}

function existingCluster({ kubeContext }: ProgramSettings): ClusterParts {
  return { provider: new Provider("cluster", given({ context: kubeContext })), natAddresses: [], parts: [] };
}

function locustOn(provider: Provider, from: ProgramSettings, image: LocustImage | undefined): LocustDeployment {
  return new LocustDeployment(
    "locust",
    {
      namespace: from.namespace,
      scriptDelivery: from.scriptDelivery,
      scriptsFolder: from.scriptsFolder,
      script: from.script,
      scriptArguments: { ...from.scriptArguments },
      users: from.users,
      spawnRate: from.spawnRate,
      runTime: from.runTime,
      autostart: from.autostart,
      workerReplicas: from.workerReplicas,
      workerCpu: from.workerCpu,
      workerMemory: from.workerMemory,
      controlCpu: from.controlCpu,
      controlMemory: from.controlMemory,
      environment: { ...from.environment },
      ...given({
        secretEnvironment: from.secretEnvironment,
        targetHost: from.targetHost,
        image: image?.ref,
      }),
    },
    { provider },
  );
}

/** What is set: Pulumi's arguments are left out, not undefined. */
function given<T extends object>(args: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(args).filter(([, value]) => value !== undefined)) as never;
}
