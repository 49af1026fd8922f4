import { mkdirSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { expect } from "chai";
import { type CommandEnd, inTurns, stopCommands } from "../support/cli";
import { csv, scripts } from "../support/data-scripts";
import { type LocalRun, localRuns } from "../support/local-runs";
import { roleOf } from "../support/processes";
import { together } from "../support/together";

describe("loadtest_data", function () {
  this.timeout(240_000);
  const runs = localRuns({ args: ["--workers", "2", "--spawn-rate", "100"], scripts });
  let server: Server;
  let url: string;
  /** Ids that the target was asked for, by script, in their order. */
  const asked = new Map<string, number[]>();
  const ends = new Map<string, { readonly run: LocalRun; readonly end: CommandEnd }>();

  before(async () => {
    server = createServer((request, response) => {
      const [, name = "", id] = (request.url ?? "").split("/");
      if (id !== undefined) asked.set(name, [...(asked.get(name) ?? []), Number(id)]);
      response.end("ok");
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  after(async () => {
    await stopCommands();
    server.closeAllConnections();
    server.close();
  });

  const start = (name: string, users: number, more: readonly string[] = []) =>
    runs.start(["--script", `${name}.py`, "--host", url, "--users", `${users}`, "--run-time", "60s", ...more]);
  const finish = async (name: string, users: number, more: readonly string[] = []) => {
    const run = start(name, users, more);
    ends.set(name, { run, end: await run.command.ended });
  };
  /** Interrupts a run whose rows have no end once its target was asked for so many. */
  const see = async (name: string, users: number, count: number, more: readonly string[]) => {
    const run = start(name, users, more);
    await run.command.until(() => rowsOf(name).length >= count, `${count} rows`, 60_000);
    run.command.signal("SIGINT");
    ends.set(name, { run, end: await run.command.ended });
  };
  const of = (name: string) => ends.get(name) ?? expect.fail(`${name} was not run`);
  const rowsOf = (name: string) => asked.get(name) ?? [];
  const all = (count: number) => Array.from({ length: count }, (_, id) => id);
  const sorted = (ids: readonly number[]) => [...ids].sort((a, b) => a - b);

  const test = together();

  describe("hands out rows", () => {
    before(() =>
      inTurns(
        // The longest first.
        ["one_each", "once", "open_load", "users_leave", "again", "mixed", "mixed_too", "mixed_else"],
        2,
        (name) => {
          if (name === "open_load") return finish(name, 10, ["--arrival-rate", "60"]);
          if (name === "one_each") return finish(name, 90, ["--run-time", "12s"]);
          // The requests of two users overtake each other.
          if (name === "again" || name === "mixed_else") return see(name, 1, 200, ["--workers", "1"]);
          if (name.startsWith("mixed")) return finish(name, 1, ["--workers", "1"]);
          return finish(name, 10);
        },
      ),
    );

    it("each once over all workers, and ends the run in order behind the last one", () => {
      const { run, end } = of("once");
      expect(end.code, end.stdout + end.stderr).to.equal(0);
      expect(sorted(rowsOf("once"))).to.deep.equal(all(400));
      const record = run.record();
      expect(record).to.include({ verdict: "passed", endedBy: "data" });
      expect(record.reasons.join()).to.match(
        /^The rows of users\.csv ran out, which ended the run after [\d.]+ s of 60 s\.$/,
      );
      expect(record.totals?.requests).to.equal(400);
      expect(end.stdout).to.contain("The rows of users.csv ran out");
      for (const name of ["worker-1", "worker-2"]) {
        const most = Math.max(...run.series().map(({ workerCpu }) => workerCpu[name] ?? 0));
        expect(most, `${name} took part`).to.be.greaterThan(0);
      }
    });

    it("each once to iterations that start at a rate", () => {
      const { run, end } = of("open_load");
      expect(end.code, end.stdout + end.stderr).to.equal(0);
      expect(sorted(rowsOf("open_load"))).to.deep.equal(all(400));
      const record = run.record();
      expect(record).to.include({ verdict: "passed", endedBy: "data" });
      // 400 rows at 60 a second take no less, however slow the machine is.
      expect(record.durationSeconds).to.be.within(6, 60);
    });

    it("each once, and ends the users that find none, and the run with the last of them", () => {
      const { run, end } = of("users_leave");
      expect(sorted(rowsOf("users_leave"))).to.deep.equal(all(90));
      const record = run.record();
      expect(record.endedBy, end.stdout).to.equal("data");
      expect(record.durationSeconds).to.be.lessThan(60);
      expect(end.stdout).to.match(/10 ended as no rows were left \(users_leave\.py, line \d+\)/);
    });

    it("to a user each, however they are spread over the workers", () => {
      const { run, end } = of("one_each");
      expect(end.code, end.stdout + end.stderr).to.equal(0);
      expect(run.record().endedBy).to.equal("run-time");
      expect(sorted([...new Set(rowsOf("one_each"))])).to.deep.equal(all(90));
    });

    it("from the first on again", () => {
      const { run } = of("again");
      expect(rowsOf("again").slice(0, 200)).to.deep.equal([...all(90), ...all(90), ...all(20)]);
      expect(run.record().endedBy).to.equal("interrupt");
    });

    it("in an order that is the same for the same seed", () => {
      const [one, same, other] = ["mixed", "mixed_too", "mixed_else"].map(rowsOf);
      expect(sorted(one ?? [])).to.deep.equal(all(90));
      expect(same).to.deep.equal(one);
      expect(sorted(other?.slice(0, 90) ?? [])).to.deep.equal(all(90));
      const moved = (ids: readonly number[] = []) =>
        Math.max(...ids.map((id, at) => Math.abs(at - (one ?? []).indexOf(id))));
      expect(moved(all(90))).to.be.greaterThan(40);
      expect(moved(other?.slice(0, 90))).to.be.greaterThan(40);
      // In the same order again.
      expect(other?.slice(90, 180)).to.deep.equal(other?.slice(0, 90));
    });
  });

  test("gives no row twice when a worker is killed, and says what is lost", async () => {
    const run = start("killed", 20, ["--run-time", "12s"]);
    await run.command.waitFor(/full load/);
    const worker = run.command.children().find((found) => roleOf(found) === "worker");
    if (worker === undefined) throw new Error("there is no worker");
    process.kill(worker.pid, "SIGKILL");
    const before = rowsOf("killed").length;
    const end = await run.command.ended;
    expect(end.code, end.stdout).to.equal(3);
    const ids = rowsOf("killed");
    expect(ids.length, "the other one goes on").to.be.greaterThan(before);
    expect(new Set(ids).size).to.equal(ids.length);
    expect(run.text("logs/master.log")).to.match(
      /is gone, and with it up to \d+ rows of many\.csv, which nobody gets unless/,
    );
  });

  test("ends a run whose file is edited, and gives nobody what is none of its rows", async () => {
    const run = start("edited", 20);
    await run.command.waitFor(/full load/);
    // As long as before, and other rows from other bytes on.
    const others = csv(15_000).split("\n").slice(10_000).join("\n");
    writeFileSync(join(runs.project().directory, "scripts", "edited.csv"), `id,name\n${others}`);
    const end = await run.command.ended;
    expect(end.code, end.stdout).to.equal(3);
    expect(run.record().reasons[0]).to.match(
      /^Rows ended the run after [\d.]+ s of \d+ s: edited\.csv was changed while it was in use\.$/,
    );
    const ids = rowsOf("edited");
    expect(ids.length).to.be.greaterThan(0);
    expect(Math.max(...ids), "NaN for what was cut").to.be.lessThan(5000);
    expect(new Set(ids).size).to.equal(ids.length);
  });

  test("gives the rows of a worker that leaves in order to others", async () => {
    const run = start("left", 10);
    await run.command.waitFor(/full load/);
    const worker = run.command.children().find((found) => roleOf(found) === "worker");
    if (worker === undefined) throw new Error("there is no worker");
    expect(rowsOf("left").length).to.be.lessThan(400);
    process.kill(worker.pid, "SIGTERM");
    await run.command.ended;
    const ids = rowsOf("left");
    // A request that is cut off may have come to the target or not.
    expect(new Set(ids).size).to.equal(ids.length);
    expect(ids.length).to.be.within(390, 400);
    expect(run.record().endedBy).to.equal("data");
  });

  for (const [name, says] of [
    [
      "missing",
      /^loadtest: missing\.py, line 5: ValueError: none\.csv: there is no such file in the scripts' folder$/m,
    ],
    ["wrong", /^loadtest: wrong\.py, line 5: ValueError: wrong\.csv, line 3: the number of fields is 1, not 2$/m],
    [
      "odd",
      /^loadtest: odd\.py, line 5: ValueError: exhausted='never': it is one of 'stop-run', 'stop-user', 'restart'$/m,
    ],
    [
      "differs",
      /^loadtest: differs\.py, line 9: ValueError: differs\.csv has \d+ bytes, not the master's \d+: all need the same/m,
    ],
  ] as const) {
    test(`keeps a run from starting: ${name}.py`, async () => {
      const run = start(name, 2);
      const end = await run.command.ended;
      expect(end.code, end.stdout + end.stderr).to.equal(2);
      expect(end.stderr).to.match(says);
      expect(end.stderr).to.not.match(/Traceback|^\s+at /m);
    });
  }

  test("says where rows() has to be", async () => {
    const run = start("late", 2, ["--run-time", "6s"]);
    await run.command.ended;
    const kinds = run.record().exceptions?.kinds ?? [];
    expect(kinds.map(({ message }) => message).join()).to.match(
      /rows\("users\.csv"\) belongs at the top of the script/,
    );
  });

  test("stands behind a module of the script's own that has this name", async () => {
    const folder = join(runs.project().directory, "own");
    mkdirSync(join(folder, "loadtest_data"), { recursive: true });
    writeFileSync(join(folder, "loadtest_data", "lib.py"), 'hello = "the script\'s own"\n');
    writeFileSync(join(folder, "own_module.py"), scripts["own_module.py"] ?? "");
    const run = start("own_module", 1, ["--scripts-folder", folder]);
    const end = await run.command.ended;
    expect(end.code).to.equal(2);
    expect(end.stderr).to.contain(`sys.exit("the script's own")`);
  });
});
