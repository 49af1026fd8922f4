import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PassThrough } from "node:stream";
import { acquireTest } from "../../../../runner/cli/deployed-test/acquire";
import { clusterSetup } from "../../../../runner/cli/deployed-test/cluster-setup";
import { withoutLeftovers } from "../../../../runner/cli/deployed-test/leftovers";
import type { ClusterContext } from "../../../../runner/cli/deployed-test/open";
import { Progress } from "../../../../runner/cli/terminal/progress";
import { makeLease } from "../../../../runner/places/kubernetes/lock/lease";
import { type RunInfo, readInfo } from "../../../../runner/places/kubernetes/lock/run-info";
import { MasterLink } from "../../../../runner/places/kubernetes/master";
import { ScriptedLocust, worker } from "../../engine/scripted";
import { FakeNamespace, names } from "../../places/kubernetes/fake-namespace";
import { runInfo } from "../../places/kubernetes/lock/infos";
import { clusterTest } from "./tests";

/** A deployed test, with a master that answers, as a command has opened it. */
export class TestContext {
  readonly interrupt = new AbortController();
  readonly kill = new AbortController();
  /** Folder of all runs. */
  readonly results = mkdtempSync(join(tmpdir(), "loadtest-cluster-"));
  private readonly stream = new PassThrough();
  private readonly acquired: Awaited<ReturnType<typeof acquireTest>>[] = [];

  private constructor(
    readonly namespace: FakeNamespace,
    readonly locust: ScriptedLocust,
    private readonly link: MasterLink,
    private readonly progress: Progress,
  ) {}

  /** Script `script1.py` with 2 workers. */
  static async open(): Promise<TestContext> {
    const [namespace, locust] = [await FakeNamespace.start(), new ScriptedLocust()];
    await locust.start();
    namespace.deploy("script1.py", 2);
    namespace.forwardTo(locust.port);
    const { cluster, deployed } = namespace;
    const link = await MasterLink.open({ cluster, deployed, control: names.control, webPort: 8089 });
    const stream = new PassThrough();
    const progress = await Progress.create({
      ...{ stream: stream as unknown as NodeJS.WriteStream, runTime: 60, users: 10, workers: 2 },
    });
    const context = new TestContext(namespace, locust, link, progress);
    stream.pipe(context.stream);
    return context;
  }

  /** As it is when a command begins. */
  get context(): ClusterContext & { readonly results: string } {
    const { cluster, deployed } = this.namespace;
    const signals = { interrupt: this.interrupt.signal, kill: this.kill.signal, dispose: () => undefined };
    const { link, progress, results } = this;
    return { test: clusterTest({ cluster, deployed }), link, progress, signals, results };
  }

  /** The lines that were said since the last call. */
  said(): string[] {
    return String(this.stream.read() ?? "")
      .split("\n")
      .filter((line) => line !== "");
  }

  /** Takes the test for a run; it is given back when the test is over. */
  async acquire(options: Parameters<typeof clusterSetup>[1] = {}) {
    const { context } = this;
    const setup = await clusterSetup(await withoutLeftovers(context.test), options);
    const taken = await acquireTest({ ...context, setup });
    this.acquired.push(taken);
    return taken;
  }

  /** What a command has left: one of `run` that was killed, or of `start`. */
  left(parts: Partial<RunInfo>): void {
    const duration = parts.mode === "start" ? {} : { leaseDurationSeconds: 0.2 };
    const lease = makeLease({
      owner: { name: names.control, uid: "uid-of-locust-control" },
      spec: { holderIdentity: "sam@laptop", leaseTransitions: 0, ...duration },
      info: runInfo(parts),
    });
    this.namespace.leases.lease = { ...lease, metadata: { ...lease.metadata, uid: "u", resourceVersion: "1" } };
  }

  /** What the Lease has on a run. */
  get noted(): RunInfo | undefined {
    return readInfo(this.namespace.leases.lease?.metadata?.annotations?.["loadtest/run"]).info;
  }

  /** A run that has ended, with its series on the master. @param ago when it was started, in ms */
  endRun(run = 1, seconds = 12, ago = 60_000): void {
    const startedAt = new Date(Date.now() - ago).toISOString();
    this.locust.run({ run, startedAt, elapsed: seconds, runTime: seconds, targetUsers: 10, spawnRate: 10 });
    const { status } = this.locust;
    this.locust.series = {
      ...{ run, interval: 1 },
      samples: Array.from({ length: seconds }, (_, t) => ({
        ...{ t, time: new Date(Date.parse(startedAt) + t * 1000).toISOString(), state: "running" as const },
        ...{ users: 10, targetUsers: 10, workers: 2, rps: 10, failuresPerSecond: 0, requests: t * 10, failures: 0 },
        ...{ p50: 10, p95: 20, p99: 30, workerCpu: { "worker-1": 0.1, "worker-2": 0.1 }, masterCpu: 0.1 },
      })),
    };
    this.locust.ended({ state: "stopped", workers: ["worker-1", "worker-2"].map((name) => worker(name)) });
    this.locust.status = { ...this.locust.status, run, startedAt: status.startedAt };
  }

  async close(): Promise<void> {
    for (const { lock } of this.acquired) await lock.release();
    await this.link.close();
    await Promise.all([this.namespace.close(), this.locust.close()]);
    rmSync(this.results, { recursive: true, force: true });
  }
}
