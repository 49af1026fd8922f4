/** What the Pulumi program tells the command line: the shape of its stack output `loadtest`. */
export interface LoadTestOutput {
  /** Grows when a field changes its meaning. */
  readonly version: 1;
  readonly platform: "eks-fargate" | "existing";
  /** Context of the kubeconfig, with platform existing; left out, the current one. */
  readonly kubeContext?: string;
  /** Name of the cluster in EKS, with platform eks-fargate. */
  readonly clusterName?: string;
  /** The AWS Region of that cluster. */
  readonly region?: string;
  /** The NAT gateways that pods go out through, and the public addresses of all of them; 0 where they are not known. */
  readonly nat?: { readonly gateways: number; readonly addresses: number };
  /** Their ids; left out by older programs, empty where they are not known. */
  readonly natGatewayIds?: readonly string[];
  /** What a run is in which these had no port for a connection; left out by older programs: invalid. */
  readonly natErrors?: "invalid" | "warn";
  readonly namespace: string;
  readonly controlDeployment: string;
  readonly workerDeployment: string;
  readonly service: string;
  /** Port of the Service with Locust's web UI and API. */
  readonly webPort: number;
  /** Name of the Secret that holds the token below its key `token`. */
  readonly tokenSecret: string;
  /** The script that runs, and those that are there. */
  readonly script: string;
  readonly scripts: readonly string[];
  readonly workerReplicas: number;
  /** Cores that a worker may use. */
  readonly workerCpu: number;
  /** The load that the settings ask for. */
  readonly load: {
    readonly users: number;
    readonly spawnRate: number;
    readonly runTime: string;
    /** Left out where users wait as the script says, and by older programs. */
    readonly arrivalRate?: string;
    readonly arrivalSpacing?: "even" | "poisson";
    readonly targetHost?: string;
    readonly thresholds: readonly string[];
  };
  /** With platform eks-fargate: what AWS bills on demand whether Locust runs or not; its pods come on top. */
  readonly cost?: {
    readonly currency: "USD";
    /** The AWS region whose prices these are; the stack may be in another. */
    readonly region: string;
    /** Control plane, NAT gateways with their addresses, CoreDNS: in `currency` an hour, to four decimals. */
    readonly fixedPerHour: number;
    /** The same with the pods of Locust, for people: what is there now, the command line counts itself. */
    readonly perHour?: number;
  };
}
