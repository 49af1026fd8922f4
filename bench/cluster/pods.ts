/** The pods that benchmarks run, as plain objects of Kubernetes. Worker and master are those of a LocustDeployment. */
import { masterPort, pluginFolder, podTemplate, scriptsFolder, webPort } from "../../components/locust/pod";
import { type LocustCommand, locustCommands, locustVersion } from "../../settings/locust";
import { memoryThatComesWith } from "../../settings/values/fargate";
import { type Configuration, processesOf } from "./configurations";

/** Built from `python/Dockerfile`. */
export const targetImage = "localhost/loadtest-bench-target:1";
export const standInPort = 8090;

const image = `docker.io/locustio/locust:${locustVersion}`;
const small = { cpu: "20m", memory: "64Mi" };
/** Names of the ConfigMaps with the plugin, and with the files of `python/`. */
export const configMaps = { plugin: "plugin", scripts: "scripts" };

interface Container {
  readonly name: string;
  readonly args: string[];
  readonly env: { name: string; value?: string }[];
  readonly [other: string]: unknown;
}

interface PodSpec {
  readonly containers: Container[];
  readonly [other: string]: unknown;
}

/** A pod, with what reaches its web page. */
export interface BenchPod {
  readonly name: string;
  readonly objects: readonly object[];
}

/** One worker, held to a size, with a master that is not, in one pod, so that they talk over 127.0.0.1. */
export function loadPod(configuration: Configuration, targetIp: string, token: string): BenchPod {
  const { master, worker } = containers(configuration, targetIp, token);
  const limits = { cpu: `${configuration.cpu * 1000}m`, memory: `${memoryThatComesWith(configuration.cpu)}Mi` };
  // A worker that runs out of memory comes again.
  return pod("load", "Always", [
    { ...master, resources: { requests: small } },
    { ...worker, resources: { requests: small, limits } },
  ]);
}

/** A master, held to a size, with stand-ins for workers that are not. */
export function masterPod(cpu: number, memory: number, token: string): BenchPod {
  const { master, worker } = containers({ userClass: "HttpUser", cpu, tls: false }, undefined, token);
  const standIns = {
    ...worker,
    name: "standins",
    command: ["python", "-P", `${scriptsFolder}/bench_standins.py`],
    args: [],
    startupProbe: { tcpSocket: { port: standInPort }, periodSeconds: 1, failureThreshold: 60 },
    resources: { requests: small },
  };
  const limits = { cpu: `${cpu * 1000}m`, memory: `${memory}Mi` };
  return pod("master", "Never", [{ ...master, resources: { requests: small, limits } }, standIns]);
}

/** The target: nginx with one process. */
export function targetPod(): object {
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name: "target", labels: { app: "target" } },
    spec: {
      automountServiceAccountToken: false,
      terminationGracePeriodSeconds: 1,
      volumes: [{ name: "scripts", configMap: { name: configMaps.scripts } }],
      containers: [
        {
          ...{ name: "target", image: targetImage, imagePullPolicy: "Never" },
          command: ["python", `${scriptsFolder}/bench_target.py`],
          volumeMounts: [{ name: "scripts", mountPath: scriptsFolder, readOnly: true }],
          env: [{ name: "POD_IP", valueFrom: { fieldRef: { fieldPath: "status.podIP" } } }],
          readinessProbe: { tcpSocket: { port: 8443 }, periodSeconds: 1 },
          resources: { requests: small },
        },
      ],
    },
  };
}

/** Where the target answers. */
export function targetUrls(ip: string): { readonly plain: string; readonly tls: string; readonly usage: string } {
  return { plain: `http://${ip}:8000`, tls: `https://${ip}:8443`, usage: `http://${ip}:8001/` };
}

function pod(name: string, restartPolicy: "Always" | "Never", containers: readonly object[]): BenchPod {
  const template = asSpec(podTemplateOf("worker", { python: [], args: [], env: {} }));
  const ports = [
    { name: "web", port: webPort },
    { name: "standins", port: standInPort },
  ];
  return {
    name,
    objects: [
      {
        ...{ apiVersion: "v1", kind: "Pod", metadata: { name, labels: { app: name } } },
        spec: { ...template, restartPolicy, terminationGracePeriodSeconds: 1, containers },
      },
      { apiVersion: "v1", kind: "Service", metadata: { name }, spec: { selector: { app: name }, ports } },
    ],
  };
}

function containers(configuration: Configuration, targetIp: string | undefined, token: string) {
  const placement = {
    ...{ plugin: pluginFolder, bindHost: "0.0.0.0", masterHost: "127.0.0.1" },
    ...{ masterPort, webPort },
  };
  const settings = {
    ...{ users: 1, spawnRate: 1, runTime: "1h", workerReplicas: 1, autostart: false },
    environment: { BENCH_USER: configuration.userClass },
  };
  const script = "bench_users.py";
  const { worker } = locustCommands(settings, { ...placement, script });
  const { master } = locustCommands(settings, { ...placement, script: `${script},bench_control.py` });
  const certificate = { BENCH_TARGET: `${targetUrls(targetIp ?? "").plain}/cert.pem` };
  const workerEnv = configuration.tls ? { ...worker.env, ...certificate } : worker.env;
  const control = containerOf("control", master);
  return {
    master: { ...control, name: "master", env: [...control.env, { name: "LOADTEST_TOKEN", value: token }] },
    worker: {
      ...containerOf("worker", changed({ ...worker, env: workerEnv }, configuration, script)),
      name: "worker",
      // Its own probe looks for a connection, and two containers of a pod have one network: the master's would do.
      startupProbe: undefined,
    },
  };
}

/** A worker's command as a variant has it. */
function changed(command: LocustCommand, configuration: Configuration, script: string): LocustCommand {
  const { args } = command;
  if (configuration.variant === "bare")
    return { ...command, python: ["-P", "-m", "locust"], args: ["-f", script, ...args] };
  const processes = processesOf(configuration);
  return processes === 1 ? command : { ...command, args: [...args, "--processes", String(processes)] };
}

function containerOf(role: "control" | "worker", command: LocustCommand) {
  const [container] = asSpec(podTemplateOf(role, command)).containers;
  if (container === undefined) throw new Error("a pod of Locust has one container");
  return container;
}

function podTemplateOf(role: "control" | "worker", command: LocustCommand) {
  return podTemplate({
    ...{ role, image, imagePullPolicy: "IfNotPresent", command, cpu: 1, memory: 256 },
    plugin: { name: configMaps.plugin },
    scripts: { name: configMaps.scripts },
    ...{ tokenSecret: undefined, master: undefined, environmentSecret: undefined, serviceAccountName: undefined },
    args: {},
  });
}

/** Pulumi's types allow for values that are not known yet; here all are. */
function asSpec(template: { spec?: unknown }): PodSpec {
  return template.spec as PodSpec;
}
