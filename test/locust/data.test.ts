import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { LocustClient } from "../../runner/engine/client";
import { type Master, sleep, startMaster, startWorker, statusWaiter, stopAll, token } from "./processes";

const env = { LOCUST_WORKER_ADDITIONAL_WAIT_BEFORE_READY_AFTER_STOP: "-4" };
const script = (seconds: number) => `import gevent
from locust import FastHttpUser, constant, events, task
from loadtest_data import rows

users = rows("USERS", exhausted="stop-user")


class Visitor(FastHttpUser):
    wait_time = constant(${seconds})

    @task
    def visit(self):
        self.client.get("/" + next(users)["id"])


@events.init.add_listener
def prepare(**kwargs):
    # A worker that joins a run has users meanwhile.
    gevent.sleep(1)
`;

describe("rows for workers that come and go", function () {
  this.timeout(90_000);
  let folder: string;
  let target: Server;
  let asked: number[] = [];
  let master: Master;
  let client: LocustClient;
  let file: string;

  before(async () => {
    folder = mkdtempSync(join(tmpdir(), "loadtest-rows-"));
    target = createServer((request, response) => {
      asked.push(Number(request.url?.slice(1)));
      response.end();
    });
    await new Promise<void>((resolve) => target.listen(0, "127.0.0.1", resolve));
  });
  afterEach(stopAll);
  after(() => {
    target.closeAllConnections();
    target.close();
    rmSync(folder, { recursive: true });
  });

  async function boot(count: number, seconds: number): Promise<void> {
    asked = [];
    const users = join(folder, "users.csv");
    writeFileSync(users, `id\n${Array.from({ length: count }, (_, id) => `${id}\n`).join("")}`);
    file = join(folder, "visit.py");
    writeFileSync(file, script(seconds).replace("USERS", users));
    const host = `http://127.0.0.1:${(target.address() as AddressInfo).port}`;
    master = await startMaster(file, ["--host", host, "--stop-timeout", "5", "--enable-rebalancing"]);
    client = new LocustClient({ url: `http://127.0.0.1:${master.webPort}`, token });
  }
  const waitFor = statusWaiter(
    () => client.status(),
    () => master,
  );
  const ready = (count: number) =>
    waitFor((now) => now.workers.filter(({ state }) => state === "ready").length === count, `${count} ready workers`);
  const twice = () => asked.length - new Set(asked).size;

  it("are those of the file as each run finds it, and a run that finds it damaged does not start", async () => {
    await boot(40, 0.02);
    await startWorker(master, file, "worker-1", env);
    await ready(1);
    const runOnce = async () => {
      asked = [];
      await client.swarm({ users: 4, spawnRate: 100, runTime: 60 });
      await waitFor((now) => now.drained, "the end");
      await ready(1);
      return [...asked].sort((a, b) => a - b);
    };
    const range = (from: number, to: number) => Array.from({ length: to - from }, (_, at) => from + at);
    expect(await runOnce()).to.deep.equal(range(0, 40));
    const users = join(folder, "users.csv");
    writeFileSync(users, `id\n${range(1000, 1060).join("\n")}\n`);
    expect(await runOnce()).to.deep.equal(range(1000, 1060));
    writeFileSync(users, "id\n1,2\n");
    const refused = await client.swarm({ users: 4, spawnRate: 100, runTime: 60 }).then(
      () => expect.fail("it started"),
      (error: Error) => error.message,
    );
    expect(refused).to.match(/users\.csv, line 2: the number of fields is 2, not 1/);
  });

  it("has all of them in each run anew, whoever comes or leaves in it", async () => {
    await boot(1500, 0.02);
    const first = await startWorker(master, file, "worker-1", env);
    await ready(1);
    await client.swarm({ users: 8, spawnRate: 100, runTime: 60 });
    await waitFor((now) => now.requests > 100, "requests");
    await startWorker(master, file, "worker-2", env);
    await waitFor(
      ({ workers }) => workers.length === 2 && workers.every(({ users }) => users === 4),
      "two workers at work",
    );
    first.child.kill("SIGTERM");
    // The users of the data's end leave, and the run ends with the last.
    const end = await waitFor((now) => now.drained, "the end");
    expect(end.code?.ended).to.deep.equal({ by: "data", file: join(folder, "users.csv"), line: null });
    expect(end.code?.exceptions).to.deep.equal({ count: 0, kinds: [] });
    expect(twice()).to.equal(0);
    // A request of the worker that left may have been cut off, or not sent.
    expect(new Set(asked).size).to.be.within(1492, 1500);

    asked = [];
    await ready(1);
    await client.swarm({ users: 4, spawnRate: 100, runTime: 60 });
    await waitFor((now) => now.run === 2 && now.drained, "the end of the second run");
    expect(asked.sort((a, b) => a - b)).to.deep.equal(Array.from({ length: 1500 }, (_, id) => id));
  });

  it("goes on after a pause of a worker that the master took for lost: no row comes twice", async () => {
    await boot(6000, 0.02);
    const paused = await startWorker(master, file, "worker-1", env);
    await startWorker(master, file, "worker-2", env);
    await ready(2);
    await client.swarm({ users: 10, spawnRate: 100, runTime: 60 });
    await waitFor((now) => now.requests > 300, "requests");
    paused.child.kill("SIGSTOP");
    await waitFor(({ workers }) => workers.some(({ state }) => state === "missing"), "a lost worker");
    await sleep(1500);
    paused.child.kill("SIGCONT");
    await waitFor((now) => now.drained, "the end");
    expect(twice()).to.equal(0);
    // What it had comes back from it. A request that the end of a user cut off may not have been sent.
    expect(asked.length).to.be.within(5985, 6000);
    expect(master.output()).to.match(
      /is gone, and with it up to \d+ rows of .*users\.csv, which nobody gets unless it comes back/,
    );
  });
});
