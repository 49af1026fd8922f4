/** Locust's worker on a core of its own, with its master beside the target; with this project's plugin, or as it comes. */
import { randomBytes } from "node:crypto";
import { closeSync, openSync } from "node:fs";
import { copyFile, readFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { freePort, loopback } from "../../runner/places/network";
import { type LocustCommand, locustCommands } from "../../settings/locust";
import type { Configuration } from "./configurations";
import { cores, endProcess, makeFolder, removeFolder, spawnOn, usedBy } from "./processes";
import type { Target } from "./target";
import { type Load, type Order, type RawWindow, toLocustWindow, type Window } from "./window";

const root = join(__dirname, "..", "..");
const script = "bench_users.py";
/** With TLS, handshakes have this share of the core while users come. */
const handshakeShare = 0.8;

/** Starts both, and ends them after the work. */
export async function withLocust<T>(
  configuration: Configuration,
  { target, python }: { readonly target: Target; readonly python: string },
  work: (load: Load) => Promise<T>,
): Promise<T> {
  const folder = makeFolder();
  const token = randomBytes(24).toString("base64url");
  const [master, worker, webPort] = await commandsOf(configuration, target, folder);
  const started = [
    start(cores.target, "master", { ...master, env: { ...master.env, LOADTEST_TOKEN: token } }, folder, python),
    start(cores.load, "worker", worker, folder, python),
  ];
  const pid = started[1]?.pid ?? 0;
  target.watch(pid);
  // Nobody knows yet how many users a second it can connect.
  let spawnRate: number | undefined = configuration.tls ? undefined : 0;
  // Users that were answered late are behind by that much.
  let behind = 0;
  const measure: Load = async (order) => {
    const pace = paceOf(configuration, order, behind, spawnRate);
    const window = await ask(`http://${loopback}:${webPort}`, token, configuration, target, order, pace);
    behind = Math.min(15, (window.p99 / 1000) * 2);
    return window;
  };
  const load: Load = async (order) => {
    if (spawnRate === undefined) {
      // The first ones tell it, and are still connecting where they were too many at once.
      const before = usedBy(pid).cpu;
      await measure(order);
      spawnRate = handshakesASecond(order.users, usedBy(pid).cpu - before);
    }
    return measure(order);
  };
  try {
    await untilAnswers(`http://${loopback}:${webPort}/loadtest/status`);
    return await work(load);
  } catch (error) {
    const said = await Promise.all(["master", "worker"].map((name) => readFile(join(folder, name), "utf8")));
    throw new Error(`${error}\n${said.map((text) => text.slice(-1000)).join("\n")}`);
  } finally {
    await Promise.all(started.toReversed().map((child) => endProcess(child, 3000)));
    removeFolder(folder);
  }
}

/** Users a second, by the CPU that the first ones took with all they did. Exported for its tests. */
export function handshakesASecond(users: number, cpu: number): number {
  return Math.min(400, Math.max(15, Math.round((handshakeShare * users) / cpu)));
}

async function commandsOf({ tool, tls }: Configuration, target: Target, folder: string) {
  // Its folder comes first on Python's path: all that the script imports has to be there.
  const own = join(__dirname, "python", "bench_usage.py");
  const shared = [script, "bench_control.py"].map((name) => join(root, "bench", "cluster", "python", name));
  for (const file of [own, ...shared]) await copyFile(file, join(folder, file.slice(file.lastIndexOf("/") + 1)));
  const placement = {
    ...{ plugin: join(root, "locust", "plugin", "loadtest"), bindHost: loopback, masterHost: loopback },
    ...{ masterPort: await freePort(), webPort: await freePort() },
  };
  const environment = {
    BENCH_USER: tool.includes("FastHttpUser") ? "FastHttpUser" : "HttpUser",
    ...(tls && { BENCH_TARGET: target.certificateUrl }),
  };
  const settings = { ...{ users: 1, spawnRate: 1, runTime: "1h", workerReplicas: 1, autostart: false }, environment };
  const { worker } = locustCommands(settings, { ...placement, script });
  const { master } = locustCommands(settings, { ...placement, script: `${script},bench_control.py` });
  const plain = { ...worker, python: ["-P", "-m", "locust"], args: ["-f", script, ...worker.args] };
  return [master, tool.startsWith("Locust") ? plain : worker, placement.webPort] as const;
}

function start(core: number, name: string, { python, args, env }: LocustCommand, folder: string, program: string) {
  const log = openSync(join(folder, name), "w");
  const path = { PATH: process.env.PATH, HOME: folder, TMPDIR: folder };
  const options = { cwd: folder, env: { ...path, ...env }, stdio: ["ignore", log, log] as ["ignore", number, number] };
  const child = spawnOn(core, program, [...python, ...args], options);
  closeSync(log);
  return child;
}

async function untilAnswers(url: string): Promise<void> {
  for (let left = 300; left > 0; left--) {
    if (
      await fetch(url).then(
        ({ ok }) => ok,
        () => false,
      )
    )
      return;
    await pause(100);
  }
  throw new Error("Locust's master does not answer");
}

function paceOf(
  { tls }: Configuration,
  { kind, users, seconds }: Order,
  behind: number,
  handshakes: number | undefined,
) {
  const spawnRate = tls ? (handshakes ?? 200) : Math.max(100, Math.round(users / 4));
  const patience = users / spawnRate + 60;
  return kind === "busy"
    ? { userClass: "BusyUser", spawnRate, patience, settle: 3 + behind, samples: 0, least: seconds, most: seconds }
    : {
        userClass: "CalmUser",
        spawnRate,
        patience,
        settle: 3 + behind,
        samples: 200,
        least: seconds,
        most: seconds + 1,
      };
}

async function ask(
  url: string,
  token: string,
  { tls }: Configuration,
  target: Target,
  order: Order,
  pace: ReturnType<typeof paceOf>,
): Promise<Window> {
  const host = tls ? target.tls : target.plain;
  const whole = { users: order.users, ...pace, host, target: target.usageUrl, workers: 1 };
  const response = await fetch(`${url}/bench/window`, {
    method: "POST",
    headers: { authorization: `Bearer ${token}` },
    body: new URLSearchParams({ order: JSON.stringify(whole) }),
  });
  const text = await response.text();
  if (!response.ok) throw new Error(`the master answers ${response.status}: ${text.slice(0, 500)}`);
  const answer = JSON.parse(text) as RawWindow | { readonly lost: true };
  if ("lost" in answer) throw new Error(`the worker was lost with ${order.users} users`);
  return toLocustWindow(order, answer);
}
