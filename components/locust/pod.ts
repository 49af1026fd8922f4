/** The pods of Locust's master and workers. */
import type { core } from "@pulumi/kubernetes/types/input";
import type { Input } from "@pulumi/pulumi";
import { containerName } from "../../settings/deployed/deployed-test";
import { pluginVariables, stopTimeoutSeconds } from "../../settings/locust";
import { isLater, mapInput } from "../inputs";
import type { LocustDeploymentArgs } from "./args";

export type Role = "control" | "worker";

/** Where the files are in the pod; `locust/Dockerfile` has the same folder of scripts. */
export const pluginFolder = "/loadtest/plugin/loadtest";
export const scriptsFolder = "/loadtest/scripts";

export const webPort = 8089;
export const masterPort = 5557;

/** The key of the token in its Secret. */
export const tokenKey = "token";

/** Seconds after which a pod that is not ready has failed: Fargate takes about one minute, or two. */
export const readyWithinSeconds = 300;

/**
 * A worker gives up connecting after 300 s, and says so in its log: the probe must not be faster. The script's `init`
 * listeners have what is left.
 */
const startWithinSeconds = 330;

/** A worker that gets SIGTERM lets its users end their task and reports once more: as long as a stop, and some slack. */
const graceSeconds = stopTimeoutSeconds + 20;

/** A ConfigMap as a folder. */
export interface MountedFiles {
  readonly name: Input<string>;
  /** Where each file is in the folder; undefined where all are beside each other, under their keys. */
  readonly items?: core.v1.KeyToPath[];
}

/** What starts Locust, as far as it is known. */
export interface PodCommand {
  readonly python: readonly string[];
  readonly args: Input<readonly string[]>;
  readonly env: Input<Readonly<Record<string, string>>>;
}

export interface LocustPod {
  readonly role: Role;
  readonly image: Input<string>;
  readonly imagePullPolicy: string;
  readonly command: PodCommand;
  /** vCPU. */
  readonly cpu: number;
  /** MiB. */
  readonly memory: number;
  readonly plugin: MountedFiles;
  /** Undefined where the scripts are in the image. */
  readonly scripts: MountedFiles | undefined;
  /** Name of the Secret with the token. Only the master has it: the scripts' users run in the workers. */
  readonly tokenSecret: Input<string> | undefined;
  /** Of a worker: what changes with the master's pod, so that workers are new where their master is. */
  readonly master: Input<string> | undefined;
  /** Name of the Secret with the variables of the scripts. */
  readonly environmentSecret: Input<string> | undefined;
  /** The name of the service account; undefined for the namespace's default. */
  readonly serviceAccountName: Input<string> | undefined;
  /** What the component's arguments say of pods in Kubernetes' own words. */
  readonly args: LocustDeploymentArgs;
}

/** Which pods are whose; never changes, as a Deployment's selector cannot. */
export function selectorOf(role: Role): Record<string, string> {
  return { "app.kubernetes.io/name": "locust", "app.kubernetes.io/component": role };
}

/** Labels of everything that belongs to a load test. */
export const commonLabels = {
  "app.kubernetes.io/name": "locust",
  "app.kubernetes.io/part-of": "serverless-load-testing",
  "app.kubernetes.io/managed-by": "pulumi",
};

/** A pod that the Pod Security level `restricted` lets in, and that Fargate can run. */
export function podTemplate(pod: LocustPod): core.v1.PodTemplateSpec {
  const { podLabels = {}, volumes = [], imagePullSecrets, ...args } = pod.args;
  const [podAnnotations, nodeSelector] = [unlessEmpty(args.podAnnotations), unlessEmpty(args.nodeSelector)];
  const own = annotationsOf(pod);
  return {
    metadata: {
      labels: mapInput(podLabels, (labels) => ({ ...labels, ...commonLabels, ...selectorOf(pod.role) })),
      ...(podAnnotations === undefined && own === undefined
        ? {}
        : { annotations: mapInput(podAnnotations ?? {}, (annotations) => ({ ...annotations, ...own })) }),
    },
    spec: {
      ...(pod.serviceAccountName === undefined ? {} : { serviceAccountName: pod.serviceAccountName }),
      // The role of a service account needs none of it: EKS mounts a token of its own.
      automountServiceAccountToken: false,
      // Else a Service called locust-web would set LOCUST_WEB_PORT, which Locust takes for its option.
      enableServiceLinks: false,
      terminationGracePeriodSeconds: graceSeconds,
      securityContext: {
        runAsNonRoot: true,
        // The image names its user, and runAsNonRoot wants to see a number.
        runAsUser: 1000,
        runAsGroup: 1000,
        seccompProfile: { type: "RuntimeDefault" },
      },
      ...(nodeSelector === undefined ? {} : { nodeSelector }),
      ...(args.tolerations === undefined ? {} : { tolerations: mapInput(args.tolerations, (all) => [...all]) }),
      ...(args.affinity === undefined ? {} : { affinity: args.affinity }),
      ...(imagePullSecrets === undefined
        ? {}
        : { imagePullSecrets: mapInput(imagePullSecrets, (names) => names.map((name) => ({ name }))) }),
      containers: [container(pod)],
      volumes: mapInput(volumes, (others) => [
        { name: "plugin", configMap: pod.plugin },
        ...(pod.scripts === undefined ? [] : [{ name: "scripts", configMap: pod.scripts }]),
        { name: "home", emptyDir: {} },
        { name: "tmp", emptyDir: {} },
        ...others,
      ]),
    },
  };
}

