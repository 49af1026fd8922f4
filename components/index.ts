/** The components, for other Pulumi programs. */
export { FargateCluster, type FargateClusterArgs } from "./fargate-cluster";
export { LoadTestNetwork, type LoadTestNetworkArgs, NetworkLayout } from "./load-test-network";
export { LocustDeployment, type LocustDeploymentArgs, ScriptDelivery } from "./locust-deployment";
export { LocustImage, type LocustImageArgs } from "./locust-image";
