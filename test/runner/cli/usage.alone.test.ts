import { join } from "node:path";
import { expect } from "chai";
import { createProgram } from "../../../runner/cli/program/program";
import { inTurns, startCommand, stopCommands } from "../../support/cli";
import { makeProject, type Project, removeProjects } from "../../support/project";
import { makeRun, nameAt, recordAt } from "../results/folders";

const commands = createProgram(() => undefined).commands.map((command) => command.name());

/** Nothing of these may look for Pulumi or a cluster. */
const mistakes: readonly { readonly args: readonly string[]; readonly says: RegExp }[] = [
  ...["--users=5", "--spawn-rate=1", "--run-time=1m", "--workers=2", "--script=a.py", "--host=http://a", "--demo"].map(
    (option) => ({
      args: ["dashboard", option],
      says: new RegExp(`^loadtest: ${option.split("=")[0]} needs --local here: the web UI asks for the load\n$`),
    }),
  ),
  { args: ["run", "--demo"], says: /^loadtest: --demo starts its target on this machine: --local --demo\n$/ },
  ...["run", "dashboard", "start", "stop", "status", "logs", "report"].flatMap((command) =>
    ["namespace", "context", "kubeconfig"].map((other) => ({
      args: [command, "--stack", "dev", `--${other}`, "x"],
      says: new RegExp(`^error: option '--${other} <\\w+>' cannot be used with option '--stack <name>'\n`),
    })),
  ),
  ...["run", "dashboard"].map((command) => ({
    args: [command, "--local", "--namespace", "x"],
    says: /^error: option '--local' cannot be used with option '--namespace <name>'\n/,
  })),
  { args: ["report", nameAt(3)], says: new RegExp(`^loadtest: there is no run .*; the nearest is ${nameAt(2)} \\(`) },
  { args: ["report", "latets"], says: /^loadtest: there is no run latets in results; the nearest is latest \(/ },
  { args: ["compare", "latest", "nope"], says: /^loadtest: there is no run nope in results; the nearest is / },
  { args: ["compare", "latest"], says: /^error: missing required argument 'b'\n/ },
  ...["-1", "1001", "1.5", "many"].map((count) => ({
    args: ["scale", "--", count],
    says: /^error: command-argument value '.*' is invalid for argument 'workers'\. Workers are a number from 0 to 1000\.\n/,
  })),
  { args: ["scale"], says: /^error: missing required argument 'workers'\n/ },
  { args: ["start", "--ready-timeout", "0"], says: /A time is 10, 10s, 2m or 1h30m\.\n/ },
  { args: ["run", "--local", "--abort-after", "0"], says: /A time is 10, 10s, 2m or 1h30m\.\n/ },
  { args: ["logs", "--tail", "0"], says: /It must be a number from 1 on\.\n/ },
  { args: ["start", "--ready-timeout", "soon"], says: /A time is 10, 10s, 2m or 1h30m\.\n/ },
  { args: ["run", "--port", "70000"], says: /A port is a number from 1 to 65535\.\n/ },
  {
    args: ["run", "--local", "--max-cost", "5"],
    says: /^loadtest: --max-cost is for runs on AWS: with --local a run costs nothing\n$/,
  },
  ...["0", "-1", "much", "$5"].map((usd) => ({
    args: ["run", `--max-cost=${usd}`],
    says: /^error: option '--max-cost <usd>' argument '.*' is invalid\. It must be a number above 0\.\n/,
  })),
  ...["hours", "requests-per-user-minute"].map((option) => ({
    args: ["cost", `--${option}=0`],
    says: new RegExp(`^error: option '--${option} <\\w>' argument '0' is invalid\\. It must be a number above 0\\.\n`),
  })),
  ...["runs-per-day", "kb-per-user-minute"].map((option) => ({
    args: ["cost", `--${option}=-1`],
    says: new RegExp(
      `^error: option '--${option} <\\w>' argument '-1' is invalid\\. It must be a number from 0 on\\.\n`,
    ),
  })),
  { args: ["cost", "--sent-share", "101%"], says: /It must be 100% at most\.\n/ },
  { args: ["cost", "--scenario", "mine"], says: /Allowed choices are guidance, guidance-3kb, / },
  { args: ["cost", "--stack", "dev", "--scenario", "guidance"], says: /cannot be used with option/ },
  {
    args: ["cost", "--region", "eu-west-1"],
    says: /^loadtest: there are no prices of eu-west-1, only of us-east-2: loadtest cost --refresh --region eu-west-1 gets them from AWS\n$/,
  },
  { args: ["statsu"], says: /^error: unknown command 'statsu'\n\(Did you mean status\?\)\n/ },
];

describe("the command line", () => {
  let project: Project;
  before(() => {
    project = makeProject();
    for (const minute of [1, 2]) makeRun(project.results, nameAt(minute), recordAt(minute));
  });
  after(async () => {
    await stopCommands();
    removeProjects();
  });

  const run = (args: readonly string[]) =>
    startCommand(args, {
      cwd: project.directory,
      env: { PATH: "", LOADTEST_PRICES: join(project.directory, "none.json") },
    }).ended;

  it("tells every wrong use in a line, with exit code 2 and nothing on standard output", async function () {
    this.timeout(60_000);
    const ends = await inTurns(mistakes, 3, ({ args }) => run(args));
    for (const [index, { args, says }] of mistakes.entries()) {
      const end = ends[index];
      expect(end?.stderr, args.join(" ")).to.match(says);
      expect(end, args.join(" ")).to.include({ code: 2, stdout: "" });
    }
  });

  it("says where a test may be, where there is no project, and that Pulumi is missing", async () => {
    expect((await run(["status"])).stderr).to.match(/^loadtest: pulumi is not on the PATH; without it, say where: /);
    const nowhere = await startCommand(["status"], { cwd: "/" }).ended;
    expect(nowhere).to.include({ code: 2 });
    expect(nowhere.stderr).to.match(
      /^loadtest: there is no Pulumi project here: say where the test is with --context /,
    );
  });

  for (const name of commands) {
    it(`has an example in ${name} --help, and shows it without delay`, async () => {
      // The fastest of three: the machine may be busy.
      const ends = [await run([name, "--help"]), await run([name, "--help"]), await run([name, "--help"])];
      for (const { code, stdout, stderr } of ends) {
        expect({ code, stderr }).to.deep.equal({ code: 0, stderr: "" });
        expect(stdout).to.match(new RegExp(`\nExamples?:\n {2}loadtest ${name}\\b`));
        expect(stdout.split("\n").filter((line) => line.length > 80 && !/^ {2}loadtest /.test(line))).to.deep.equal([]);
      }
      expect(Math.min(...ends.map(({ seconds }) => seconds))).to.be.below(0.5);
    });
  }

  it("lists every command in --help", async () => {
    const { stdout } = await run(["--help"]);
    for (const name of commands) expect(stdout).to.match(new RegExp(`^ {2}${name} `, "m"));
  });
});
