/** A small target inside the cluster, so that the test needs nobody's address, and no load leaves the network. */
import type { V1Pod, V1Service } from "@kubernetes/client-node";
import { pause } from "../../runner/engine/timing";
import { connectCluster } from "../../runner/places/kubernetes/api/connect";
import { locustImage } from "../../settings/locust";

const name = "acceptance-target";
/** Its pods run on Fargate in every FargateCluster. */
const namespace = "default";
const port = 8000;

export const targetUrl = `http://${name}.${namespace}.svc.cluster.local:${port}`;

const source = `
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        self.send_response(200)
        self.send_header("Content-Length", "5")
        self.end_headers()
        self.wfile.write(b"hello")

    def log_message(self, *_):
        pass

server = ThreadingHTTPServer(("", ${port}), Handler)
server.daemon_threads = True
server.serve_forever()
`;

const pod: V1Pod = {
  metadata: { name, labels: { app: name } },
  spec: {
    terminationGracePeriodSeconds: 1,
    containers: [
      {
        ...{ name: "target", image: locustImage, imagePullPolicy: "IfNotPresent", command: ["python", "-c", source] },
        readinessProbe: { tcpSocket: { port }, periodSeconds: 1 },
        resources: { requests: { cpu: "250m", memory: "256Mi" }, limits: { cpu: "250m", memory: "256Mi" } },
      },
    ],
  },
};
const service: V1Service = { metadata: { name }, spec: { selector: { app: name }, ports: [{ port }] } };

/** Makes the target and waits until it answers. Rejects where it does not within five minutes. */
export async function startTarget(kubeconfig: string): Promise<void> {
  const cluster = await connectCluster({ kubeconfig, namespace });
  await cluster.call(`make Pod ${name}`, () => cluster.core.createNamespacedPod({ namespace, body: pod }));
  await cluster.call(`make Service ${name}`, () => cluster.core.createNamespacedService({ namespace, body: service }));
  for (const end = Date.now() + 300_000; Date.now() < end; await pause(1000)) {
    const { status } = await cluster.call(`read Pod ${name}`, () =>
      cluster.core.readNamespacedPod({ namespace, name }),
    );
    if (status?.conditions?.some(({ type, status }) => type === "Ready" && status === "True")) return;
  }
  throw new Error(`Pod ${name} is not ready after five minutes`);
}

/** Deletes the target, and waits until it is gone. */
export async function stopTarget(kubeconfig: string): Promise<void> {
  const cluster = await connectCluster({ kubeconfig, namespace });
  const { core } = cluster;
  await cluster.find(`delete Service ${name}`, () => core.deleteNamespacedService({ namespace, name }));
  await cluster.find(`delete Pod ${name}`, () => core.deleteNamespacedPod({ namespace, name }));
  for (const end = Date.now() + 60_000; Date.now() < end; await pause(500)) {
    if ((await cluster.find(`read Pod ${name}`, () => core.readNamespacedPod({ namespace, name }))) === undefined)
      return;
  }
}
