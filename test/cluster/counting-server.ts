import { apply, kubectl, livePods } from "../support/cluster";

/** A small web server for a pod. It counts, tells hashes, logs lines and stops in the middle of an answer. */
const server = `
import hashlib, json, sys, time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

count = 0

class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def do_GET(self):
        global count
        count += 1
        path, _, number = self.path.partition("?")
        if path == "/bytes":
            self.answer(bytes(range(256)) * (int(number) // 256))
        elif path == "/half":
            self.send_response(200)
            self.send_header("content-length", "8")
            self.end_headers()
            self.wfile.write(b"half")
            time.sleep(60)
        elif path == "/log":
            for line in range(int(number)):
                print(f"line {line}", flush=True)
            self.answer(b"done")
        elif path == "/exit":
            print("bye", end="", flush=True)
            import os
            os._exit(0)
        else:
            self.answer(json.dumps({"count": count}).encode())

    def do_POST(self):
        digest, left = hashlib.sha256(), int(self.headers["content-length"])
        while left > 0:
            piece = self.rfile.read(min(left, 65536))
            digest.update(piece)
            left -= len(piece)
        self.answer(digest.hexdigest().encode())

    def answer(self, body):
        self.send_response(200)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass

print("up", flush=True)
ThreadingHTTPServer(("127.0.0.1", 8089), Handler).serve_forever()
`;

const labels = { "app.kubernetes.io/name": "counting" };

/** Starts the server in a namespace: one pod of a Deployment, ready. */
export function startServer(namespace: string): void {
  const container = {
    ...{ name: "locust", image: "docker.io/locustio/locust:2.47.0", imagePullPolicy: "IfNotPresent" },
    command: ["python", "-c", server],
    readinessProbe: { exec: { command: ["grep", "-q", ":1F99 ", "/proc/net/tcp"] }, periodSeconds: 1 },
    resources: { requests: { cpu: "50m", memory: "64Mi" }, limits: { memory: "128Mi" } },
    securityContext: { allowPrivilegeEscalation: false, runAsNonRoot: true, runAsUser: 1000 },
  };
  const spec = { terminationGracePeriodSeconds: 0, containers: [container] };
  const deployment = {
    ...{ apiVersion: "apps/v1", kind: "Deployment", metadata: { name: "counting" } },
    spec: { replicas: 1, selector: { matchLabels: labels }, template: { metadata: { labels }, spec } },
  };
  apply(namespace, deployment);
  waitUntilReady(namespace);
}

export function waitUntilReady(namespace: string): void {
  kubectl(namespace, ["rollout", "status", "deployment/counting", "--timeout=60s"]);
}

/** The pod of the server that is there to stay. */
export function podName(namespace: string): string {
  return livePods(namespace)[0]?.metadata.name ?? "none";
}
