/** The namespace that benchmarks work in, with the target, and pods that come and go. */
import { execFileSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { join } from "node:path";
import { readFiles, readPlugin } from "../../components/locust/scripts";
import { apply, deleteNamespace, kubectl, until, withPort } from "../../test/support/cluster";
import { type BenchPod, configMaps, targetImage, targetPod } from "./pods";

const python = join(__dirname, "python");

/** Made by `make`; `remove` deletes it with all that is in it. */
export class BenchNamespace {
  /** What changes on the masters need. */
  readonly token = randomBytes(16).toString("hex");
  /** Address of the target's pod. */
  targetIp = "";

  constructor(readonly name: string) {}

  make(): void {
    apply("default", { apiVersion: "v1", kind: "Namespace", metadata: { name: this.name } });
    const configMap = (name: string, content: object) => ({
      ...{ apiVersion: "v1", kind: "ConfigMap", metadata: { name } },
      ...content,
    });
    const items = [
      configMap(configMaps.plugin, readPlugin()),
      configMap(configMaps.scripts, readFiles(python)),
      targetPod(),
    ];
    // Not applied: the plugin is too long for the annotation in which `kubectl apply` keeps it.
    kubectl(this.name, ["create", "--filename", "-"], JSON.stringify({ apiVersion: "v1", kind: "List", items }));
    kubectl(this.name, ["wait", "--for=condition=Ready", "pod/target", "--timeout=60s"]);
    this.targetIp = kubectl(this.name, ["get", "pod", "target", "--output", "jsonpath={.status.podIP}"]);
  }

  remove(): void {
    deleteNamespace(this.name);
  }

  /** Has a pod for as long as something is done with ports of it. */
  async withPod<T>(pod: BenchPod, ports: readonly number[], work: (urls: readonly string[]) => Promise<T>): Promise<T> {
    apply(this.name, ...pod.objects);
    try {
      await this.ready(pod.name, 120);
      return await this.forwarded(pod.name, ports, [], work);
    } catch (error) {
      console.error(this.logs(pod.name));
      throw error;
    } finally {
      kubectl(this.name, ["delete", "pod", pod.name, "--wait=true"]);
    }
  }

  /** Waits until all containers of a pod run, for so many seconds at most. */
  ready(pod: string, seconds: number): Promise<void> {
    return until(`pod ${pod}`, () => this.isReady(pod), seconds);
  }

  /** How often a container of a pod has come anew, and why it ended before, in Kubernetes' words: `OOMKilled`. */
  latestEnd(pod: string, container: string): { readonly restarts: number; readonly reason: string } {
    const status = `.status.containerStatuses[?(@.name=="${container}")]`;
    const path = `jsonpath={${status}.restartCount} {${status}.lastState.terminated.reason}`;
    const [restarts, reason = ""] = kubectl(this.name, ["get", "pod", pod, "--output", path]).split(" ");
    return { restarts: Number(restarts), reason };
  }

  private forwarded<T>(
    service: string,
    [port, ...others]: readonly number[],
    urls: readonly string[],
    work: (urls: readonly string[]) => Promise<T>,
  ): Promise<T> {
    if (port === undefined) return work(urls);
    return withPort(this.name, service, port, (url) => this.forwarded(service, others, [...urls, url], work));
  }

  private isReady(name: string): boolean {
    const path = 'jsonpath={.status.conditions[?(@.type=="Ready")].status} {.status.phase}';
    const [ready, phase] = kubectl(this.name, ["get", "pod", name, "--output", path]).split(" ");
    if (phase === "Failed" || phase === "Succeeded") throw new Error(`pod ${name} has ended`);
    return ready === "True";
  }

  private logs(name: string): string {
    try {
      return kubectl(this.name, ["logs", name, "--all-containers", "--prefix", "--tail=30"]);
    } catch (error) {
      return String(error);
    }
  }
}

/**
 * Builds the target's image and loads it into the cluster.
 *
 * @param loader a program that takes a folder with a Dockerfile and a tag
 */
export function buildTarget(loader: string): void {
  execFileSync(loader, [python, targetImage], { stdio: ["ignore", "inherit", "inherit"], timeout: 540_000 });
}
