import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import Ajv from "ajv/dist/2020";
import { expect } from "chai";
import type { FinishedRecord } from "../../runner/results/run-record";
import { prepareLocust, root, startCommand, stopCommands } from "../support/cli";
import { waitUntilNone } from "../support/processes";
import { finished, makeProject, onlyRun, type Project, removeProjects, temporaryFolder } from "../support/project";
import { type QueueProcess, startQueueProcess } from "../support/queue-process";
import type { QueueOptions } from "../support/queue-target";
import { together } from "../support/together";

const script = (work = "") => `import time

from locust import FastHttpUser, task


class Visitor(FastHttpUser):
    @task
    def visit(self) -> None:
        self.client.get("/")
${work === "" ? "" : `        ${work}\n`}`;

const shape = `

from locust import LoadTestShape


class Steps(LoadTestShape):
    def tick(self):
        return 5, 5
`;

/** Ten milliseconds of a core for each request: no more than a hundred a second for each worker. */
const busy = "end = time.process_time() + 0.01\n        while time.process_time() < end:\n            pass";

/** As much time, without a core, as a C library that waits for its answer. */
const blocking = 'monkey.get_original("time", "sleep")(0.01)';

describe("loadtest capacity on this machine", function () {
  this.timeout(300_000);
  let project: Project;
  const targets: QueueProcess[] = [];

  before(async () => {
    await prepareLocust();
    project = makeProject({
      "visit.py": script(),
      "busy.py": script(busy),
      "blocking.py": `from gevent import monkey\n${script(blocking)}`,
      "shape.py": script() + shape,
    });
  });
  after(async () => {
    await stopCommands();
    for (const target of targets) await target.close();
    removeProjects();
  });
  const test = together();

  async function target(options: QueueOptions): Promise<QueueProcess> {
    const made = await startQueueProcess(options);
    targets.push(made);
    return made;
  }

  function start(url: string, args: readonly string[], results = temporaryFolder()) {
    const common = ["capacity", "--local", "--host", url, "--results", results, "--workers", "1"];
    return { results, command: startCommand([...common, ...args], { cwd: project.directory }) };
  }

  async function search(url: string, args: readonly string[]) {
    const { results, command } = start(url, args);
    const end = await command.ended;
    await waitUntilNone(command.marker, 1000);
    return { end, folder: onlyRun(results), record: finished(onlyRun(results)) };
  }

  function capacityOf({ capacity }: FinishedRecord) {
    if (capacity === undefined) throw new Error("the record has no capacity");
    return capacity;
  }

  const queue = { servers: 12, serviceMs: 50 };
  const known = (queue.servers / queue.serviceMs) * 1000;
  const quick = ["--step-time", "1s", "--holds", "2", "--precision", "50%"];
  const late = ["--script", "visit.py", "--threshold", "p95<200", ...quick];

  test("finds the capacity of a queue by users, with the proof that the queue was the limit, and keeps and shows it", async () => {
    const made = await target(queue);
    const page = join(project.directory, "page.html");
    const args = [...late, "--from", "20", "--at-least", "150/s", "--html", page];
    const { end, folder, record } = await search(made.url, args);
    const answered = await made.answered();
    const { rps, interval, limit, first, knee, steps, level, broke } = capacityOf(record);
    expect(end.code, end.stderr).to.equal(0);
    expect(rps).to.be.within(known * 0.8, known * 1.2);
    expect(interval?.low).to.be.at.most(rps ?? 0);
    expect(interval?.high).to.be.at.least(rps ?? 0);
    // What requests are cut off at the end the queue has answered as well.
    expect(record.totals.requests).to.be.within(answered * 0.99, answered);
    // A hiccup of this machine may have it ask for levels that are closer, at which throughput rises no more.
    expect(limit, end.stdout).to.be.oneOf(["target", "flat"]);
    if (limit === "target") {
      expect(first).to.deep.include({ what: "time", threshold: "p95<200", request: "GET /" });
      expect(steps.filter((step) => step.level === broke && step.outcome === "broke")).to.have.lengthOf.at.least(2);
    }
    // Without a pause of its users they wait from as many on as there are servers.
    expect(knee?.level).to.be.within(5, 30);
    expect(steps.filter((step) => step.level === level && step.outcome === "held")).to.have.lengthOf.at.least(2);
    expect(record.integrity).to.deep.include({ ok: true, problems: [] });

    // How long it takes is said before, its steps as they go on, and the answer at the end.

    expect(end.stderr).to.match(/from 20 users up, 1 s a step, to 50 %/);
    expect(end.stderr).to.match(/It takes about \d\d:\d\d, 40 steps at most/);
    expect(end.stderr).to.match(/^20 users: \d+(\.\d+)? requests\/s, p95 \d+ ms.*: held$/m);
    expect(end.stdout).to.match(/The capacity is \d{3}(\.\d)? requests\/s at \d+ users/);
    expect(end.stdout).to.match(/The target was the limit, not the workers/);
    for (const line of end.stdout.split("\n")) expect(line.length).to.be.at.most(80);

    // Its results are what their schema allows, and other commands show them.

    const schema = JSON.parse(readFileSync(join(root, "schema", "run.schema.json"), "utf8"));
    const ajv = new Ajv({ allErrors: true, strict: false, validateFormats: false });
    expect(ajv.validate(schema, JSON.parse(readFileSync(join(folder, "run.json"), "utf8"))), ajv.errorsText()).to.equal(
      true,
    );
    expect(readFileSync(join(project.directory, "page.html"), "utf8")).to.match(
      /Throughput and response times by load/,
    );
    const again = await startCommand(["report", folder], { cwd: project.directory }).ended;
    expect(again.stdout.replace(/Results:.*/, "")).to.equal(end.stdout.replace(/Results:.*/, ""));
    const same = await startCommand(["compare", folder, folder], { cwd: project.directory }).ended;
    expect([same.code, same.stdout]).to.satisfy(
      ([code, text]: [number, string]) => code === 0 && text.includes("SAME"),
    );
    const history = await startCommand(["history", "--results", join(folder, "..")], { cwd: project.directory }).ended;
    expect(history.stdout).to.match(/passed +\d+ +max \d{3}/);
  });

  test("finds it by arrivals, too", async () => {
    const { url } = await target(queue);
    const { end, record } = await search(url, [...late, "--by", "arrivals", "--from", "120", "--json"]);
    expect(end.code, end.stderr).to.equal(0);
    expect(capacityOf(record).rps).to.be.within(known * 0.8, known * 1.2);
    expect(JSON.parse(end.stdout).capacity.asked.by).to.equal("arrivals");
    expect(capacityOf(record).steps[0]?.arrivals?.due).to.be.at.least(60);
  });

  test("lets a target that collapses recover, hammers it only for seconds, and finds what it takes below that", async () => {
    // With 30 at a time each takes six times as long, until the queue has gone.
    const made = await target({ ...queue, collapse: { above: 30, times: 6 } });
    const { end, record } = await search(made.url, [...late, "--from", "20"]);
    const { rps, level, steps } = capacityOf(record);
    expect(end.code, end.stderr).to.equal(0);
    expect(level).to.be.within(20, 30);
    expect(rps).to.be.within(known * 0.8, known * 1.2);
    for (const step of steps.filter(({ outcome }) => outcome === "broke")) expect(step.seconds).to.be.at.most(5);
  });

  test("does not take a script that blocks its worker for a slow target", async () => {
    const { url } = await target({ servers: 400, serviceMs: 5 });
    const { end, record } = await search(url, ["--script", "blocking.py", "--threshold", "p95<200", ...quick]);
    expect(end.code, end.stdout + end.stderr).to.equal(3);
    const { limit, steps } = capacityOf(record);
    expect(limit).to.equal("script");
    expect(steps.at(-1)?.outcome).to.equal("void");
    expect(steps.at(-1)?.workerDelay).to.be.at.least(20);
    expect(end.stdout).to.match(/The script was the limit, not the target: at \d+ users/);
  });

  test("ends at a limit of the user's with what is there at least", async () => {
    const { url } = await target(queue);
    const { end, record } = await search(url, [...late, "--max-users", "8"]);
    expect(end.code, end.stderr).to.equal(0);
    const { limit, level, rps, steps } = capacityOf(record);
    expect([limit, level]).to.deep.equal(["cap", 8]);
    expect(rps).to.be.within(100, 161);
    expect(Math.max(...steps.map(({ users }) => users))).to.equal(8);
    expect(end.stdout).to.match(/--max-users 8 ended the search, not the target/);
  });

  test("keeps and shows what it has found at Ctrl-C", async () => {
    const { url } = await target(queue);
    const { command, results } = start(url, [...late, "--from", "20"]);
    await command.waitFor(/^20 users: .* held$/m, 60_000);
    command.signal("SIGINT");
    const end = await command.ended;
    expect(end.code).to.equal(130);
    expect(end.stdout).to.match(/So far: \d{3}(\.\d)? requests\/s at 20 users held/);
    expect(capacityOf(finished(onlyRun(results)))).to.deep.include({ limit: null, level: 20 });
  });

  test("keeps what it has found where its command is killed, and the load ends all the same", async () => {
    const { url } = await target(queue);
    const { command, results } = start(url, [...late, "--from", "20"]);
    await command.waitFor(/^20 users: .* held$/m, 60_000);
    await command.until(
      () => /"level": 20,\s+"broke"/.test(readFileSync(join(onlyRun(results), "run.json"), "utf8")),
      "its record",
    );
    await command.stop();
    const end = await startCommand(["report", onlyRun(results)], { cwd: project.directory }).ended;
    expect(end.code).to.equal(4);
    expect(end.stdout)
      .to.match(/The command was killed/)
      .and.match(/So far: \d{3}(\.\d)? requests\/s at 20 users held/);
    expect(capacityOf(finished(onlyRun(results)))).to.deep.include({ limit: null, level: 20 });
  });

  test("refuses a script with a load shape, and options that contradict each other", async () => {
    const { url } = await target(queue);
    const wrong = await start(url, ["--script", "visit.py", "--from", "20", "--max-users", "10"]).command.ended;
    expect([wrong.code, wrong.stderr]).to.deep.equal([
      2,
      "loadtest: --from 20 is more than --max-users 10: the first level must be allowed\n",
    ]);
    const shape = await start(url, ["--script", "shape.py"]).command.ended;
    expect(shape.code).to.equal(2);
    expect(shape.stderr).to.match(
      /the script's load shape Steps decides users and time: a capacity is found without one/,
    );
    const once = await start(url, ["--script", "visit.py", "--holds", "1"]).command.ended;
    expect(once.code).to.equal(2);
    expect(once.stderr).to.match(/It must be a number from 2 to 1000/);
    const rate = await start(url, ["--at-least", "fast"]).command.ended;
    expect(rate.code).to.equal(2);
    expect(rate.stderr).to.match(/A rate is a number above 0 a second: 1200\/s or 1200/);
  });

  /** It needs both cores: what is before has ended by then. */
  it("brings up the workers that it may, then says that they were the limit, what is proven, and how many it takes", async () => {
    const { url } = await target({ servers: 400, serviceMs: 5 });
    const args = ["--script", "busy.py", "--threshold", "p95<150", "--from", "4", "--max-workers", "2", ...quick];
    const { end, record, folder } = await search(url, args);
    const { limit, interval, workers, level, steps } = capacityOf(record);
    expect(end.stderr).to.match(/The workers are the limit: .* Workers: 1 → 2/);
    expect(existsSync(join(folder, "logs", "worker-2.log"))).to.equal(true);
    // Two are not enough either: ten milliseconds of a core for each request.
    expect(end.code, end.stdout).to.equal(3);
    expect([limit, interval?.high]).to.deep.equal(["workers", null]);
    expect(level).to.be.at.least(4);
    expect(workers.count).to.equal(2);
    expect(workers.needed).to.be.at.least(3);
    expect(steps.at(-1)?.workers).to.equal(2);
    expect(record.verdict).to.equal("invalid");
    expect(end.stdout).to.match(/The target takes at least \d+(\.\d+)? requests\/s/);
    expect(end.stdout).to.match(/The workers were the limit, not the target: the\s+busiest\s+worker\s+used/);
  });
});
