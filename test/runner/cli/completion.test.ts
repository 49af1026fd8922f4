import { spawnSync } from "node:child_process";
import { mkdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { delimiter, join } from "node:path";
import { expect } from "chai";
import { inTurns, root, startCommand, stopCommands } from "../../support/cli";
import { skip } from "../../support/needs";
import { makeProject, type Project, removeProjects, temporaryFolder } from "../../support/project";

const shells = ["bash", "zsh", "fish"] as const;

describe("completion", () => {
  let project: Project;
  before(() => {
    project = makeProject({ "other.py": "" });
    // Where scripts are usually.
    mkdirSync(join(project.directory, "locust", "scripts"), { recursive: true });
    for (const name of ["a.py", "b.py", "notes.txt"])
      writeFileSync(join(project.directory, "locust", "scripts", name), "");
    writeFileSync(join(project.directory, "Pulumi.prod.yaml"), "config: {}\n");
    for (const name of ["20261124T111205Z-a", "20261124T121205Z-b", "baseline"]) {
      mkdirSync(join(project.results, name), { recursive: true });
    }
  });
  after(async () => {
    await stopCommands();
    removeProjects();
  });

  const run = (...args: readonly string[]) => startCommand(args, { cwd: project.directory }).ended;
  /** What is suggested, by its name. */
  async function suggested(...words: readonly string[]): Promise<string[]> {
    const { code, stdout, stderr } = await run("complete", "--", ...words);
    expect({ code, stderr }).to.deep.equal({ code: 0, stderr: "" });
    const lines = stdout.trimEnd().split("\n");
    expect(lines.pop()).to.match(/^:\d+$/);
    return lines.map((line) => line.split("\t")[0] ?? "");
  }

  it("suggests commands, options, stacks, scripts and runs", async () => {
    const runs = ["latest", "previous", "latest-passed", "20261124T121205Z-b", "20261124T111205Z-a"];
    const cases: readonly [readonly string[], readonly string[]][] = [
      [["st"], ["start", "stop", "status"]],
      [
        ["run", "--s"],
        ["--stack", "--scripts-folder", "--script", "--script-arg", "--spawn-rate"],
      ],
      [
        ["run", "--stack", ""],
        ["dev", "prod"],
      ],
      [["status", "--stack", "p"], ["prod"]],
      [
        ["mcp", "--max"],
        ["--max-cost", "--max-users", "--max-workers", "--max-arrival-rate", "--max-run-time"],
      ],
      [["capacity", "--by"], ["--by"]],
      [["size", "--from", ""], runs],
      [
        ["run", "--script", ""],
        ["a.py", "b.py"],
      ],
      [["run", "--baseline", ""], runs],
      [["report", ""], runs],
      [["compare", ""], runs],
      [
        ["compare", "latest", "2026"],
        ["20261124T121205Z-b", "20261124T111205Z-a"],
      ],
    ];
    const found = await inTurns(cases, 2, ([words]) => suggested(...words));
    expect(found).to.deep.equal(cases.map(([, expected]) => expected));
  });

  it("suggests nothing where there is nothing to suggest, and does not fail", async () => {
    const nowhere = { cwd: temporaryFolder() };
    for (const words of [
      ["run", "--stack", ""],
      ["run", "--script", ""],
      ["capacity", "--from", ""],
      ["report", "x"],
    ]) {
      const { code, stdout } = await startCommand(["complete", "--", ...words], nowhere).ended;
      expect([code, stdout.trim()], words.join(" ")).to.deep.equal([0, ":4"]);
    }
  });

  for (const shell of shells) {
    it(`gives ${shell} a script that it accepts`, async function () {
      const { code, stdout, stderr } = await run("completion", shell);
      expect({ code, stderr }).to.deep.equal({ code: 0, stderr: "" });
      expect(stdout).to.include("loadtest");
      if (spawnSync(shell, ["-c", "true"]).error !== undefined) {
        return skip(this, `${shell} is not here: its script was not tried`);
      }
      // A file, as fish does not take a socket for its input.
      const file = join(temporaryFolder(), "completion");
      writeFileSync(file, stdout);
      const tried = spawnSync(shell, ["-n", file], { encoding: "utf8" });
      expect({ code: tried.status, stderr: tried.stderr }).to.deep.equal({ code: 0, stderr: "" });
    });
  }

  it("works in bash, for a loadtest that is on the PATH", async () => {
    const bin = temporaryFolder();
    symlinkSync(join(root, "bin", "loadtest.js"), join(bin, "loadtest"));
    writeFileSync(join(bin, "script"), (await run("completion", "bash")).stdout);
    // What bash-completion and the shell itself give to such a function.
    const given = `compopt() { :; }; _get_comp_words_by_ref() {
      cur=\${COMP_WORDS[COMP_CWORD]}; words=("\${COMP_WORDS[@]}"); cword=$COMP_CWORD; }`;
    const line = `${given}; source ${bin}/script; COMP_WORDS=(loadtest run --stack p); COMP_CWORD=3; COMP_LINE="loadtest run --stack p"
      COMP_POINT=\${#COMP_LINE}; function=$(complete -p loadtest | sed 's/.*-F \\([^ ]*\\).*/\\1/'); $function loadtest p --stack
      printf '%s\\n' "\${COMPREPLY[@]}"`;
    const { stdout, stderr } = spawnSync("bash", ["--norc", "-c", line], {
      cwd: project.directory,
      encoding: "utf8",
      env: { ...process.env, PATH: `${bin}${delimiter}${process.env.PATH}` },
    });
    expect(stdout.trim(), stderr).to.equal("prod");
    rmSync(bin, { recursive: true });
  });

  it("knows its shells, and is not in the way of help", async () => {
    const wrong = await run("completion", "tcsh");
    expect(wrong).to.include({ code: 2, stdout: "" });
    expect(wrong.stderr).to.match(/'tcsh' is invalid .*bash/);
    expect((await run("completion")).code).to.equal(2);
    const { code, stdout } = await run("--help");
    expect(code).to.equal(0);
    expect(stdout).to.not.match(/^ {2}complete\b/m);
    expect(stdout).to.include("source <(loadtest completion bash)");
  });
});
