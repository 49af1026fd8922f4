import { randomBytes } from "node:crypto";
import { mkdir } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { type LocustCommand, type LocustSettings, locustCommands, pluginVariables } from "../../../settings/locust";
import { locustVariables } from "../../../settings/locust-names";
import { type Endpoint, LocustClient, LocustRefused } from "../../engine/client";
import type { Scale } from "../../engine/plan";
import { pause } from "../../engine/timing";
import { RunnerError } from "../../errors";
import { exitCodes } from "../../types";
import { explainBoot, explainEnd, PortTakenError } from "../explain";
import { freePort, loopback, requirePort } from "../network";
import type { OpenOptions, Session } from "../place";
import { ManagedProcess } from "./process";

export interface LocalOptions extends OpenOptions {
  readonly settings: LocustSettings;
  /** Python of the environment that Locust is installed in. */
  readonly python: string;
  /** The plugin's folder and the script, as absolute paths. */
  readonly plugin: string;
  readonly script: string;
  /** Folder for the output of master and workers. */
  readonly logs: string;
  /** Port of Locust's web UI; a free one where undefined. */
  readonly webPort?: number | undefined;
}

const masterName = "master";

/** How long a process gets to end by itself, in ms; the master takes half a second to dismiss its workers. */
const endGrace = 3000;
/** How long the script's `quitting` listeners get at the end of a run, in ms. */
const quitGrace = 15_000;
/** How long the master may take to answer, in ms: importing Locust takes a second on a busy machine, a script may more. */
const bootLimit = 60_000;
/** Somebody else may take a port that was free a moment ago: then other ones are tried. */
const startAttempts = 3;

/**
 * Starts master and workers as processes of this machine, reachable from this machine only. Rejects with a RunnerError,
 * and then nothing is left running.
 */
export async function startLocal(options: LocalOptions): Promise<Session> {
  for (let attempt = 1; ; attempt++) {
    const { webPort } = options;
    const port = webPort === undefined ? await freePort() : await requirePort(webPort, "Locust's web UI");
    const session = new LocalSession(options, port);
    try {
      await session.start(port);
      return session;
    } catch (error) {
      await session.close();
      const again = error instanceof PortTakenError && webPort === undefined && attempt < startAttempts;
      if (!again) throw error;
    }
  }
}

class LocalSession implements Session {
  private readonly lost = new AbortController();
  private readonly failed = new AbortController();
  readonly masterLost = this.lost.signal;
  readonly startFailed = this.failed.signal;
  readonly workers: number;
  readonly endpoint: Endpoint;
  private readonly processes: ManagedProcess[] = [];
  scale: Scale | undefined;
  private closing: Promise<readonly string[]> | undefined;
  /** From then on the end of a process is no loss. */
  private over = false;

  constructor(
    private readonly options: LocalOptions,
    port: number,
  ) {
    this.workers = options.settings.workerReplicas;
    this.endpoint = { url: `http://${loopback}:${port}`, token: randomBytes(24).toString("base64url") };
  }

  async start(webPort: number): Promise<void> {
    const { settings, plugin, script, logs, signal, kill } = this.options;
    const commands = locustCommands(settings, {
      ...{ plugin, script: basename(script), bindHost: loopback, masterHost: loopback },
      ...{ masterPort: await freePort(), webPort },
    });
    await mkdir(logs, { recursive: true });
    const end = () => this.processes.map((child) => child.kill());
    kill.addEventListener("abort", end, { once: true });
    await this.spawn(masterName, commands.master, { [pluginVariables.token]: this.endpoint.token });
    const spawnWorkers = async (workers: number) => {
      for (let number = this.processes.length; number <= workers; number++) {
        const name = `worker-${number}`;
        await this.spawn(name, commands.worker, { [pluginVariables.workerName]: name });
      }
    };
    await spawnWorkers(this.workers);
    this.scale = { to: spawnWorkers };
    await this.waitForMaster(signal);
  }

  endedAt(name: string): number | undefined {
    return this.called(name)?.endedAt;
  }

  async whyLost(name: string): Promise<string | undefined> {
    const child = this.called(name);
    if (child === undefined) return undefined;
    if (child.alive) return "its process lives, and does not answer";
    return explainEnd(await child.output(), (await child.exited).how, dirname(this.options.script));
  }

  async quit(): Promise<number> {
    await this.stopAll(quitGrace);
    const exit = await this.called(masterName)?.exited;
    return exit?.code ?? 0;
  }

  close(): Promise<readonly string[]> {
    this.closing ??= this.stopAll(endGrace).then(() => []);
    return this.closing;
  }

  private called(name: string): ManagedProcess | undefined {
    return this.processes.find((child) => child.name === name);
  }

  private async stopAll(grace: number): Promise<void> {
    this.over = true;
    await Promise.all(this.processes.map((child) => child.stop(grace)));
  }

  private async spawn(name: string, command: LocustCommand, extra: Readonly<Record<string, string>>): Promise<void> {
    const { python, script, logs } = this.options;
    const child = await ManagedProcess.start({
      name,
      command: python,
      args: [...command.python, ...command.args],
      env: { ...withoutLocust(process.env), ...command.env, ...extra },
      // Data files beside the script are found by their relative names, here as in a pod.
      cwd: dirname(script),
      log: join(logs, `${name}.log`),
    });
    this.processes.push(child);
    void child.exited.then(({ how }) => this.explain(child, how));
  }

  /** Tells why a process has ended that should not have. */
  private async explain(child: ManagedProcess, how: string): Promise<void> {
    const { script } = this.options;
    // A master that cannot start dismisses its workers before it ends: it is the one to explain.
    if (child.name !== masterName && how === "exit code 0") await pause(2000, this.startFailed);
    if (this.over) return;
    const output = await child.output();
    this.failed.abort(explainBoot(output, { process: `Locust's ${child.name}`, how, script, log: child.log }));
    if (child.name === masterName) this.lost.abort(new Error(`it ended: ${explainEnd(output, how, dirname(script))}`));
  }

  private async waitForMaster(signal: AbortSignal): Promise<void> {
    const client = new LocustClient(this.endpoint, 1000);
    const deadline = performance.now() + bootLimit;
    const either = AbortSignal.any([signal, this.startFailed]);
    for (;;) {
      try {
        await client.status(either);
        return;
      } catch (error) {
        this.startFailed.throwIfAborted();
        if (signal.aborted) throw new RunnerError("interrupted while Locust was starting", exitCodes.aborted);
        if (error instanceof LocustRefused) throw new RunnerError(error.message, undefined, { cause: error });
        if (performance.now() > deadline) {
          throw new RunnerError(`Locust's master does not answer (${this.called(masterName)?.log})`);
        }
        await pause(20, either);
      }
    }
  }
}

/** Variables of this shell that would change Locust behind the settings' back: LOCUST_HOST, LOCUST_HEADLESS. */
function withoutLocust(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return Object.fromEntries(
    Object.entries(env).filter(([name]) => !locustVariables.has(name) && !name.startsWith("LOADTEST_")),
  );
}
