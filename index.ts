/** The Pulumi program: network, cluster, Locust, outputs. */
import { Provider } from "@pulumi/kubernetes/provider";
import { FargateCluster, LoadTestNetwork, LoadTestObservability, LocustDeployment, LocustImage } from "./components";
import { protectFromDeletion } from "./components/deletion-protection";
import { filesFitConfigMap } from "./components/locust/scripts";
import { readConfig } from "./settings/pulumi-config";
import { scriptExists } from "./settings/scripts/script";
import { otelIsThere, packagesAreThere } from "./settings/scripts/script-packages";

const settings = readConfig(
  [scriptExists, filesFitConfigMap, packagesAreThere, otelIsThere].map((rule) => rule(__dirname)),
);
const isFargate = settings.platform === "eks-fargate";

const network = !isFargate
  ? undefined
  : new LoadTestNetwork("load-test", {
      cidrBlock: settings.vpcCidr,
      subnetMask: settings.subnetMask,
      layout: settings.layout,
      natAddressesPerGateway: settings.natAddressesPerGateway,
      availabilityZoneCount: settings.availabilityZoneCount,
      availabilityZoneNames: settings.availabilityZoneNames,
      vpcId: settings.vpcId,
      podSubnetIds: settings.podSubnetIds,
      controlPlaneSubnetIds: settings.controlPlaneSubnetIds,
    });

const cluster =
  network &&
  new FargateCluster("load-test", {
    network,
    namespaces: [settings.namespace],
    version: settings.kubernetesVersion,
    coreDnsVersion: settings.coreDnsVersion,
    publicAccessCidrs: settings.publicAccessCidrs,
    admins: settings.clusterAdmins,
    deletionProtection: settings.deletionProtection,
    logRetentionDays: settings.logRetentionDays,
  });

const inImage = settings.scriptDelivery === "image";
const isBuilt = isFargate && settings.image === undefined && (inImage || settings.imageSource === "ecr");
const image = isBuilt ? new LocustImage("locust", inImage ? {} : { mirror: true }) : undefined;
const provider =
  network && cluster
    ? new Provider("cluster", { kubeconfig: cluster.kubeconfig }, { dependsOn: [cluster, network] })
    : new Provider("cluster", settings.kubeContext === undefined ? {} : { context: settings.kubeContext });

const observability =
  cluster && settings.observability
    ? new LoadTestObservability(
        "load-test",
        {
          cluster,
          natGatewayIds: settings.vpcId === undefined ? network?.natGatewayIds : undefined,
          logRetentionDays: settings.logRetentionDays,
          thresholds: settings.thresholds.map(({ text }) => text),
          idleAlarmHours: settings.idleAlarmHours,
          alarmEmails: settings.alarmEmails,
          alarmWebhooks: settings.alarmWebhooks,
          alarmSlack: settings.alarmSlack,
        },
        { provider },
      )
    : undefined;

const locust = new LocustDeployment(
  "locust",
  {
    cluster,
    kubeContext: settings.kubeContext,
    namespace: settings.namespace,
    image: (inImage ? image?.ref : undefined) ?? settings.image,
    imageMirror: inImage ? undefined : image?.ref,
    nodeSelector: settings.nodeSelector,
    tolerations: settings.tolerations,
    podLabels: settings.podLabels,
    podAnnotations: settings.podAnnotations,
    prometheusScrape: settings.prometheusScrape,
    scriptDelivery: settings.scriptDelivery,
    scriptsFolder: settings.scriptsFolder,
    script: settings.script,
    scriptArguments: settings.scriptArguments,
    users: settings.users,
    spawnRate: settings.spawnRate,
    runTime: settings.runTime,
    arrivalRate: settings.arrivalRate,
    arrivalSpacing: settings.arrivalSpacing,
    targetHost: settings.targetHost,
    allowedHosts: settings.allowedHosts,
    thresholds: settings.thresholds.map(({ text }) => text),
    httpClient: settings.httpClient,
    natErrors: settings.natErrors,
    autostart: settings.autostart,
    workerReplicas: settings.workerReplicas,
    workerCpu: settings.workerCpu,
    workerMemory: settings.workerMemory,
    controlCpu: settings.controlCpu,
    controlMemory: settings.controlMemory,
    environment: settings.environment,
    secretEnvironment: settings.secretEnvironment,
    metricsLogSeconds: observability && 10,
    otelEndpoint: settings.otelEndpoint,
  },
  // Fargate's log router is only for pods that start after it; they do not wait for alarms, and whom these tell.
  { provider, ...(observability && { dependsOn: [observability.logRouter] }) },
);
if (network && cluster) {
  const all = [locust, network, cluster, ...(image ? [image] : []), ...(observability ? [observability] : [])];
  protectFromDeletion("load-test", settings.deletionProtection, all);
}

export = {
  /** For the command line. */
  loadtest: locust.loadtest,
  /** Reaches Locust's web UI at http://127.0.0.1:8089/?token=TOKEN, from this machine only. */
  dashboard: `kubectl --namespace ${settings.namespace} port-forward service/locust-control 8089:8089`,
  /** Who holds it may start load: `pulumi stack output token --show-secrets`. */
  token: locust.token,
  /** The addresses that requests come from, for the target's owner to allow. Empty on a cluster that exists. */
  natAddresses: network?.natAddresses ?? [],
  /** `pulumi stack output kubeconfig --show-secrets`. Not there on a cluster that exists. */
  ...(cluster && { kubeconfig: cluster.kubeconfig }),
  /** CloudWatch's dashboard, in AWS's console. */
  ...(observability && { cloudWatch: observability.dashboardUrl }),
};
