import { execFileSync } from "node:child_process";
import { closeSync, existsSync, openSync, writeSync } from "node:fs";
import { join } from "node:path";
import { expect } from "chai";
import { stopCommands } from "../support/cli";
import { localRuns } from "../support/local-runs";
import { mountOrSkip } from "../support/needs";
import { waitUntilNone } from "../support/processes";
import { onlyRun, runsIn, temporaryFolder } from "../support/project";

describe("a full disk", function () {
  this.timeout(60_000);
  let disk: string | undefined;

  before(function () {
    const folder = temporaryFolder();
    mountOrSkip(this, folder, "size=1500k");
    disk = folder;
  });
  after(async () => {
    await stopCommands();
    if (disk !== undefined) execFileSync("umount", [disk]);
  });
  // Its folders are removed once the disk is out of them.
  const { start } = localRuns({ args: ["--demo", "--users", "4", "--run-time", "60s"] });

  it("that fills up in a run ends it with what was measured and one line that says so", async () => {
    const results = join(disk ?? "", "results");
    const { command, record, series, text } = start([], { results });
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
    const { reasons, totals, ...rest } = record();
    expect(rest).to.include({ verdict: "error", exitCode: 4, endedBy: "results-unwritable" });
    expect(reasons[0]).to.match(/^The results could not be written: .*the disk is full\.$/);
    expect(totals?.requests).to.be.greaterThan(0);
    expect(text("junit.xml")).to.match(/<error [^>]*the disk is full/);
    expect(series().length).to.be.greaterThan(2);
  });

  it("that is full from the start lets no run begin", async () => {
    fill(join(disk ?? "", "filler-2"));
    const results = join(disk ?? "", "other");
    const { command } = start([], { results });
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
