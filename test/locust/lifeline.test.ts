import { expect } from "chai";
import {
  fixtures,
  type Running,
  root,
  scripts,
  sleep,
  start,
  startLocust,
  startMaster,
  startWorker,
  status,
  stopAll,
  until,
} from "./processes";

describe("The lifeline", function () {
  this.timeout(60_000);
  afterEach(stopAll);

  it("ends a master and its workers at once when the command is gone", async () => {
    const master = await startMaster(`${scripts}/script1.py`);
    const worker = await startWorker(master, `${scripts}/script1.py`, "worker-1");
    await until(async () => (await status(master)).workers.length === 1, "the worker", worker);
    await expectDeath(worker, "a worker");
    await expectDeath(master, "a master");
  });

  it("ends a script that hangs or is busy while it is imported", async () => {
    const hanging = await startLocust(`${fixtures}/hangs_at_import.py`, ["--worker"]);
    const busy = await startLocust(`${fixtures}/busy.py`, ["--worker"]);
    await until(async () => hanging.output().includes("import hangs"), "the import", hanging);
    await until(async () => busy.output().includes("import is busy"), "the import", busy);
    await Promise.all([expectDeath(hanging, "a hanging import"), expectDeath(busy, "a busy import")]);
  });

  it("ends each process of --processes", async () => {
    const many = await startLocust(`${scripts}/script1.py`, ["--worker", "--processes", "2", "--master-port", "1"]);
    await until(async () => (many.output().match(/Starting Locust/g)?.length ?? 0) >= 1, "the start", many);
    await sleep(700); // it forks right behind that line
    // The output closes when the last process that shares it has ended.
    await expectDeath(many, "worker processes");
  });

  it("refuses to run when the descriptor is not open", async () => {
    const process = await startLocust(`${scripts}/script1.py`, ["--worker"], { LOADTEST_LIFELINE_FD: "99" });
    expect(await process.ended).to.equal(1);
    expect(process.output()).to.include("LOADTEST_LIFELINE_FD='99' is not an open file descriptor");
  });

  it("ends the demo target", async () => {
    const target = start(process.execPath, ["--import", "tsx", `${root}/runner/demo/main.ts`, "--port", "0"]);
    const line = await until(async () => /^\{.*\}$/m.exec(target.output())?.[0], "the demo's address", target);
    const { url } = JSON.parse(line);
    expect((await fetch(url)).status).to.equal(200);
    target.cut();
    expect(await target.ended).to.equal(0);
  });
});

async function expectDeath(process: Running, what: string): Promise<void> {
  const begin = Date.now();
  process.cut();
  expect(await process.ended, process.output()).to.equal("SIGKILL");
  expect(Date.now() - begin, what).to.be.lessThan(2000);
}
