import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import Ajv from "ajv/dist/2020";
import { expect } from "chai";
import { type Command, type CommandEnd, prepareLocust, root, startCommand, stopCommands } from "../support/cli";
import { type Found, listeningOn, roleOf, waitUntilNone } from "../support/processes";
import { finished, makeProject, onlyRun, removeProjects, seriesIn, textIn } from "../support/project";

/** A process of the run, and what it listens on. */
interface Seen {
  readonly found: Found;
  readonly addresses: string[];
}

describe("a run that passes", function () {
  this.timeout(60_000);
  let command: Command;
  let end: CommandEnd;
  let directory: string;
  let token: string;
  let seen: Seen[];

  before(async () => {
    await prepareLocust();
    const project = makeProject({}, ["thresholds: [p95<2000, fail_ratio<0.01]"]);
    const args = ["run", "--local", "--demo", "--json", "--script", "hello.py"];
    const load = ["--users", "6", "--spawn-rate", "3", "--run-time", "5s", "--results", project.results];
    command = startCommand([...args, ...load], { cwd: project.directory });
    await command.waitFor(/full load/);
    seen = command.children().map((found) => ({ found, addresses: listeningOn(found.pid) }));
    token = seen.find(({ found }) => roleOf(found) === "master")?.found.env.LOADTEST_TOKEN ?? "";
    end = await command.ended;
    directory = onlyRun(project.results);
  });
  after(async () => {
    await stopCommands();
    removeProjects();
  });

  it("exits with 0, and leaves no process", async () => {
    expect(end.code, end.stderr).to.equal(0);
    await waitUntilNone(command.marker, 1000);
  });

  it("leaves these files and nothing else", () => {
    const names = readdirSync(directory, { recursive: true }).map(String).sort();
    expect(names).to.deep.equal(
      ["exceptions.csv", "failures.csv", "junit.xml", "logs"]
        .concat(["demo-target.log", "master.log", "worker-1.log", "worker-2.log"].map((name) => join("logs", name)))
        .concat(["report.html", "requests.csv", "run.json", "series.ndjson"]),
    );
    expect(finished(directory).files).to.deep.equal(names.filter((name) => name !== "logs"));
    expect(textIn(directory, "report.html")).to.match(/<html/i);
    expect(textIn(directory, "junit.xml"))
      .to.match(/<testsuite /)
      .and.not.match(/<failure|<error/);
  });

  it("prints run.json and nothing else on standard output with --json", () => {
    expect(end.stdout).to.equal(textIn(directory, "run.json"));
  });

  it("has a record that its JSON Schema allows", () => {
    const schema = JSON.parse(readFileSync(join(root, "schema", "run.schema.json"), "utf8"));
    const ajv = new Ajv({ allErrors: true, strict: false, validateFormats: false });
    const valid = ajv.validate(schema, JSON.parse(end.stdout));
    expect(valid, ajv.errorsText()).to.equal(true);
  });

  it("tells in the record what was asked and what came of it", () => {
    const record = finished(directory);
    expect(record).to.deep.include({ verdict: "passed", exitCode: 0, reasons: [], endedBy: "run-time", warnings: [] });
    expect(record.asked).to.deep.equal({ users: 6, spawnRate: 3, workers: 2, shape: null });
    expect(record.thresholds.map(({ threshold, passed }) => [threshold, passed])).to.deep.equal([
      ["p95<2000", true],
      ["fail_ratio<0.01", true],
    ]);
    expect(record.integrity).to.deep.include({ ok: true, problems: [] });
    expect(record.durationSeconds).to.be.within(4, 7);
    expect(record.totals?.requests).to.be.within(18, 42);
    expect(record.totals?.failures).to.equal(0);
  });

  it("takes about one sample a second, with the phases in their order", () => {
    const samples = seriesIn(directory);
    const order = ["ready", "ramp", "hold", "stop", "collected"];
    const phases = samples.map(({ phase }) => order.indexOf(phase));
    expect(phases).to.deep.equal([...phases].sort());
    expect(samples.map(({ phase }) => phase)).to.include.members(["ramp", "hold", "stop"]);
    const loaded = samples.filter(({ phase }) => phase === "ramp" || phase === "hold");
    expect(loaded.length).to.be.within(4, 7);
    const gaps = loaded.slice(1).map(({ t }, index) => t - (loaded[index]?.t ?? 0));
    for (const gap of gaps) expect(gap).to.be.within(0.2, 2.5);
    expect(samples.at(-1)).to.include({ requests: finished(directory).totals?.requests, failures: 0 });
  });

  it("has the run's token nowhere in the results or in its output", () => {
    expect(token).to.match(/^[\w-]{20,}$/);
    const files = finished(directory).files.map((name) => textIn(directory, name));
    for (const text of [...files, end.stdout, end.stderr]) {
      expect(text).to.not.include(token);
      expect(text).to.not.match(/LOADTEST_TOKEN|Bearer /);
    }
  });

  it("tells how it goes in plain lines on standard error", () => {
    for (const control of ["\u001b", "\r"]) expect(end.stderr).to.not.include(control);
    expect(end.stderr).to.match(/^2 of 2 workers are ready$/m);
    expect(end.stderr).to.match(/^00:0\d full load, 6\/6 users, 2\/2 workers, .*0 failures/m);
  });

  it("listens on 127.0.0.1 only, with every process", () => {
    const roles = seen.map(({ found }) => roleOf(found)).sort();
    expect(roles).to.deep.equal(["demo target", "master", "worker", "worker"]);
    for (const { found, addresses } of seen) {
      expect(addresses.length, roleOf(found)).to.equal(
        { master: 2, "demo target": 1, worker: 0, other: 0 }[roleOf(found)],
      );
      for (const address of addresses) expect(address).to.match(/^127\.0\.0\.1:\d+$/);
    }
  });
});
