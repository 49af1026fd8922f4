import type { core } from "@pulumi/kubernetes/types/input";
import type { Input } from "@pulumi/pulumi";
import type { List, Texts } from "../inputs";
import type { NatCount } from "../network/args";

/** How the scripts reach the pods. */
export const ScriptDelivery = {
  /** From a ConfigMap, made of the files in `scriptsFolder`: 1 MiB at most, and no image to build. */
  ConfigMap: "configmap",
  /** From the image, which has them below `/loadtest/scripts`. */
  Image: "image",
} as const;

export type ScriptDelivery = (typeof ScriptDelivery)[keyof typeof ScriptDelivery];

/** An EKS cluster that a load test can be on. A FargateCluster is one. */
export interface LocustCluster {
  /** Kubeconfig of the cluster, as JSON or YAML. */
  kubeconfig: Input<string>;
  /** Name of the cluster in EKS. */
  clusterName: Input<string>;
  /** The AWS Region that it is in. */
  region?: Input<string> | undefined;
  /** Namespaces whose pods run on Fargate. Defaults to all. */
  namespaces?: Input<List<Input<string>>> | undefined;
  /** The NAT gateways that pods go out through. Defaults to none that are known. */
  nat?: Input<NatCount> | undefined;
  /** Their ids, by which a run asks CloudWatch for them. Defaults to none that are known. */
  natGatewayIds?: Input<List<Input<string>>> | undefined;
  /** What AWS bills for the cluster and its network whether Locust runs or not, in USD an hour. */
  hourlyCost?: Input<number> | undefined;
}

/** A volume as in Kubernetes, of one of the kinds that Pod Security level `restricted` lets in. */
export interface PodVolume {
  /** Its name in `volumeMounts`. */
  name: Input<string>;
  /** Files of a ConfigMap. */
  configMap?: Input<core.v1.ConfigMapVolumeSource>;
  /** Files of a Secret. */
  secret?: Input<core.v1.SecretVolumeSource>;
  /** An empty folder. */
  emptyDir?: Input<core.v1.EmptyDirVolumeSource>;
  /** A volume of the cluster, such as EFS on Fargate. */
  persistentVolumeClaim?: Input<core.v1.PersistentVolumeClaimVolumeSource>;
  /** A volume of a CSI driver. */
  csi?: Input<core.v1.CSIVolumeSource>;
}

