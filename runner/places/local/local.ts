import { randomBytes } from "node:crypto";
import { mkdir } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { type LocustCommand, type LocustSettings, locustCommands, pluginVariables } from "../../../settings/locust";
import { locustVariables } from "../../../settings/locust-names";
import { LocustClient, LocustRefused } from "../../engine/client";
import { pause } from "../../engine/timing";
import { RunnerError } from "../../errors";
import { exitCodes } from "../../types";
import { explainBoot, explainEnd, PortTakenError } from "../explain";
import type { OpenOptions, Place, Session } from "../place";
import { freePort, loopback, requirePort } from "../ports";
import { ManagedProcess } from "./process";

export interface LocalPlaceOptions {
  readonly settings: LocustSettings;
  /** Python of the environment that Locust is installed in. */
  readonly python: string;
  /** The plugin's entry and the script, as absolute paths. */
  readonly plugin: string;
  readonly script: string;
  /** Folder for the output of master and workers. */
  readonly logs: string;
  /** Port of Locust's page; a free one where undefined. */
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

/** Master and workers as processes of this machine, reachable from this machine only. */
export class LocalPlace implements Place {
  readonly kind = "local";

  constructor(private readonly options: LocalPlaceOptions) {}

  async open(options: OpenOptions): Promise<Session> {
    for (let attempt = 1; ; attempt++) {
      try {
        return await this.start(options);
      } catch (error) {
        const again = error instanceof PortTakenError && this.options.webPort === undefined && attempt < startAttempts;
        if (!again) throw error;
      }
    }
  }

  private async start({ signal, kill }: OpenOptions): Promise<Session> {
    const { settings, webPort, plugin, script } = this.options;
    const token = randomBytes(24).toString("base64url");
    const web = webPort === undefined ? await freePort() : await requirePort(webPort, "Locust's page");
    const commands = locustCommands(settings, {
      ...{ plugin, script: basename(script), bindHost: loopback, masterHost: loopback },
      ...{ masterPort: await freePort(), webPort: web },
    });
    await mkdir(this.options.logs, { recursive: true });
    const session = new LocalSession({ url: `http://${loopback}:${web}`, token }, settings.workerReplicas, script);
    kill.addEventListener("abort", () => session.kill(), { once: true });
    try {
      session.add(await this.spawn(masterName, commands.master, { [pluginVariables.token]: token }));
      for (let number = 1; number <= settings.workerReplicas; number++) {
        const name = `worker-${number}`;
        session.add(await this.spawn(name, commands.worker, { [pluginVariables.workerName]: name }));
      }
      await session.waitForMaster(signal);
      return session;
    } catch (error) {
      await session.close();
      throw error;
    }
  }

  private spawn(
    name: string,
    command: LocustCommand,
    extra: Readonly<Record<string, string>>,
  ): Promise<ManagedProcess> {
    return ManagedProcess.start({
      name,
      command: this.options.python,
      args: [...command.python, ...command.args],
      env: { ...withoutLocust(process.env), ...command.env, ...extra },
      // Data files beside the script are found by their relative names, here as in a pod.
      cwd: dirname(this.options.script),
      log: join(this.options.logs, `${name}.log`),
    });
  }
}

class LocalSession implements Session {
  private readonly lost = new AbortController();
  private readonly failed = new AbortController();
  private closing: Promise<readonly string[]> | undefined;
  /** From then on the end of a process is no loss. */
  private over = false;
  readonly masterLost = this.lost.signal;
  readonly startFailed = this.failed.signal;
  private readonly processes: ManagedProcess[] = [];

  constructor(
    readonly endpoint: { url: string; token: string },
    readonly workers: number,
    private readonly script: string,
  ) {}

  add(child: ManagedProcess): void {
    this.processes.push(child);
    void child.exited.then(async (exit) => {
      // A master that cannot start dismisses its workers before it ends: it is the one to explain.
      if (child.name !== masterName && exit.how === "exit code 0") await pause(2000, this.failed.signal);
      if (this.over) return;
      const output = await child.output();
      const context = { process: `Locust's ${child.name}`, how: exit.how, script: this.script, log: child.log };
      this.failed.abort(explainBoot(output, context));
      if (child.name === masterName)
        this.lost.abort(new Error(`it ended: ${explainEnd(output, exit.how, dirname(this.script))}`));
    });
  }

  endedAt(name: string): number | undefined {
    return this.processes.find((one) => one.name === name)?.endedAt;
  }

  async whyLost(name: string): Promise<string | undefined> {
    const child = this.processes.find((one) => one.name === name);
    if (child === undefined) return undefined;
    if (child.alive) return "its process lives, and does not answer";
    return explainEnd(await child.output(), (await child.exited).how, dirname(this.script));
  }

  async quit(): Promise<number> {
    this.over = true;
    const exits = await Promise.all(this.processes.map((child) => child.stop(quitGrace)));
    return exits.find(({ name }) => name === masterName)?.code ?? 0;
  }

  async waitForMaster(signal: AbortSignal): Promise<void> {
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
        if (performance.now() > deadline)
          throw new RunnerError(`Locust's master does not answer (${this.logOf(masterName)})`);
        await pause(20, either);
      }
    }
  }

  close(): Promise<readonly string[]> {
    this.over = true;
    this.closing ??= Promise.all(this.processes.map((child) => child.stop(endGrace))).then(() => []);
    return this.closing;
  }

  kill(): void {
    for (const child of this.processes) child.kill();
  }

  private logOf(name: string): string {
    return this.processes.find((child) => child.name === name)?.log ?? name;
  }
}

/** Variables of this shell that would change Locust behind the settings' back: LOCUST_HOST, LOCUST_HEADLESS. */
function withoutLocust(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return Object.fromEntries(
    Object.entries(env).filter(([name]) => !locustVariables.has(name) && !name.startsWith("LOADTEST_")),
  );
}
