import type { V1Container, V1PodSpec } from "@kubernetes/client-node";
import type { PodProblem } from "../../runner/places/kubernetes/rollout/problems";

/** One Deployment of one pod, with one thing wrong. */
export interface Wrong {
  readonly container?: Partial<V1Container>;
  readonly pod?: Partial<V1PodSpec>;
  /** Instead of one. */
  readonly replicas?: number;
  /** In the namespace whose quota is 25m of CPU. */
  readonly short?: boolean;
  /** What is to be said of it, behind the pod's name. */
  readonly text: RegExp;
  readonly kind: PodProblem["kind"];
  readonly hopeless: boolean;
}

const missing = { valueFrom: { secretKeyRef: { name: "no-such", key: "token" } } };
/** Limits; next to nothing is asked for, as a small node may be full of others' pods. */
const atMost = (cpu: string, memory = "16Mi") => ({ requests: { cpu: "1m", memory }, limits: { cpu, memory } });

/**
 * Deployments by name, each with another thing wrong.
 *
 * @param registry address of one that has no image
 */
export function wrong(registry: string): Record<string, Wrong> {
  return {
    image: {
      container: { image: `${registry}/nope:1` },
      ...{ kind: "image", text: /cannot be pulled: the registry does not have it$/, hopeless: true },
    },
    reference: {
      container: { image: "UPPER case" },
      ...{ kind: "image", text: /^image "UPPER case" is not a valid reference$/, hopeless: true },
    },
    "never-pulled": {
      container: { image: "docker.io/nope/never:1", imagePullPolicy: "Never" },
      ...{ kind: "image", text: /never:1 is not on the node, and its imagePullPolicy is Never$/, hopeless: true },
    },
    cpu: {
      container: { resources: { requests: { cpu: "500" }, limits: { cpu: "500" } } },
      ...{
        kind: "scheduling",
        text: /^no room: too little cpu \((\d+) of \1 nodes\); it asks for cpu 500$/,
        hopeless: false,
      },
    },
    selector: {
      pod: { nodeSelector: { no: "such" } },
      ...{
        kind: "scheduling",
        text: /^no node takes it: didn't match .*selector \(\d+ of \d+ nodes\)$/,
        hopeless: false,
      },
    },
    secret: {
      container: { env: [{ name: "TOKEN", ...missing }] },
      ...{ kind: "config", text: /^cannot be started: secret "no-such" not found$/, hopeless: true },
    },
    volume: {
      container: { volumeMounts: [{ name: "scripts", mountPath: "/x" }] },
      pod: { volumes: [{ name: "scripts", configMap: { name: "no-such" } }] },
      ...{ kind: "volume", text: /volume "scripts" : configmap "no-such" not found$/, hopeless: true },
    },
    account: {
      pod: { serviceAccountName: "no-such" },
      ...{ kind: "config", text: /^service account no-such does not exist$/, hopeless: true },
    },
    command: {
      container: { command: ["no-such"] },
      ...{
        kind: "config",
        text: /^cannot be started: exec: "no-such": executable file not found in \$PATH$/,
        hopeless: true,
      },
    },
    crash: {
      container: { command: ["sh", "-c", "exit 3"] },
      ...{ kind: "crash", text: /^crashed: exit code 3$/, hopeless: false },
    },
    end: {
      container: { command: ["true"] },
      ...{ kind: "crash", text: /^ended by itself: exit code 0$/, hopeless: false },
    },
    memory: {
      container: { command: ["python", "-c", "bytearray(200 << 20)"], resources: atMost("100m", "32Mi") },
      ...{ kind: "memory", text: /^killed for its memory: limit 32Mi$/, hopeless: false },
    },
    startup: {
      container: { startupProbe: { exec: { command: ["false"] }, periodSeconds: 1, failureThreshold: 2 } },
      ...{ kind: "probe", text: /^killed as its startup probe kept failing$/, hopeless: false },
    },
    readiness: {
      container: { readinessProbe: { httpGet: { path: "/", port: 8089 }, periodSeconds: 1 } },
      ...{ kind: "probe", text: /^runs, and its readiness probe fails: connection refused$/, hopeless: false },
    },
    security: {
      pod: { hostNetwork: true },
      ...{ kind: "policy", text: /^Pod Security level restricted:latest refuses it: host namespaces/, hopeless: true },
    },
    quota: {
      ...{ short: true, replicas: 4 },
      ...{
        kind: "quota",
        text: /^quota team is used up: limits.cpu 20m of 25m used, 10m more asked for$/,
        hopeless: false,
      },
    },
    "too-much": {
      ...{ short: true, container: { resources: atMost("100m") } },
      ...{ kind: "quota", text: /^quota team is used up: .* of 25m used, 100m more asked for$/, hopeless: true },
    },
  };
}

export function manifest(name: string, { container, pod, replicas = 1 }: Wrong): object {
  const app = { app: name };
  return {
    ...{ apiVersion: "apps/v1", kind: "Deployment" },
    metadata: { name },
    spec: {
      replicas,
      selector: { matchLabels: app },
      template: {
        metadata: { labels: app },
        spec: {
          terminationGracePeriodSeconds: 1,
          securityContext: { runAsNonRoot: true, runAsUser: 1000, seccompProfile: { type: "RuntimeDefault" } },
          containers: [
            {
              ...{ name: "locust", image: "docker.io/locustio/locust:2.47.0", imagePullPolicy: "IfNotPresent" },
              ...{ command: ["sleep", "600"], resources: atMost("10m") },
              securityContext: { allowPrivilegeEscalation: false, capabilities: { drop: ["ALL"] } },
              ...container,
            },
          ],
          ...pod,
        },
      },
    },
  };
}

export const quota = {
  ...{ apiVersion: "v1", kind: "ResourceQuota", metadata: { name: "team" } },
  spec: { hard: { "limits.cpu": "25m" } },
};