/** Arguments of a LocustDeployment. */
export interface LocustDeploymentArgs {
  /**
   * The cluster: a FargateCluster, for one. Locust goes to it by a provider of its own, unless the options name one, and
   * is deleted before it. Defaults to the cluster of the option `provider`.
   */
  cluster?: Input<LocustCluster> | undefined;
  /**
   * Context of the kubeconfig by which the command line finds a cluster that is not `cluster`: that of `provider`.
   * Defaults to the current one.
   */
  kubeContext?: Input<string> | undefined;
  /** Kubernetes namespace of the load test. One namespace holds one. Defaults to "locust". */
  namespace?: Input<string> | undefined;
  /**
   * Make the namespace, with Pod Security level `restricted`. False uses one that exists. Defaults to true.
   */
  createNamespace?: boolean | undefined;
  /**
   * Image of master and workers; Locust's own has none of the packages that scripts may need. Defaults to
   * `locustio/locust` on Docker Hub, or with `otelEndpoint` `locustio/locust-otel`, in the version that this package is
   * tested with.
   */
  image?: Input<string> | undefined;
  /**
   * A copy of Locust's own image to pull instead of Docker Hub's, such as `ref` of a LocustImage with `mirror`. All else is
   * as without it. Not together with `image`.
   */
  imageMirror?: Input<string> | undefined;
  /** "Always", "IfNotPresent" or "Never". Defaults to "IfNotPresent". */
  imagePullPolicy?: string | undefined;
  /** Names of Secrets in the namespace with logins of registries. Defaults to none. */
  imagePullSecrets?: Input<List<Input<string>>> | undefined;
  /** How the scripts reach the pods, "configmap" or "image". Defaults to "configmap". */
  scriptDelivery?: ScriptDelivery;
  /**
   * Folder of the scripts, their helpers and their data; relative to the folder that the program runs in. All in it is
   * taken, but for `__pycache__` and what has a name that starts with a dot. With `scriptDelivery` "image" it only tells
   * the command line which scripts there are. Defaults to "locust/scripts".
   */
  scriptsFolder?: string | undefined;
  /** The script to run, a file in `scriptsFolder`. Defaults to "script1.py". */
  script?: string | undefined;
  /**
   * The script's own arguments (`init_command_line_parser`) by name: "true" for a flag, a JSON list for several values.
   * Everybody who may read the Deployments can read them.
   */
  scriptArguments?: { readonly [name: string]: string } | undefined;
  /** What the load is aimed at, an http or https URL; a base path may be in it. Left out, the script or the run decides. */
  targetHost?: Input<string> | undefined;
  /**
   * Hosts that load may be aimed at, such as "shop.example.com", or "*.example.com" for all below it: a run to any other
   * target is refused. Addresses that a script has in its requests, and a `host` that it sets while it runs, are not looked
   * at. Defaults to any.
   */
  allowedHosts?: List<string> | undefined;
  /** Simulated users that Locust's web UI proposes, all workers together. Defaults to 100. */
  users?: number | undefined;
  /** Users started per second. Defaults to 10. */
  spawnRate?: number | undefined;
  /** How long a run lasts, as Locust writes it: 90s, 5m, 1h30m. Defaults to "1m". */
  runTime?: string | undefined;
  /**
   * Iterations started a second, all workers together, whatever the target's answers take: "500", or in stages,
   * "50/s:1m 500/s:5m 50/s:1m", which take the place of `runTime`. `users` is the most iterations under way then.
   * Defaults to none: users wait as the script says.
   */
  arrivalRate?: string | undefined;
  /** Gaps between iterations with `arrivalRate`: "even", or "poisson" for random ones. Defaults to "even". */
  arrivalSpacing?: string | undefined;
  /**
   * What must hold for a run of the command line to pass: "p95<500", "fail_ratio<1%" or "GET /path: p99<800". Defaults to
   * none, and so to `fail_ratio<=0.5`.
   */
  thresholds?: List<string> | undefined;
  /**
   * What a run of the command line is in which the cluster's NAT gateways had no port for a connection: "invalid", as the
   * load was limited on our side, or "warn", to be judged all the same. Defaults to "invalid".
   */
  natErrors?: string | undefined;
  /**
   * How requests of HttpUser are made: "auto", a cheaper way that scripts cannot tell from `requests` wherever that can be;
   * "requests", as Locust has it; "fast", as "auto", but pods that cannot do so end and say why. Defaults to "auto".
   */
  httpClient?: string | undefined;
  /**
   * Start the load as soon as the workers are there. A master that is replaced starts it again. Defaults to false.
   */
  autostart?: boolean | undefined;
  /** How many workers make the load; 0 keeps only the master. Defaults to 2. */
  workerReplicas?: number | undefined;
  /** vCPU of a worker, one of Fargate's sizes; a worker uses one core at most. Defaults to 0.5. */
  workerCpu?: number | undefined;
  /** MiB of a worker; Fargate adds 256 and rounds up. Defaults to what comes with workerCpu: 768 with 0.5 vCPU. */
  workerMemory?: number | undefined;
  /** vCPU of the master; Fargate rounds up to its sizes. Defaults to 0.25. */
  controlCpu?: number | undefined;
  /** MiB of the master; Fargate adds 256 and rounds up. Defaults to what comes with controlCpu: 256 with 0.25 vCPU. */
  controlMemory?: number | undefined;
  /**
   * Seconds between two lines of metrics in the master's log, from 1 to 86400, for what reads that: a
   * LoadTestObservability, for one, with 10. Defaults to none.
   */
  metricsLogSeconds?: number | undefined;
  /** Environment variables of the scripts. Everybody who may read the Deployments can read them. */
  environment?: Texts | undefined;
  /** Environment variables of the scripts whose values are secrets; they are kept in a Secret. */
  secretEnvironment?: Texts | undefined;
  /**
   * OpenTelemetry collector that spans of all requests go to, by OTLP over HTTP, such as "http://collector.otel:4318".
   * Headers for it, and all else that OpenTelemetry's variables say, belong into the environment. An image of your own
   * needs the packages of `locust[otel]`. Defaults to none, and so to no spans.
   */
  otelEndpoint?: string | undefined;
  /**
   * What requests that start, change or stop a run must carry, 8 characters or more. Defaults to a random one.
   */
  token?: Input<string> | undefined;
  /**
   * Service account of the pods: one that is in the namespace, or, with serviceAccountRoleArn, the one that is made. Pods
   * get no token for Kubernetes' API. Defaults to the namespace's `default`, or to "locust" where one is made.
   */
  serviceAccountName?: Input<string> | undefined;
  /**
   * IAM role that the scripts have, such as one of FargateCluster's `serviceAccountRole`: a service account with it is
   * made. Defaults to none.
   */
  serviceAccountRoleArn?: Input<string> | undefined;
  /** Labels of the nodes that pods may run on. Defaults to none, and so to all nodes. */
  nodeSelector?: Texts | undefined;
  /** Taints of nodes that pods tolerate, as in Kubernetes. Defaults to none. */
  tolerations?: Input<List<Input<core.v1.Toleration>>> | undefined;
  /** Which nodes, and which other pods, pods want to be near to or far from, as in Kubernetes. Defaults to none. */
  affinity?: Input<core.v1.Affinity> | undefined;
  /** Annotations of the pods, beside those of this component. Defaults to none. */
  podAnnotations?: Texts | undefined;
  /**
   * Give the master's pod the annotations that a Prometheus in the cluster finds its metrics by: `prometheus.io/scrape`,
   * `prometheus.io/port` and `prometheus.io/path`. They are at `/metrics` anyway. Defaults to false.
   */
  prometheusScrape?: boolean | undefined;
  /** Labels of the pods, beside those of this component. Defaults to none. */
  podLabels?: Texts | undefined;
  /** Volumes of the pods, beside "plugin", "scripts", "home" and "tmp". Defaults to none. */
  volumes?: Input<List<Input<PodVolume>>> | undefined;
  /** Where the volumes are in the pods, as in Kubernetes. Defaults to none. */
  volumeMounts?: Input<List<Input<core.v1.VolumeMount>>> | undefined;
  /**
   * Requests and limits of a worker where they differ from workerCpu and workerMemory, as in Kubernetes. Not on Fargate,
   * which runs no pod whose requests and limits differ. Defaults to none.
   */
  workerResources?: Input<core.v1.ResourceRequirements> | undefined;
  /** The same of the master. Defaults to none. */
  controlResources?: Input<core.v1.ResourceRequirements> | undefined;
}
