import { chmodSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:net";
import { join } from "node:path";
import { expect } from "chai";
import { type DemoTarget, startDemoTarget } from "../../runner/demo/target";
import { type CommandEnd, inTurns, prepareLocust, startCommand, stopCommands } from "../support/cli";
import { waitUntilNone } from "../support/processes";
import { hello, makeProject, type Project, removeProjects, runsIn, temporaryFolder } from "../support/project";

const scripts = {
  "syntax.py": "from locust import HttpUser\n\n\nclass Broken(HttpUser)\n    pass\n",
  "import.py": "import no_such_package\n",
  "needs.py": `from locust import HttpUser, events


@events.init_command_line_parser.add_listener
def arguments(parser):
    parser.add_argument("--tenant", required=True, env_var="TENANT")


class User(HttpUser):
    pass
`,
  "empty.py": "from locust import HttpUser\n",
  "two.py": `${hello}

class Hosted(HttpUser):
    host = "http://127.0.0.1:1"

    @task
    def hello(self) -> None:
        self.client.get("/")
`,
};

interface Mistake {
  readonly what: string;
  /** Exit code; defaults to 2. */
  readonly code?: number;
  /** What standard error says; `loadtest: ` is in front of it. */
  readonly says: RegExp;
  /** Default to a run of hello.py. */
  readonly args?: () => readonly string[];
  readonly env?: () => Record<string, string | undefined>;
  /** Lines on standard error, where it is not one. */
  readonly lines?: number;
}

describe("a mistake", function () {
  this.timeout(60_000);
  let project: Project;
  let target: DemoTarget;
  let taken: Server;
  let takenPort: string;
  let ends: Map<Mistake, CommandEnd & { readonly results: string }>;

  const run = (...args: readonly string[]) => ["run", "--local", "--users", "2", "--run-time", "3s", ...args];
  const onTarget = (script: string, ...args: readonly string[]) =>
    run("--host", target.url, "--script", script, "--workers", "1", ...args);
  /** An empty cache: Locust has to be installed. */
  const uncached = (env: Record<string, string>) => ({
    LOADTEST_CACHE: temporaryFolder(),
    LOADTEST_PYTHON: undefined,
    ...env,
  });
  const nowhere = "http://127.0.0.1:1/simple";

  const mistakes: readonly Mistake[] = [
    {
      what: "a port of the web UI that is taken",
      says: /^port \d+ for Locust's web UI is taken; choose another with --port$/,
      args: () => ["dashboard", "--local", "--demo", "--no-open", "--port", takenPort],
    },
    {
      what: "LOADTEST_PYTHON that is no program",
      code: 4,
      says: /^Locust needs Python 3\.11 or newer, and LOADTEST_PYTHON=.*none does not run\.$/,
      env: () => uncached({ LOADTEST_PYTHON: join(project.directory, "none") }),
    },
    {
      what: "a Python that is too old",
      code: 4,
      says: /^Locust needs Python 3\.11 or newer; python3 is 3\.9\.2\. LOADTEST_PYTHON may name another one\.$/,
      env: () => uncached({ PATH: folderWith("python3", "#!/bin/sh\necho 3.9.2\n") }),
    },
    {
      what: "no Python on the PATH",
      code: 4,
      says: /^Locust needs Python 3\.11 or newer, and there is no Python on the PATH\. LOADTEST_PYTHON may name one\.$/,
      env: () => uncached({ PATH: folderWith("nothing", "") }),
    },
    {
      what: "an install without a network",
      code: 4,
      says: /^Locust cannot be installed: the package index cannot be reached\. Is there a network\?$/,
      env: () =>
        uncached({
          ...{ PIP_INDEX_URL: nowhere, PIP_EXTRA_INDEX_URL: "", PIP_FIND_LINKS: "", PIP_NO_INDEX: "" },
          ...{ PIP_CONFIG_FILE: "/dev/null", PIP_NO_CACHE_DIR: "1", UV_NO_CACHE: "1", UV_NO_CONFIG: "1" },
          ...{ UV_INDEX_URL: nowhere, UV_DEFAULT_INDEX: nowhere, UV_FIND_LINKS: "", UV_OFFLINE: "" },
        }),
    },
    {
      what: "a script that is not there",
      says: /^1 setting is wrong \(.*\):\n {2}script is "missing\.py", from the command line: .*hello\.py/,
      lines: 2,
      args: () => onTarget("missing.py"),
    },
    {
      what: "a syntax error in the script",
      says: /^syntax\.py, line 4: SyntaxError: expected ':'/,
      args: () => onTarget("syntax.py"),
    },
    {
      what: "an import that fails in the script",
      says: /^import\.py, line 1: ModuleNotFoundError: No module named 'no_such_package'/,
      args: () => onTarget("import.py"),
    },
    {
      what: "an argument that the script needs",
      says: /^needs\.py needs --tenant: --script-arg NAME=VALUE, or scriptArguments in the stack's config$/,
      args: () => onTarget("needs.py"),
    },
    {
      what: "an argument that the script has not",
      says: /^needs\.py has no argument --tennant; did you mean --tenant\?$/,
      args: () => onTarget("needs.py", "--script-arg", "tennant=acme"),
    },
    {
      what: "an argument that is Locust's own",
      says: /^1 setting is wrong .*\n {2}scriptArguments\.users is "5", from the command line: must be no option of Locust's own/,
      lines: 2,
      args: () => onTarget("hello.py", "--script-arg", "users=5"),
    },
    {
      what: "a script without a user class",
      says: /^empty\.py has no User class to run: it needs one that inherits from HttpUser, FastHttpUser or User, and is not abstract$/,
      args: () => onTarget("empty.py"),
    },
    {
      what: "a user class without a host, beside one that has one",
      says: /^nothing says what HelloUser should load: --host URL/,
      args: () => run("--script", "two.py"),
    },
    {
      what: "a target that does not listen",
      code: 4,
      says: /^the target http:\/\/127\.0\.0\.1:1 cannot be reached: connection refused$/,
      args: () => run("--script", "hello.py", "--host", "http://127.0.0.1:1"),
    },
    {
      what: "--results below a file",
      code: 4,
      says: /Pulumi\.yaml\/results cannot be written: part of its path is a file, not a folder$/,
      args: () => onTarget("hello.py", "--results", join(project.directory, "Pulumi.yaml", "results")),
    },
    {
      what: "--results where nothing can be written",
      code: 4,
      says: /^\/sys\/loadtest cannot be written: (permission denied|the file system is read-only)$/,
      args: () => onTarget("hello.py", "--results", "/sys/loadtest"),
    },
    {
      what: "several wrong settings, at once",
      says: /^5 settings are wrong \(Pulumi\.dev\.yaml\):\n {2}targetHost is .*\n {2}users is "0", .*\n {2}runTime .*\n {2}workerReplicas .*\n {2}script is "nope\.py"/,
      lines: 6,
      args: () => [
        ...["run", "--local", "--host", "nowhere", "--users", "0", "--run-time", "5x", "--workers", "many"],
        ...["--script", "nope.py"],
      ],
    },
    {
      what: "no workers",
      says: /^a run needs at least one worker: --workers 1$/,
      args: () => run("--demo", "--workers", "0"),
    },
    {
      what: "--demo with --host",
      says: /^--demo starts a target of its own: leave out --host, or leave out --demo$/,
      args: () => run("--demo", "--host", target.url),
    },
  ];

  before(async () => {
    await prepareLocust();
    project = makeProject(scripts);
    target = await startDemoTarget({ port: 0 });
    taken = createServer().listen(0, "127.0.0.1");
    await new Promise((resolve) => taken.once("listening", resolve));
    takenPort = String((taken.address() as { port: number }).port);
    const found = await inTurns(mistakes, 3, async (mistake) => {
      const results = join(temporaryFolder(), "results");
      const args = mistake.args?.() ?? onTarget("hello.py");
      const all = args.includes("--results") ? args : [...args, "--results", results];
      const command = startCommand(all, { cwd: project.directory, env: mistake.env?.() ?? {} });
      const end = await command.ended;
      await waitUntilNone(command.marker, 3000);
      return [mistake, { ...end, results }] as const;
    });
    ends = new Map(found);
  });
  after(async () => {
    await stopCommands();
    await Promise.all([target.close(), new Promise((resolve) => taken.close(resolve))]);
    removeProjects();
  });

  for (const mistake of mistakes) {
    const { what, code = 2, says, lines = 1 } = mistake;
    it(`is told in one message and with exit code ${code}: ${what}`, () => {
      const end = ends.get(mistake);
      if (end === undefined) throw new Error("it was not run");
      const at = end.stderr.search(/^loadtest: /m);
      expect(at, end.stderr).to.be.at.least(0);
      const message = end.stderr.slice(at + "loadtest: ".length).trimEnd();
      expect(message).to.match(says);
      expect(message.split("\n")).to.have.length(lines);
      expect(end.code, end.stderr).to.equal(code);
      expect(end.stderr).to.not.match(/^\s+at |Traceback|internal error/m);
      expect(end.stdout).to.equal("");
      expect(end.stderr, "of a target that nobody knows").to.not.match(/the script's own target/);
      if (code === 2) expect(runsIn(end.results)).to.deep.equal([]);
    });
  }

  it("in an option's name is told with the nearest one", async () => {
    const end = await startCommand(run("--demo", "--usres", "5"), { cwd: project.directory }).ended;
    expect(end).to.include({ code: 2, stdout: "" });
    expect(end.stderr).to.match(/^error: unknown option '--usres'\n\(Did you mean --users\?\)\n/);
    expect(runsIn(project.results)).to.deep.equal([]);
  });

  it("is told as JSON too where --json asks for it", async () => {
    const end = await startCommand(run("--demo", "--workers", "0", "--json"), { cwd: project.directory }).ended;
    expect(JSON.parse(end.stdout)).to.deep.equal({
      error: "a run needs at least one worker: --workers 1",
      exitCode: 2,
    });
    expect(end.code).to.equal(2);
  });

  /** A folder with one program in it, to be a PATH. */
  function folderWith(name: string, text: string): string {
    const folder = temporaryFolder();
    writeFileSync(join(folder, name), text);
    chmodSync(join(folder, name), 0o755);
    return folder;
  }
});
