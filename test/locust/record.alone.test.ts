import { expect } from "chai";
import { type DemoTarget, startDemoTarget } from "../../runner/demo/target";
import { LocustClient, LocustRefused } from "../../runner/engine/client";
import { toSample } from "../../runner/engine/recording";
import {
  fixtures,
  type Master,
  post,
  sleep,
  startMaster,
  startWorker,
  statusWaiter,
  stopAll,
  token,
} from "./processes";

const script = `${fixtures}/mixed.py`;
// Workers come back 1 s after their last user has stopped, instead of another whole stop timeout.
const env = { LOCUST_WORKER_ADDITIONAL_WAIT_BEFORE_READY_AFTER_STOP: "-4" };
const users = { users: 4, spawnRate: 100 };

describe("What the master remembers of its latest run", function () {
  this.timeout(60_000);
  let target: DemoTarget;
  let master: Master;
  let client: LocustClient;

  before(async () => {
    target = await startDemoTarget({ port: 0 });
  });
  afterEach(stopAll);
  after(() => target.close());

  async function boot(args: readonly string[] = [], file = script): Promise<void> {
    master = await startMaster(file, ["--host", target.url, "--stop-timeout", "5", ...args]);
    client = new LocustClient({ url: `http://127.0.0.1:${master.webPort}`, token });
    await addWorker(file);
  }
  const addWorker = (file = script) => startWorker(master, file, "worker-1", env);
  const waitFor = statusWaiter(
    () => client.status(),
    () => master,
  );
  const ready = () =>
    waitFor(({ workers, state }) => workers[0]?.state === "ready" && /ready|stopped/.test(state), "a ready worker");
  const drained = () => waitFor((now) => now.drained, "the last numbers");
  const going = (run: number) => waitFor((now) => now.run === run && now.state === "running", `run ${run}`);
  const elapsed = async () => (await client.status()).elapsed ?? Number.NaN;
  const stop = () => client.stop(15_000);
  async function refusal(run: number): Promise<string> {
    const error = await client.kept(run).then(
      () => new Error("it was not refused"),
      (error: Error) => error,
    );
    expect(error).to.be.instanceOf(LocustRefused);
    expect(error.message).to.match(/^Locust answered 409 to \/loadtest\/kept: \{"success":false,"message":".*"\}$/);
    return /"message":"(.*)"/.exec(error.message)?.[1] ?? "";
  }

  it("is nothing before the first, and the samples and the fate of the latest then", async () => {
    await boot();
    const idle = await ready();
    expect(idle).to.include({ run: 0, elapsed: null, runTime: null, kept: false });
    expect(idle.master.id).to.match(/^[0-9a-f]{32}$/);
    expect(await client.samples(-1)).to.deep.equal({ run: 0, interval: 1, samples: [] });
    expect(await refusal(0)).to.equal("there was no run yet");

    await client.swarm({ ...users, runTime: 10 });
    const begun = performance.now();
    const running = await going(1);
    expect(running).to.include({ runTime: 10, kept: false });
    expect(await refusal(1)).to.equal("run 1 is still going on");
    await sleep(2500 - (performance.now() - begun));
    expect(await elapsed()).to.be.closeTo((performance.now() - begun) / 1000, 0.5);
    await stop();
    const end = await drained();
    // At once, as a command does it that sees the end: the last sample has the final numbers.
    const { run, interval, samples } = await client.samples(-1);
    expect(end.elapsed).to.be.within(2.4, 10);
    expect(await elapsed()).to.equal(end.elapsed);

    expect({ run, interval }).to.deep.equal({ run: 1, interval: 1 });
    const final = samples.at(-1);
    const { phase: _, ...expected } = toSample(end, "collected", 0, new Date());
    expect(Object.keys(final ?? {}).sort()).to.deep.equal([...Object.keys(expected), "state"].sort());
    const { requests, failures, users: left, targetUsers } = end;
    expect(final).to.include({ requests, failures, users: left, targetUsers });
    expect(requests).to.be.greaterThan(0);
    const full = samples.find(({ state }) => state === "running");
    expect(full).to.deep.include({ users: 4, workers: 1, targetUsers: 4 });
    expect(full?.workerCpu).to.have.all.keys("worker-1");
    for (const [index, { t, time }] of samples.entries()) {
      // A busy machine may be late now and then, but that does not add up.
      if (index < samples.length - 1) expect(t % 1, "a beat that does not drift").to.be.lessThan(0.5);
      expect(time).to.match(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
      const since = t - (samples[0]?.t ?? 0);
      expect(Date.parse(time) - Date.parse(samples[0]?.time ?? "")).to.be.closeTo(since * 1000, 100);
    }
    expect((await client.samples(1.5)).samples).to.deep.equal(samples.filter(({ t }) => t > 1.5));

    expect(await refusal(2)).to.equal("the latest run is number 1");
    expect((await client.status()).kept).to.equal(false);
    await client.kept(1);
    expect((await client.status()).kept).to.equal(true);
    await ready();
    expect((await client.samples(-1)).samples, "nothing comes behind the last").to.deep.equal(samples);

    await client.swarm({ ...users });
    expect(await going(2)).to.include({ kept: false, runTime: null });
    expect((await client.samples(-1)).run).to.equal(2);
    expect((await client.status()).master.id).to.equal(idle.master.id);
  });

  it("ends when all workers are lost", async () => {
    master = await startMaster(script, ["--host", target.url, "--stop-timeout", "5"]);
    client = new LocustClient({ url: `http://127.0.0.1:${master.webPort}`, token });
    const worker = await addWorker();
    await ready();
    await client.swarm({ ...users, runTime: 60 });
    await going(1);
    worker.child.kill("SIGKILL");
    const end = await waitFor(({ state }) => state === "stopped", "the end");
    const { samples } = await client.samples(-1);
    await sleep(1200);
    expect(await client.status()).to.include({ elapsed: end.elapsed, drained: true, runTime: 60 });
    expect((await client.samples(-1)).samples, "the series is closed").to.deep.equal(samples);
    expect(samples.at(-1)).to.deep.include({ workers: 0, workerCpu: {} });
  });

  it("has a time limit that is taken back with its run, or by a later form", async () => {
    await boot();
    await ready();
    await client.swarm({ ...users, runTime: 3 });
    const begun = performance.now();
    await going(1);
    await stop();
    await ready();
    await client.swarm({ ...users, runTime: 20 });
    expect(await going(2)).to.include({ runTime: 20 });
    await sleep(4000 - (performance.now() - begun));
    expect(await client.status()).to.include({ state: "running", run: 2 });

    // A form in the middle of a run starts its limit anew, or lifts it.
    await client.swarm({ users: 3, spawnRate: 100 });
    expect(await waitFor(({ targetUsers }) => targetUsers === 3, "3 users")).to.include({ run: 2, runTime: null });
    const at = await elapsed();
    await client.swarm({ users: 3, spawnRate: 100, runTime: 1 });
    const limited = await client.status();
    expect(limited.runTime).to.be.closeTo(at + 1, 0.2);
    const end = await drained();
    expect(end.elapsed).to.be.closeTo(limited.runTime ?? 0, 0.3);
    expect(end).to.include({ run: 2, runTime: limited.runTime });
  });

  it("leaves no load behind when its time is over before all users are there", async () => {
    await boot();
    await ready();
    await client.swarm({ users: 30, spawnRate: 4, runTime: 2 });
    const end = await drained();
    expect(end.elapsed).to.be.closeTo(2, 0.5);
    const after = target.counts().requests;
    await ready();
    await sleep(2500);
    expect(target.counts().requests).to.equal(after);
    const { state, users: left, requests } = await client.status();
    expect({ state, users: left, requests }).to.deep.equal({ state: "stopped", users: 0, requests: end.requests });
  });

  it("is a run of --autostart too, whose time limit stops no later run", async () => {
    await boot(["--autostart", "--users", "4", "--spawn-rate", "100", "--run-time", "4s"]);
    const first = await going(1);
    const begun = performance.now() - (first.elapsed ?? 0) * 1000;
    expect(first).to.include({ runTime: 4, kept: false });
    await stop();
    await ready();
    // As Locust's web UI sends it.
    await post(master.webPort, "/swarm", { user_count: "4", spawn_rate: "100", host: target.url, run_time: "" });
    expect(await going(2)).to.include({ runTime: null });
    await sleep(5000 - (performance.now() - begun));
    expect(await client.status()).to.include({ state: "running", run: 2 });
    expect(master.output()).to.include("That was the limit of run 1; run 2 is not stopped");
    expect((await client.samples(-1)).run).to.equal(2);
  });

  it("is stopped by the time limit of --autostart, before all users are there", async () => {
    await boot(["--autostart", "--users", "30", "--spawn-rate", "4", "--run-time", "2s"]);
    const end = await drained();
    expect(end.elapsed).to.be.closeTo(2, 0.5);
    expect((await client.samples(-1)).samples.at(-1)?.requests).to.equal(end.requests);
    expect(await ready()).to.include({ state: "stopped", users: 0, requests: end.requests });
  });

  it("is a run of a load shape too, which no time limits", async () => {
    await boot(["--autostart", "--run-time", "2s"], `${fixtures}/short_shape.py`);
    const end = await drained();
    expect(end).to.include({ run: 1, runTime: null });
    expect(end.elapsed).to.be.within(2.9, 5);
    await ready();
    await client.swarm({ ...users, runTime: 1 });
    const running = await going(2);
    expect(running).to.include({ runTime: null, shape: "ShortShape" });
    await sleep(1500);
    expect(await client.status(), "the limits of the run before it, and of the form").to.include({ state: "running" });
    expect((await drained()).elapsed).to.be.within(2.9, 5);
    const { run, samples } = await client.samples(-1);
    expect(run).to.equal(2);
    expect(samples.length).to.be.within(4, 8);
  });
});
