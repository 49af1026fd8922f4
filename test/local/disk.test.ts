import { execFileSync } from "node:child_process";
import { closeSync, existsSync, openSync, writeSync } from "node:fs";
import { join } from "node:path";
import { expect } from "chai";
import { prepareLocust, startCommand, stopCommands } from "../support/cli";
import { waitUntilNone } from "../support/processes";
import {
  finished,
  makeProject,
  onlyRun,
  type Project,
  removeProjects,
  runsIn,
  seriesIn,
  temporaryFolder,
  textIn,
} from "../support/project";

describe("a full disk", function () {
  this.timeout(60_000);
  let project: Project;
  let disk: string | undefined;

  before(async function () {
    const folder = temporaryFolder();
    try {
      execFileSync("mount", ["-t", "tmpfs", "-o", "size=1500k", "tmpfs", folder], { stdio: "pipe" });
    } catch (error) {
      console.log(`    skipped: no file system of 1.5 MB can be mounted here: ${(error as Error).message.trim()}`);
      this.skip();
    }
    disk = folder;
    await prepareLocust();
    project = makeProject();
  });
  after(async () => {
    await stopCommands();
    if (disk !== undefined) execFileSync("umount", [disk]);
    removeProjects();
  });

  it("that fills up in a run ends it with what was measured and one line that says so", async () => {
    const results = join(disk ?? "", "results");
    const args = ["run", "--local", "--demo", "--users", "4", "--run-time", "60s", "--results", results];
    const command = startCommand(args, { cwd: project.directory });
    await command.until(
      () => runsIn(results).length === 1 && existsSync(join(onlyRun(results), "requests.csv")),
      "numbers",
    );
    fill(join(disk ?? "", "filler"));
    const end = await command.ended;
    await waitUntilNone(command.marker, 1000);
    expect(end.code, end.stderr).to.equal(4);
    expect(end.seconds).to.be.below(40);
    const said = `${end.stdout}${end.stderr}`.replace(/\s+/g, " ");
    expect(said.match(/The results could not be written: .*?the disk is full/g)).to.have.length(1);
    expect(said).to.not.match(/ at \w+ \(|internal error/);
    const directory = onlyRun(results);
    const record = finished(directory);
    expect(record).to.include({ verdict: "error", exitCode: 4, endedBy: "results-unwritable" });
    expect(record.reasons[0]).to.match(/^The results could not be written: .*the disk is full\.$/);
    expect(record.totals?.requests).to.be.greaterThan(0);
    expect(textIn(directory, "junit.xml")).to.match(/<error [^>]*the disk is full/);
    expect(seriesIn(directory).length).to.be.greaterThan(2);
  });

  it("that is full from the start lets no run begin", async () => {
    fill(join(disk ?? "", "filler-2"));
    const results = join(disk ?? "", "other");
    const args = ["run", "--local", "--demo", "--users", "4", "--run-time", "60s", "--results", results];
    const command = startCommand(args, { cwd: project.directory });
    const end = await command.ended;
    await waitUntilNone(command.marker, 1000);
    expect(end.code, end.stderr).to.equal(4);
    expect(end.stderr).to.match(/^loadtest: \S+ cannot be written: the disk is full\n$/);
    expect(runsIn(results)).to.deep.equal([]);
  });
});

/** Takes all the room that is left. */
function fill(path: string): void {
  const file = openSync(path, "w");
  try {
    for (let size = 64 * 1024; size >= 1; ) {
      try {
        if (writeSync(file, Buffer.alloc(size, "x")) < size) size = Math.floor(size / 2);
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== "ENOSPC") throw error;
        size = Math.floor(size / 2);
      }
    }
  } finally {
    closeSync(file);
  }
}
