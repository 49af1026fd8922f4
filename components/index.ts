/** The components, for other Pulumi programs. */
export { FargateCluster, type FargateClusterArgs } from "./cluster/fargate-cluster";
export { LocustImage, type LocustImageArgs } from "./image/locust-image";
export { LocustDeployment, type LocustDeploymentArgs, ScriptDelivery } from "./locust/locust-deployment";
export { LoadTestNetwork, type LoadTestNetworkArgs, NetworkLayout } from "./network/load-test-network";
