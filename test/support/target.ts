import { apply, kubectl, withPort } from "./cluster";

/** What a target has answered since it started. */
export interface Counts {
  readonly requests: number;
  readonly failures: number;
}

/**
 * Counts each answer, also when its client has gone; `/slow` takes half a second, `/fails` is an error, `/queue` has five
 * servers that take 50 ms for each request, so that it answers 100 a second and no more.
 */
const source = `
import json, threading, time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

counts = {"requests": 0, "failures": 0}
lock = threading.Lock()
free = [0.0] * 5

def queue():
    with lock:
        now = time.monotonic()
        free.sort()
        free[0] = max(free[0], now) + 0.05
        return free[0] - now

class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        if self.path == "/-/counts":
            return self.answer(200, json.dumps(counts))
        with lock:
            counts["requests"] += 1
            counts["failures"] += self.path == "/fails"
        if self.path == "/slow":
            time.sleep(0.5)
        if self.path == "/queue":
            time.sleep(queue())
        self.answer(500 if self.path == "/fails" else 200, "hello")

    def answer(self, status, text):
        body = text.encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass

server = ThreadingHTTPServer(("", 8000), Handler)
server.daemon_threads = True
server.serve_forever()
`;

/** The address that other pods know the target in a namespace by. */
export function targetIn(namespace: string): string {
  return `http://target.${namespace}.svc.cluster.local:8000`;
}

/** Starts a target as a pod with a Service. */
export function startTarget(namespace: string): void {
  const labels = { app: "target" };
  const pod = {
    ...{ apiVersion: "v1", kind: "Pod", metadata: { name: "target", labels } },
    spec: {
      securityContext: { runAsNonRoot: true, runAsUser: 1000, seccompProfile: { type: "RuntimeDefault" } },
      containers: [
        {
          ...{ name: "target", image: "docker.io/locustio/locust:2.47.0", imagePullPolicy: "IfNotPresent" },
          command: ["python", "-c", source],
          readinessProbe: { tcpSocket: { port: 8000 }, periodSeconds: 1 },
          resources: { requests: { cpu: "50m", memory: "64Mi" } },
          securityContext: { allowPrivilegeEscalation: false, capabilities: { drop: ["ALL"] } },
        },
      ],
    },
  };
  const service = {
    ...{ apiVersion: "v1", kind: "Service", metadata: { name: "target" } },
    spec: { selector: labels, ports: [{ port: 8000 }] },
  };
  apply(namespace, pod, service);
  kubectl(namespace, ["wait", "--for=condition=Ready", "pod/target", "--timeout=60s"]);
}

/** What the target in a namespace has counted. */
export function countsOf(namespace: string): Promise<Counts> {
  return withPort(namespace, "target", 8000, async (url) => (await (await fetch(`${url}/-/counts`)).json()) as Counts);
}

/** What the target in a namespace counts more while something is done. */
export async function countedIn(namespace: string, work: () => Promise<void>): Promise<Counts> {
  const before = await countsOf(namespace);
  await work();
  const after = await countsOf(namespace);
  return { requests: after.requests - before.requests, failures: after.failures - before.failures };
}
