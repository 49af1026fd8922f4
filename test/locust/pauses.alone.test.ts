import { expect } from "chai";
import { type DemoTarget, startDemoTarget } from "../../runner/demo/target";
import { together } from "../support/together";
import {
  fixtures,
  post,
  type Running,
  sleep,
  startMaster,
  startWorker,
  status,
  statusWaiter,
  stopAll,
} from "./processes";

const users = (now: { readonly workers: readonly { readonly users: number }[] }) =>
  now.workers.map((worker) => worker.users).sort();

const targets: DemoTarget[] = [];

/** A master with workers and eight users. */
async function boot(script: string, count: number) {
  const target = await startDemoTarget({ port: 0 });
  targets.push(target);
  const master = await startMaster(script, ["--host", target.url, "--stop-timeout", "10", "--enable-rebalancing"]);
  const workers = await Promise.all(
    Array.from({ length: count }, (_, index) => startWorker(master, script, `worker-${index + 1}`)),
  );
  const waitFor = statusWaiter(
    () => status(master),
    () => master,
  );
  await waitFor((now) => now.workers.filter(({ state }) => state === "ready").length === count, "ready workers");
  await post(master.webPort, "/swarm", { user_count: "8", spawn_rate: "100" });
  return { target, master, workers, waitFor };
}

async function pause(worker: Running | undefined, ms: number): Promise<void> {
  worker?.child.kill("SIGSTOP");
  await sleep(ms);
  worker?.child.kill("SIGCONT");
}

describe("A worker whose machine paused", function () {
  this.timeout(90_000);
  after(async () => {
    await stopAll();
    await Promise.all(targets.map((target) => target.close()));
  });
  const test = together(3);

  for (const script of ["mixed", "steady_shape"]) {
    test(`gives back the users that others had meanwhile, with ${script}.py, also the next time`, async () => {
      const { master, workers, waitFor } = await boot(`${fixtures}/${script}.py`, 2);
      await waitFor((now) => users(now).join() === "4,4", "users on both");
      for (const worker of workers) {
        await pause(worker, 6000);
        await waitFor(({ workers: [a, b] }) => a?.state !== "missing" && b?.state !== "missing", "both back");
        await sleep(5000);
        expect(users(await status(master)), master.output()).to.deep.equal([4, 4]);
        await sleep(3000);
        expect(users(await status(master)), "and it stays so").to.deep.equal([4, 4]);
      }
    });
  }

  test("ends the test when it was the only one, and leaves no load behind", async () => {
    const { target, workers, waitFor } = await boot(`${fixtures}/mixed.py`, 1);
    await waitFor((now) => users(now).join() === "8", "users");
    await pause(workers[0], 7000);
    await waitFor(({ state, workers: [only] }) => state === "stopped" && only?.state === "ready", "the worker back");
    const { requests } = target.counts();
    await sleep(2000);
    expect(target.counts().requests).to.equal(requests);
  });
});
