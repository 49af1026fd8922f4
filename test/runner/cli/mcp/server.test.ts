import { spawnSync } from "node:child_process";
import { symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "chai";
import { root, startCommand, stopCommands } from "../../../support/cli";
import { McpSession } from "../../../support/mcp";
import { makeProject, type Project, removeProjects, runsIn } from "../../../support/project";
import { makeRun, nameAt, recordAt } from "../../results/folders";

describe("loadtest mcp", function () {
  this.timeout(30_000);
  const [older, newer] = [nameAt(1), nameAt(2)] as const;
  let project: Project;
  let looking: McpSession;
  let running: McpSession;
  before(async () => {
    project = makeProject();
    for (const minute of [1, 2]) makeRun(project.results, nameAt(minute), recordAt(minute));
    writeFileSync(join(project.directory, "secret.txt"), "secret");
    [looking, running] = await Promise.all([
      McpSession.open(project.directory),
      McpSession.open(project.directory, ["--allow-run", "--allowed-hosts", "127.0.0.1,*.a.test", "--max-users", "10"]),
    ]);
  });
  after(async () => {
    await Promise.all([looking.close(), running.close()]);
    await stopCommands();
    removeProjects();
  });

  it("offers what only looks, and with --allow-run what starts load too; and says which limits hold", async () => {
    const look = ["doctor", "status", "logs", "report", "history", "compare", "cost"];
    expect(await looking.tools()).to.have.members(look);
    expect(await running.tools()).to.have.members([...look, "run", "capacity", "size", "start", "scale", "stop"]);
    expect(looking.client.getInstructions()).to.match(/No load may be started.*without --allow-run/);
    expect(running.client.getInstructions()).to.match(
      /on 127\.0\.0\.1, \*\.a\.test alone, with at most 10 users, 10 workers, 100 iterations started a second/,
    );
  });

  it("has tools with the command's options, that say whether they only look", async () => {
    const { tools } = await running.client.listTools();
    for (const { name, inputSchema, outputSchema, annotations } of tools) {
      const loads = ["run", "capacity", "size", "start", "scale", "stop"].includes(name);
      expect(annotations, name).to.include({ readOnlyHint: !loads, destructiveHint: loads });
      expect(inputSchema, name).to.include({ type: "object", additionalProperties: false });
      expect(outputSchema?.required, name).to.deep.equal(["exitCode", "meaning", "result", "messages"]);
    }
    const run = tools.find(({ name }) => name === "run")?.inputSchema.properties as Record<string, object>;
    expect(run.users).to.include({ type: "number", maximum: 10 });
    expect(run.threshold).to.include({ type: "array" });
    expect(run.local).to.include({ type: "boolean" });
    expect(run.runTime).to.include({ type: "string" });
  });

  it("gives what the command prints, with its exit code and what that means", async () => {
    const { exitCode, meaning, result, isError, text } = await looking.call("doctor", { local: true });
    expect([exitCode, meaning, isError]).to.deep.equal([0, "nothing stands in the way of a run", false]);
    expect((result as { name: string }[]).map(({ name }) => name)).to.include.members(["Python", "settings", "script"]);
    expect(JSON.parse(text).result).to.deep.equal(result);
    const own = await startCommand(["cost", "--json", "--region", "us-east-2"], { cwd: project.directory }).ended;
    expect((await looking.call("cost", { region: "us-east-2" })).result).to.deep.equal(JSON.parse(own.stdout));
    const history = (await looking.call("history", { limit: 1 })).result as { name: string }[];
    expect(history.map(({ name }) => name)).to.deep.equal([newer]);
  });

  it("gives a verdict as an answer, and what could not run as an error", async () => {
    makeRun(project.results, nameAt(0), recordAt(0, { verdict: "failed", exitCode: 1 }));
    const failed = await looking.call("report", { run: nameAt(0) });
    expect(failed).to.include({ isError: false, exitCode: 1 });
    expect(failed.links).to.deep.equal([`loadtest://runs/${nameAt(0)}`]);
    const compared = await looking.call("compare", { a: older, b: newer });
    expect(compared.isError).to.equal(false);
    expect(compared.exitCode).to.be.oneOf([0, 3]);
    const unknown = await looking.call("report", { run: "latets" });
    expect(unknown).to.include({ isError: true, exitCode: 2, result: null });
    expect(unknown.messages?.[0]).to.match(/^loadtest: there is no run latets in .*; the nearest is latest /);
  });

  it("refuses what loads, where that is not allowed, and says why", async () => {
    for (const name of ["run", "start", "scale", "stop"]) {
      const { isError, text } = await looking.call(name, { local: true, demo: true });
      expect(isError, name).to.equal(true);
      expect(text).to.equal(
        `${name} starts, changes or ends load, which this server may not: it was started without --allow-run`,
      );
    }
    const { isError, text } = await looking.call("dashboard");
    expect(isError).to.equal(true);
    expect(text).to.match(/^dashboard is not offered: it is for people.*; there is doctor, status, /);
    expect((await looking.call("format-disk")).text).to.match(/^there is no tool format-disk; there is doctor/);
    expect(await looking.call("report")).to.deep.equal({
      ...{ isError: true, text: "report was not started:\n  run is missing", links: [] },
    });
  });

  it("refuses loads beyond its limits before anything is started", async () => {
    const before = runsIn(project.results);
    const run = (more: Record<string, unknown>) => running.call("run", { local: true, ...more });
    expect((await run({ users: 11 })).text).to.equal("run was not started:\n  users is 11: must be at most 10");
    // The stack's, which are 100.
    const users = await run({ host: "http://127.0.0.1:1" });
    expect(users).to.include({ isError: true, exitCode: 2 });
    expect(users.messages?.join("\n")).to.match(/users is 100.*: must be at most 10 \(--max-users\)/);
    const host = await run({ users: 1, host: "http://b.test" });
    expect(host).to.include({ isError: true, exitCode: 2 });
    expect(host.messages?.join("\n")).to.match(
      /targetHost .* must be on one of --allowed-hosts: 127\.0\.0\.1, \*\.a\.test/,
    );
    const long = await run({ users: 1, host: "http://127.0.0.1:1", runTime: "2h" });
    expect(long.messages?.join("\n")).to.match(/runTime is "2h".* must be at most 3600 s \(--max-run-time\)/);
    expect(runsIn(project.results)).to.deep.equal(before);
  });

  it("tells everything that is wrong with an input, and starts nothing", async () => {
    const wrong = {
      users: "many",
      script: "../other.py",
      results: "/tmp",
      threshold: "p95<1",
      local: 1,
      kubeconfig: "x",
    };
    const { isError, text } = await running.call("run", wrong);
    expect(isError).to.equal(true);
    const [head, ...lines] = text.split("\n");
    expect(head).to.equal("run was not started:");
    expect(lines).to.have.members([
      '  users is "many": expected number, received string',
      '  script is "../other.py": must be a name, not a path',
      '  threshold is "p95<1": expected array, received string',
      "  local is 1: expected boolean, received number",
      "  results, kubeconfig: no such argument",
    ]);
    expect((await running.call("scale", {})).text).to.equal("scale was not started:\n  workers is missing");
    expect((await running.call("run", { scriptArg: ["a\0b"] })).text).to.match(/null bytes/);
  });

  it("holds to the stack that it was started with", async () => {
    const session = await McpSession.open(project.directory, ["--stack", "prod"]);
    try {
      const { text } = await session.call("doctor", { stack: "dev" });
      expect(text).to.equal("doctor was not started:\n  stack: no such argument");
      expect((await session.call("cost")).messages?.join("\n")).to.match(/Stack prod has no file Pulumi\.prod\.yaml/);
    } finally {
      await session.close();
    }
  });

  it("has the saved runs as resources", async () => {
    const { resources } = await looking.client.listResources();
    const uris = resources.map(({ uri }) => uri);
    expect(uris).to.include.members(["loadtest://runs", `loadtest://runs/${older}`, `loadtest://runs/${newer}`]);
    const { resourceTemplates } = await looking.client.listResourceTemplates();
    expect(resourceTemplates.map(({ uriTemplate }) => uriTemplate)).to.have.members([
      ...["loadtest://runs/{name}", "loadtest://runs/{name}/report", "loadtest://runs/{name}/series"],
    ]);
    const runs = JSON.parse(await looking.read("loadtest://runs"));
    const history = (await looking.call("history")).result as { name: string; path: string }[];
    expect(runs.map(({ name }: { name: string }) => name)).to.deep.equal(history.map(({ name }) => name));
    expect(JSON.parse(await looking.read(`loadtest://runs/${newer}`))).to.deep.equal(recordAt(2));
    expect(await looking.read(`loadtest://runs/${newer}/report`)).to.match(/PASSED \(exit code 0\)/);
    expect(await looking.read(`loadtest://runs/${newer}/series`)).to.equal("");
  });

  it("completes their names", async () => {
    const complete = async (value: string) => {
      const ref = { type: "ref/resource" as const, uri: "loadtest://runs/{name}/report" };
      const { completion } = await looking.client.complete({ ref, argument: { name: "name", value } });
      return completion.values;
    };
    expect(await complete(newer.slice(0, -4))).to.deep.equal([newer]);
    expect(await complete("2026")).to.include.members([older, newer]);
    expect(await complete("x")).to.deep.equal([]);
  });

  it("takes no path for the name of a run", async () => {
    symlinkSync(project.directory, join(project.results, "link"));
    const list = await looking.read("loadtest://runs");
    for (const name of [
      "..",
      "../..",
      "..%2F..",
      "%2e%2e",
      "link",
      `link/results/${newer}`,
      `${newer}/../..`,
      "a%00",
      "%",
    ]) {
      for (const end of ["", "/report", "/series"]) {
        const text = await looking.read(`loadtest://runs/${name}${end}`).catch(({ message }: Error) => message);
        // A client's library makes `loadtest://runs/..` the list of runs.
        if (text !== list) expect(text, `${name}${end}`).to.match(/there is no run|not found/);
      }
    }
    for (const run of ["..", "../results", project.directory, "results/../secret.txt"]) {
      const { text, isError } = await looking.call("report", { run });
      expect([isError, text]).to.deep.equal([
        true,
        `report was not started:\n  run is ${JSON.stringify(run)}: must be a name, not a path`,
      ]);
    }
  });

  it("writes nothing but messages of the protocol, and ends with its client", async () => {
    const request = { jsonrpc: "2.0", id: 1, method: "tools/list" };
    const ask = `process.stdout.write(${JSON.stringify(`${JSON.stringify(request)}\nno JSON\n`)})`;
    const entry = join(root, "bin", "loadtest.js");
    const shell = `"${process.execPath}" -e '${ask}' | "${process.execPath}" "${entry}" mcp`;
    const { status, stdout } = spawnSync("bash", ["-c", shell], { cwd: project.directory, encoding: "utf8" });
    const lines = stdout.trim().split("\n");
    expect([status, lines.length]).to.deep.equal([0, 1]);
    expect(JSON.parse(lines[0] ?? "").result.tools).to.have.length(7);
  });

  it("tells wrong use in a line, with exit code 2", async () => {
    const mistakes: readonly (readonly [readonly string[], RegExp])[] = [
      [
        ["--allowed-hosts", "http://a"],
        /^error: option '--allowed-hosts <hosts>' argument 'http:\/\/a' is invalid\. "http:\/\/a" must be a host /,
      ],
      [["--max-users", "0"], /^error: option '--max-users <n>' argument '0' is invalid/],
      [["--stack", "dev", "--context", "x"], /cannot be used with option/],
    ];
    for (const [args, says] of mistakes) {
      const { code, stdout, stderr } = await startCommand(["mcp", ...args], { cwd: project.directory }).ended;
      expect([code, stdout], args.join(" ")).to.deep.equal([2, ""]);
      expect(stderr).to.match(says);
    }
  });
});
