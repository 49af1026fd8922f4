import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { request as httpRequest, type IncomingHttpHeaders } from "node:http";
import type { Socket } from "node:net";
import { createServer } from "node:net";
import { join } from "node:path";
import type { LocustStatus } from "../../runner/types";
import { scriptText } from "../../settings/locust";
import { type Probe, poll } from "../support/poll";
import { testPython } from "../support/python";

export { sleep } from "../support/processes";

export const root = join(__dirname, "../..");
export const fixtures = join(__dirname, "fixtures");
export const scripts = join(root, "locust/scripts");
const plugin = join(root, "locust/plugin/loadtest/__main__.py");
export const token = "secret-token-of-this-test-0123456789";

/** A started process with what it has written so far. */
export interface Running {
  readonly child: ChildProcess;
  /** Standard output and error, as they came. */
  output(): string;
  /** Closes this side of the descriptor that `LOADTEST_LIFELINE_FD` names. */
  cut(): void;
  /** Exit code or signal. */
  readonly ended: Promise<number | NodeJS.Signals>;
}

const running = new Set<Running>();

/** Starts a process with a lifeline on descriptor 3. */
export function start(command: string, args: readonly string[], env: Record<string, string> = {}): Running {
  const child = spawn(command, args, {
    stdio: ["ignore", "pipe", "pipe", "pipe"],
    env: { ...process.env, LOADTEST_LIFELINE_FD: "3", ...env },
  });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding("utf8").on("data", (text: string) => {
      output += text;
    });
  }
  const lifeline = child.stdio[3] as Socket;
  lifeline.on("error", () => {});
  const started: Running = {
    child,
    output: () => output,
    cut: () => lifeline.destroy(),
    ended: once(child, "close").then(([code, signal]) => {
      running.delete(started);
      return signal ?? code;
    }),
  };
  running.add(started);
  return started;
}

/** Kills, by process id, everything that `start` started and that still runs. */
export async function stopAll(): Promise<void> {
  const left = [...running];
  for (const { child } of left) child.kill("SIGKILL");
  await Promise.all(left.map(({ ended }) => ended));
}

/** Starts Locust with the plugin and a script; the log goes to `output()`. */
export async function startLocust(
  script: string,
  args: readonly string[],
  env: Record<string, string> = {},
): Promise<Running> {
  return start(await testPython(), ["-P", plugin, ...args], {
    LOADTEST_SCRIPT: scriptText({ script, scriptArguments: {} }),
    PYTHONDONTWRITEBYTECODE: "1",
    PYTHONUNBUFFERED: "1",
    ...env,
  });
}

export interface Master extends Running {
  readonly webPort: number;
  readonly port: number;
}

/** Starts a master with its web page on a free port of 127.0.0.1 and waits until it answers. */
export async function startMaster(
  script: string,
  args: readonly string[] = [],
  env: Record<string, string> = {},
): Promise<Master> {
  const [webPort, port] = await Promise.all([freePort(), freePort()]);
  const master = await startLocust(
    script,
    ["--master", "--master-bind-host", "127.0.0.1", "--master-bind-port", `${port}`]
      .concat(["--web-host", "127.0.0.1", "--web-port", `${webPort}`])
      .concat(args),
    { LOADTEST_TOKEN: token, ...env },
  );
  const up = await until(
    () => ask(webPort, "GET", "/worker-count").catch(() => undefined),
    "the master's page",
    master,
  );
  if (up.status !== 200) throw new Error(`/worker-count answered ${up.status}`);
  return { ...master, webPort, port };
}

export function startWorker(
  master: Master,
  script: string,
  name: string,
  env: Record<string, string> = {},
): Promise<Running> {
  return startLocust(script, ["--worker", "--master-host", "127.0.0.1", "--master-port", `${master.port}`], {
    LOADTEST_WORKER_NAME: name,
    ...env,
  });
}

export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** One HTTP request on its own connection; any header, Host and Origin too, can be set. */
export function ask(
  port: number,
  method: string,
  path: string,
  headers: Record<string, string> = {},
  body = "",
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const request = httpRequest({ host: "127.0.0.1", port, method, path, headers, agent: false }, (response) => {
      let text = "";
      response.setEncoding("utf8").on("data", (part: string) => {
        text += part;
      });
      response.on("end", () => resolve({ status: response.statusCode ?? 0, headers: response.headers, body: text }));
    });
    request.on("error", reject);
    request.setTimeout(20_000, () => request.destroy(new Error(`${method} ${path}: no answer`)));
    request.end(body);
  });
}

/** POST of a form with the token, as the command line does it. */
export function post(port: number, path: string, form: Record<string, string> = {}): Promise<Answer> {
  const headers = { authorization: `Bearer ${token}`, "content-type": "application/x-www-form-urlencoded" };
  return ask(port, "POST", path, headers, new URLSearchParams(form).toString());
}

export async function status(master: Master): Promise<LocustStatus> {
  const answer = await ask(master.webPort, "GET", "/loadtest/status");
  if (answer.status !== 200) throw new Error(`/loadtest/status answered ${answer.status}: ${answer.body}`);
  return JSON.parse(answer.body);
}

/** Polls until `probe` gives something; fails after 30 s with what the process wrote. */
export function until<T>(probe: Probe<T>, what: string, process?: Running): Promise<T> {
  const problem = () => `Waited in vain for ${what}\n${process?.output() ?? ""}`;
  return poll(probe, { limit: 30_000, every: 50, problem });
}

/** Polls the status until it is as asked; fails as `until` does. */
export type StatusWaiter = (is: (now: LocustStatus) => boolean, what: string) => Promise<LocustStatus>;

/**
 * @param read gives the status of the master of the test that is going on
 * @param master that master
 */
export function statusWaiter(read: () => Promise<LocustStatus>, master: () => Master): StatusWaiter {
  return (is, what) => {
    const probe = async () => {
      const now = await read();
      return is(now) && now;
    };
    return until(probe, what, master());
  };
}

export async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  server.close();
  await once(server, "close");
  if (address === null || typeof address === "string") throw new Error("no port");
  return address.port;
}
