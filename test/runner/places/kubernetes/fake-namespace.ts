import type { IncomingMessage, ServerResponse } from "node:http";
import { connect } from "node:net";
import type { V1ConfigMap, V1Deployment, V1Pod, V1ReplicaSet } from "@kubernetes/client-node";
import type { Cluster } from "../../../../runner/places/kubernetes/api/cluster";
import { readDeployed } from "../../../../runner/places/kubernetes/deployed/deployed";
import { FakeApi, refuse } from "./api/fake-api";
import { type Described, deployment } from "./deployed/deployments";
import { patched } from "./deployed/json-patch";
import { FakeLeases } from "./lock/fake-leases";
import { readyPod, replicaSet } from "./pods";

export const names = { control: "locust-control", worker: "locust-worker" };

/** Namespace `load` of an API server: a deployed test whose pods are what a test says. */
export class FakeNamespace {
  readonly deployments = new Map<string, V1Deployment>();
  readonly pods = new Map<string, V1Pod[]>();
  readonly replicaSets: V1ReplicaSet[] = [];
  readonly configMaps: V1ConfigMap[] = [];
  readonly leases = new FakeLeases();
  /** Changes that were made: `PATCH locust-worker/scale`. */
  readonly changes: string[] = [];
  /** Cuts every connection, as an API server that restarts does. */
  away = false;
  /** Called before each answer; true where it has answered. */
  onCall: (request: IncomingMessage, response: ServerResponse) => boolean = () => false;

  private constructor(
    readonly api: FakeApi,
    readonly cluster: Cluster,
  ) {
    this.deploy("a.py", 2);
    api.onCall = (request, response) =>
      // What throws is a patch that does not fit.
      void this.answer(request, response).catch((error: Error) => refuse(response, 422, error.message));
  }

  static async start(): Promise<FakeNamespace> {
    const { connectCluster } = await import("../../../../runner/places/kubernetes/api/connect.js");
    const api = await FakeApi.start();
    const cluster = await connectCluster({ kubeconfig: api.kubeconfig, namespace: "load" }, {});
    const namespace = new FakeNamespace(api, cluster);
    Object.assign(cluster, { coordination: namespace.leases });
    return namespace;
  }

  /** How many calls were made. */
  get calls(): number {
    return this.api.calls.length;
  }

  get worker(): V1Deployment {
    return this.deployments.get(names.worker) as V1Deployment;
  }

  get control(): V1Deployment {
    return this.deployments.get(names.control) as V1Deployment;
  }

  get deployed() {
    return readDeployed(this.control, this.worker);
  }

  /** Both Deployments anew, all of whose pods are ready. */
  deploy(script: string, workers: number, described: Described = {}): void {
    for (const name of [names.control, names.worker]) {
      const replicas = name === names.control ? 1 : workers;
      const made = deployment(name, { script, ...described });
      this.deployments.set(name, {
        ...made,
        metadata: { ...made.metadata, generation: 1 },
        spec: { ...(made.spec as NonNullable<typeof made.spec>), replicas },
        status: { observedGeneration: 1, updatedReplicas: replicas },
      });
      this.replicaSets.push({
        ...replicaSet(`set-${name}`),
        metadata: {
          ...replicaSet(`set-${name}`).metadata,
          ownerReferences: [
            { apiVersion: "apps/v1", kind: "Deployment", name, uid: made.metadata?.uid ?? "", controller: true },
          ],
        },
      });
      this.pods.set(
        name,
        Array.from({ length: replicas }, (_, index) =>
          readyPod({ name: `${name}-${index + 1}`, owner: `set-${name}` }),
        ),
      );
    }
  }

  /** Says how many pods of a Deployment there are to be, and that its controller has seen it. */
  scaled(name: string, replicas: number): void {
    const now = this.deployments.get(name) as V1Deployment;
    this.deployments.set(name, {
      ...now,
      spec: { ...(now.spec as NonNullable<typeof now.spec>), replicas },
      status: { ...now.status, updatedReplicas: replicas },
    });
  }

  /** Lets port-forwards into a pod lead to a port of this machine. */
  forwardTo(port: number): void {
    this.api.onForward = (side) => {
      const socket = connect({ port, host: "127.0.0.1" });
      side.on("message", (frame) => frame[0] === 0 && socket.write(frame.subarray(1)));
      side.on("close", () => socket.destroy());
      socket.on("data", (data) => side.send(Buffer.concat([Buffer.from([0]), data])));
      socket.on("error", () => side.terminate());
      socket.on("close", () => side.close(1000));
    };
  }

  /** Names of the pods that were forwarded into. */
  get forwarded(): (string | undefined)[] {
    return this.api.calls.flatMap((path) => /\/pods\/([^/]+)\/portforward/.exec(path)?.[1] ?? []);
  }

  close(): Promise<void> {
    return this.api.close();
  }

  private async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    let body = "";
    for await (const chunk of request) body += String(chunk);
    if (this.away) return void request.socket.destroy();
    if (this.onCall(request, response)) return;
    const { pathname, searchParams } = new URL(request.url ?? "", "http://x");
    const [kind = "", name = "", sub] = pathname.replace(/^.*\/namespaces\/load\//, "").split("/");
    const json = (value: unknown) =>
      response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify(value));
    if (kind === "deployments") {
      const found = this.deployments.get(name);
      if (found === undefined) return refuse(response, 404, `deployments.apps "${name}" not found`);
      if (request.method === "GET") return void json(found);
      this.changes.push(`PATCH ${name}${sub === undefined ? "" : `/${sub}`}`);
      if (sub === "scale") return void json(this.patchScale(found, JSON.parse(body)));
      const changed = patched(found, JSON.parse(body));
      this.deployments.set(name, changed);
      return void json(changed);
    }
    if (kind === "leases") return this.answerLease(request.method ?? "", body, json, response);
    const owner = searchParams.get("labelSelector")?.replace("app=", "") ?? "";
    if (kind === "pods") return void json({ items: this.pods.get(owner) ?? [] });
    if (kind === "replicasets") return void json({ items: this.replicaSets });
    if (kind === "events") return void json({ items: [] });
    const map = this.configMaps.find(({ metadata }) => metadata?.name === name);
    if (kind === "configmaps" && map !== undefined) return void json(map);
    if (kind === "secrets" && name === "the-token") {
      return void json({ data: { token: Buffer.from("secret-token").toString("base64") } });
    }
    refuse(response, 404, `${kind} "${name}" not found`);
  }

  private async answerLease(
    method: string,
    text: string,
    json: (value: unknown) => void,
    response: ServerResponse,
  ): Promise<void> {
    const body = text === "" ? {} : JSON.parse(text);
    try {
      if (method === "POST") json(await this.leases.createNamespacedLease({ body }));
      else if (method === "PUT") json(await this.leases.replaceNamespacedLease({ body }));
      else if (method === "DELETE") json(await this.leases.deleteNamespacedLease({ body } as never));
      else json(await this.leases.readNamespacedLease());
    } catch (error) {
      const { code, body: why } = error as { code: number; body: string };
      refuse(response, code, JSON.parse(why).message);
    }
  }

  /** The API server leaves a number out that is 0. */
  private patchScale(found: V1Deployment, operations: Parameters<typeof patched>[1]): object {
    const replicas = found.spec?.replicas ?? 0;
    const scale = patched({ spec: replicas === 0 ? {} : { replicas } }, operations);
    this.scaled(found.metadata?.name ?? "", scale.spec.replicas ?? 0);
    return scale;
  }
}