/** Annotations of the component's own. */
function annotationsOf({ role, master, args }: LocustPod): Record<string, Input<string>> | undefined {
  if (master !== undefined) return { "loadtest/master": master };
  if (role === "worker" || args.prometheusScrape !== true) return undefined;
  return { "prometheus.io/scrape": "true", "prometheus.io/port": String(webPort), "prometheus.io/path": "/metrics" };
}

/** Kubernetes drops what is empty, and would show it as a change. */
function unlessEmpty<T extends object>(values: T | undefined): T | undefined {
  return values !== undefined && Object.keys(values).length === 0 && !isLater(values) ? undefined : values;
}

function container(pod: LocustPod): core.v1.Container {
  const { role, image, imagePullPolicy, command, scripts, tokenSecret, environmentSecret } = pod;
  const size = sizeOf(pod.cpu, pod.memory);
  const { volumeMounts = [], [`${role}Resources` as const]: resources = {} } = pod.args;
  return {
    name: containerName,
    image,
    imagePullPolicy,
    command: ["python", ...command.python],
    args: mapInput(command.args, (all) => all.map(literal)),
    // Data files beside the script are found by their relative names, here as on one's own machine.
    workingDir: scriptsFolder,
    env: mapInput(command.env, (env) => [
      // The last resort of Python's tempfile is the working folder, which is read-only here.
      ...variables({ HOME: "/home/locust", TMPDIR: "/tmp", PYTHONDONTWRITEBYTECODE: "1", ...env }),
      ...(tokenSecret === undefined
        ? []
        : [{ name: pluginVariables.token, valueFrom: { secretKeyRef: { name: tokenSecret, key: tokenKey } } }]),
    ]),
    ...(environmentSecret === undefined ? {} : { envFrom: [{ secretRef: { name: environmentSecret } }] }),
    ...(role === "control"
      ? { ports: [port("web", webPort), port("workers", masterPort)], ...controlProbes() }
      : workerProbes()),
    // What a pod that has failed says of itself: without it, the end of its log is known to nobody but its node.
    terminationMessagePolicy: "FallbackToLogsOnError",
    // Fargate runs no pod whose requests and limits differ.
    resources: mapInput(resources, ({ requests, limits, ...others }) => ({
      ...others,
      requests: { ...size, ...requests },
      limits: { ...size, ...limits },
    })),
    securityContext: {
      allowPrivilegeEscalation: false,
      capabilities: { drop: ["ALL"] },
      readOnlyRootFilesystem: true,
      runAsNonRoot: true,
    },
    volumeMounts: mapInput(volumeMounts, (others) => [
      { name: "plugin", mountPath: pluginFolder, readOnly: true },
      ...(scripts === undefined ? [] : [{ name: "scripts", mountPath: scriptsFolder, readOnly: true }]),
      { name: "home", mountPath: "/home/locust" },
      { name: "tmp", mountPath: "/tmp" },
      ...others,
    ]),
  };
}

function controlProbes(): Partial<core.v1.Container> {
  const httpGet = {
    path: "/worker-count",
    port: "web",
    // The guard answers to loopback's names only, which keeps pages in the operator's browser out.
    httpHeaders: [{ name: "Host", value: "localhost" }],
  };
  return {
    // A script may take its time to be imported.
    startupProbe: { httpGet, periodSeconds: 1, timeoutSeconds: 5, failureThreshold: readyWithinSeconds },
    readinessProbe: { httpGet, periodSeconds: 5, timeoutSeconds: 5, failureThreshold: 3 },
    // A restart loses the run, so only a master that is lost anyway gets one: after 60 s its workers have left it.
    livenessProbe: { httpGet, periodSeconds: 10, timeoutSeconds: 5, failureThreshold: 9 },
  };
}

/**
 * A worker is ready once its process says so, by the name that it gives itself: it is connected to the master, and the
 * script's `init` listeners have run. So `up` and a rollout show workers that work, and fail where one of them raises.
 *
 * No probe after that. It would run a process beside the load, in the same CPU limit, and be late exactly where the
 * worker is busy; and there is nothing for it to do: a worker that fails ends, and so does one that has not heard of
 * its master for 60 s.
 */
function workerProbes(): Partial<core.v1.Container> {
  return {
    startupProbe: {
      exec: { command: ["grep", "-qsx", "locust-ready", "/proc/1/comm"] },
      periodSeconds: 1,
      timeoutSeconds: 10,
      failureThreshold: startWithinSeconds,
    },
  };
}

function port(name: string, containerPort: number): core.v1.ContainerPort {
  return { name, containerPort, protocol: "TCP" };
}

/** In the form that the API server gives back: any other would look like a change in `pulumi refresh`. */
function sizeOf(cpu: number, memory: number): Record<string, string> {
  return {
    cpu: Number.isInteger(cpu) ? String(cpu) : `${Math.round(cpu * 1000)}m`,
    memory: memory % 1024 === 0 ? `${memory / 1024}Gi` : `${memory}Mi`,
    // For logs, and what scripts write. Fargate has 20 GiB anyway; a shared node must not be filled up.
    "ephemeral-storage": "1Gi",
  };
}

function variables(values: Readonly<Record<string, string>>): core.v1.EnvVar[] {
  return Object.entries(values)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, value]) => ({ name, value: literal(value) }));
}

/** Kubernetes replaces `$(NAME)` in arguments and variables, and takes `$$` for `$`. */
function literal(text: string): string {
  return text.replaceAll("$", "$$$$");
}
