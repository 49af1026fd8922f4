/** nginx with one process on its own core: `/` answers at once, `/wait…` after 20 ms; plain and with TLS. */
import { execFile } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { promisify } from "node:util";
import { freePort, loopback } from "../../runner/places/network";
import type { DebianPrograms } from "./install";
import { cores, endProcess, machineCpu, makeFolder, removeFolder, spawnOn, usedBy } from "./processes";

/** What there is at one moment. */
export interface Sample {
  /** Seconds of a monotonic clock. */
  readonly at: number;
  /** Answers that the target has given, and seconds of CPU that it has used. */
  readonly requests: number;
  readonly targetCpu: number;
  /** The same of the process that makes the load, with its memory in bytes. */
  readonly cpu: number;
  readonly memory: number;
  /** Seconds of CPU of all processes of the machine. */
  readonly machine: number;
}

export interface Target {
  /** Without a path. */
  readonly plain: string;
  readonly tls: string;
  /** The certificate, as a file, and where it is served from. */
  readonly certificate: string;
  readonly certificateUrl: string;
  /** Gives a sample of the process that `watch` has named last. */
  readonly usageUrl: string;
  watch(pid: number): void;
  /** Waits until it has closed the connections of those that have ended. */
  settled(): Promise<void>;
  sample(): Promise<Sample>;
  close(): Promise<void>;
}

/** Users at most: within 20,000 open files, which is all that some systems let a process have. */
export const mostUsers = 18_000;
const openFiles = 20_000;

/** What `/wait` takes. */
export const waitSeconds = 0.02;

/** @throws Error where too few files may be open, or nginx does not answer */
export async function startTarget({ nginx, echoModule }: DebianPrograms): Promise<Target> {
  const limit = Number(/^Max open files +(\d+)/m.exec(readFileSync("/proc/self/limits", "utf8"))?.[1] ?? openFiles);
  if (limit < openFiles) throw new Error(`a process may have ${limit} open files: ulimit -n ${openFiles}`);
  const own = makeFolder();
  const [port, tlsPort, ownPort] = [await freePort(), await freePort(), await freePort()];
  const key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-keyout", join(own, "key.pem")];
  const name = ["-subj", "/CN=target", "-addext", `subjectAltName=IP:${loopback}`];
  const certificate = join(own, "cert.pem");
  await promisify(execFile)("openssl", ["req", "-x509", ...key, ...name, "-days", "30", "-out", certificate]);
  await writeFile(join(own, "nginx.conf"), configuration(own, echoModule, port, tlsPort, ownPort));
  const args = ["-p", own, "-e", "stderr", "-c", join(own, "nginx.conf")];
  const child = spawnOn(cores.target, nginx, args, { stdio: ["ignore", "ignore", "inherit"] });
  const plain = `http://${loopback}:${port}`;
  let watched = 0;
  const status = async () => parseStatus(await (await fetch(`http://${loopback}:${ownPort}/status`)).text());
  const sample = async (): Promise<Sample> => {
    const { requests: count } = await status();
    const { cpu: targetCpu } = usedBy(child.pid ?? 0);
    return { at: performance.now() / 1000, requests: count, targetCpu, ...usedBy(watched), machine: machineCpu() };
  };
  for (let left = 100; ; left--) {
    if (await status().catch(() => undefined)) break;
    if (left === 0 || child.exitCode !== null) {
      await endProcess(child, 2000);
      throw new Error("nginx does not answer");
    }
    await pause(50);
  }
  const usage = createServer((_, response) => {
    void sample().then((one) => response.end(JSON.stringify(one)));
  });
  await once(usage.listen(0, loopback), "listening");
  return {
    ...{ plain, tls: `https://${loopback}:${tlsPort}`, certificate, certificateUrl: `${plain}/cert.pem` },
    usageUrl: `http://${loopback}:${(usage.address() as AddressInfo).port}`,
    watch: (pid) => {
      watched = pid;
    },
    settled: async () => {
      for (let left = 100; left > 0 && (await status()).connections > 10; left--) await pause(100);
    },
    sample,
    close: async () => {
      usage.close();
      usage.closeAllConnections();
      await endProcess(child, 2000);
      removeFolder(own);
    },
  };
}

/** Open connections, and requests since its start, out of what nginx's stub_status says. Exported for its tests. */
export function parseStatus(text: string): { readonly connections: number; readonly requests: number } {
  const [, connections] = /^Active connections: (\d+)/m.exec(text) ?? [];
  const [, requests] = /^ *\d+ +\d+ +(\d+) *$/m.exec(text) ?? [];
  if (requests === undefined) throw new Error(`nginx says of itself: ${text}`);
  return { connections: Number(connections), requests: Number(requests) };
}

function configuration(own: string, echoModule: string, port: number, tlsPort: number, ownPort: number): string {
  const temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map(
    (name) => `${name}_temp_path ${own}/${name};`,
  );
  return `daemon off; master_process off; pid ${own}/pid; error_log stderr warn;
load_module ${echoModule};
worker_rlimit_nofile ${openFiles};
events { worker_connections ${openFiles - 100}; }
http {
  access_log off; tcp_nodelay on; keepalive_timeout 3600s; keepalive_requests 1000000000;
  ${temporary.join(" ")}
  server {
    listen ${loopback}:${port} backlog=8192; listen ${loopback}:${tlsPort} ssl backlog=8192;
    ssl_certificate ${own}/cert.pem; ssl_certificate_key ${own}/key.pem;
    default_type text/plain;
    location = / { return 200 "hello"; }
    location /wait { echo_sleep ${waitSeconds}; echo_exec @hello; }
    location @hello { return 200 "hello"; }
    location = /cert.pem { root ${own}; }
  }
  # On its own port: where thousands connect at once, the queue of the others is full.
  server { listen ${loopback}:${ownPort}; location = /status { stub_status; } }
}
`;
}
