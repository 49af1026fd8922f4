import { spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { expect } from "chai";
import { root } from "../support/cli";
import { sharedTest } from "../support/deployed";
import { skip } from "../support/needs";
import { sleep } from "../support/processes";
import { expectNoGap, finished, onlyRun, seriesIn, temporaryFolder } from "../support/project";
import { countsOf } from "../support/target";

describe("a run in a cluster whose API server is restarted", function () {
  this.timeout(180_000);
  const test = sharedTest();

  it("goes on, and has all that was measured", async function () {
    const pidFile = join(dirname(process.env.KUBECONFIG ?? ""), "pid", "apiserver");
    const up = join(root, "..", "shared", "cluster", "up");
    if (!existsSync(pidFile) || !existsSync(up)) {
      skip(this, "the cluster's API server is not one that can be restarted here");
    }
    const results = temporaryFolder();
    const before = await countsOf(test.namespace);
    const load = ["--workers", "3", "--users", "6", "--run-time", "20s"];
    const command = test.start("run", ...load, "--results", results);
    await command.waitFor(/full load/, 90_000);
    await command.until(() => seriesIn(onlyRun(results)).length > 8, "samples");
    process.kill(Number(readFileSync(pidFile, "utf8")), "SIGKILL");
    await sleep(3000);
    expect(spawnSync(up, { timeout: 90_000 }).status).to.equal(0);
    const { code, stdout, stderr } = await command.ended;
    expect(code, `${stdout}\n${stderr}`).to.equal(0);
    const { requests } = await countsOf(test.namespace);
    expect(finished(onlyRun(results)).totals.requests).to.equal(requests - before.requests);
    expectNoGap(results);
    await test.expectAsBefore();
  });
});
