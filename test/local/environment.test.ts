import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { expect } from "chai";
import { startCommand, stopCommands } from "../support/cli";
import { killAll, waitUntilNone } from "../support/processes";
import { finished, makeProject, onlyRun, type Project, removeProjects, temporaryFolder } from "../support/project";

describe("the environment that Locust is installed in", function () {
  this.timeout(180_000);
  let project: Project;

  before(() => {
    project = makeProject();
  });
  after(async () => {
    await stopCommands();
    removeProjects();
  });

  function start(cache: string) {
    const results = temporaryFolder();
    const args = [
      "run",
      "--local",
      "--demo",
      "--users",
      "2",
      "--workers",
      "1",
      "--run-time",
      "2s",
      "--results",
      results,
    ];
    return { command: startCommand(args, { cwd: project.directory, env: { LOADTEST_CACHE: cache } }), results };
  }

  const environments = (cache: string) => readdirSync(cache).filter((name) => name.startsWith("python-"));

  it("is whole after a killed install, and after two at once", async () => {
    const cache = temporaryFolder();
    const killed = start(cache).command;
    const draft = () => environments(cache)[0];
    await killed.until(() => existsSync(join(cache, draft() ?? "none", "bin", "python")), "half an environment");
    killed.signal("SIGKILL");
    await killed.ended;
    const half = draft() ?? "";
    expect(half).to.match(/^python-[0-9a-f]{12}\.\d+$/);
    // pip would go on for a while; its work is of no use to anybody.
    killAll(killed.marker);
    await waitUntilNone(killed.marker, 5000);

    const both = [start(cache), start(cache)];
    const ends = await Promise.all(both.map(({ command }) => command.ended));
    for (const [index, end] of ends.entries()) {
      expect(end.code, end.stderr).to.equal(0);
      expect(end.stderr.match(/^Installing Locust into \S+ \(once\)$/gm)).to.have.length(1);
      expect(finished(onlyRun(both[index]?.results ?? "")).verdict).to.equal("passed");
    }
    expect(environments(cache)).to.deep.equal([half.replace(/\.\d+$/, "")]);
  });
});
