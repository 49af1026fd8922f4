/** The components, for other Pulumi programs. */
export {
  type ClusterNetwork,
  FargateCluster,
  type FargateClusterArgs,
  type ServiceAccountRoleArgs,
} from "./cluster/fargate-cluster";
export { LocustImage, type LocustImageArgs } from "./image/locust-image";
export type { List, Texts } from "./inputs";
export {
  type LoadTest,
  type LocustCluster,
  LocustDeployment,
  type LocustDeploymentArgs,
  type PodVolume,
  ScriptDelivery,
} from "./locust/locust-deployment";
export { LoadTestNetwork, type LoadTestNetworkArgs, type NatCount, NetworkLayout } from "./network/load-test-network";
export {
  LoadTestObservability,
  type LoadTestObservabilityArgs,
  type ObservedCluster,
} from "./observability/load-test-observability";
