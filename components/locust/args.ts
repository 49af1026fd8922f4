import type { Input } from "@pulumi/pulumi";

/** How the scripts reach the pods. */
export const ScriptDelivery = {
  /** From a ConfigMap, made of the files in `scriptsFolder`: 1 MiB at most, and no image to build. */
  ConfigMap: "configmap",
  /** From the image: scripts below `/loadtest/scripts`, the plugin below `/loadtest/plugin`. */
  Image: "image",
} as const;

export type ScriptDelivery = (typeof ScriptDelivery)[keyof typeof ScriptDelivery];

/** Arguments of a LocustDeployment. */
export interface LocustDeploymentArgs {
  /** Kubernetes namespace of the load test. One namespace holds one. Defaults to "locust". */
  namespace?: string;
  /**
   * Make the namespace, with Pod Security level `restricted`. False uses one that exists. Defaults to true.
   */
  createNamespace?: boolean;
  /**
   * Image of master and workers; Locust's own has none of the packages that scripts may need. Defaults to
   * `locustio/locust` on Docker Hub, in the version that this package is tested with.
   */
  image?: Input<string>;
  /** "Always", "IfNotPresent" or "Never". Defaults to "IfNotPresent". */
  imagePullPolicy?: string;
  /** How the scripts reach the pods, "configmap" or "image". Defaults to "configmap". */
  scriptDelivery?: ScriptDelivery;
  /**
   * Folder of the scripts, their helpers and their data; relative to the folder that the program runs in. All in it is
   * taken, but for `__pycache__` and what has a name that starts with a dot. Unused with `scriptDelivery` "image".
   * Defaults to "locust/scripts".
   */
  scriptsFolder?: string;
  /** The script to run, a file in `scriptsFolder`. Defaults to "script1.py". */
  script?: string;
  /**
   * The script's own arguments (`init_command_line_parser`) by name: "true" for a flag, a JSON list for several values.
   * Everybody who may read the Deployments can read them.
   */
  scriptArguments?: Record<string, string>;
  /** What the load is aimed at, an http or https URL; a base path may be in it. Left out, the script or the run decides. */
  targetHost?: string;
  /** Simulated users that Locust's page proposes, all workers together. Defaults to 100. */
  users?: number;
  /** Users started per second. Defaults to 10. */
  spawnRate?: number;
  /** How long a run lasts, as Locust writes it: 90s, 5m, 1h30m. Defaults to "1m". */
  runTime?: string;
  /**
   * Start the load as soon as the workers are there. A master that is replaced starts it again. Defaults to false.
   */
  autostart?: boolean;
  /** How many workers make the load; 0 keeps only the master. Defaults to 2. */
  workerReplicas?: number;
  /** vCPU of a worker, one of Fargate's sizes; a worker uses one core at most. Defaults to 0.5. */
  workerCpu?: number;
  /** MiB of a worker; Fargate adds 256 and rounds up. Defaults to what comes with workerCpu: 768 with 0.5 vCPU. */
  workerMemory?: number;
  /** vCPU of the master; Fargate rounds up to its sizes. Defaults to 0.25. */
  controlCpu?: number;
  /** MiB of the master; Fargate adds 256 and rounds up. Defaults to what comes with controlCpu: 256 with 0.25 vCPU. */
  controlMemory?: number;
  /** Environment variables of the scripts. Everybody who may read the Deployments can read them. */
  environment?: Record<string, string>;
  /** Environment variables of the scripts whose values are secrets; they are kept in a Secret. */
  secretEnvironment?: Input<Record<string, Input<string>>>;
  /**
   * What requests that start, change or stop a run must carry, 8 characters or more. Defaults to a random one.
   */
  token?: Input<string>;
}
