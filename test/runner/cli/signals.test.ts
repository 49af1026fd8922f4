import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { expect } from "chai";
import { root } from "../../support/cli";

/** Waits as a command does, says what it hears, and ends by itself with 7 when it is asked to. */
const waiting = `
const { endOnSignals } = require(${JSON.stringify(join(root, "runner/cli/signals.ts"))});
endOnSignals();
process.stdin.on("data", () => process.exit(process.env.LOADTEST_ENDS_WITH_CHANNEL === undefined ? 7 : 8));
process.send("ready");
`;

describe("a command with a channel to whoever started it", function () {
  this.timeout(60_000);

  const start = async (env: Readonly<Record<string, string>>) => {
    const child = spawn(process.execPath, ["--import", "tsx", "--input-type=commonjs", "-e", waiting], {
      cwd: root,
      env: { ...process.env, ...env },
      stdio: ["pipe", "ignore", "inherit", "ipc"],
    });
    const ended = once(child, "exit");
    const [message] = await Promise.race([once(child, "message"), ended]);
    expect(message).to.equal("ready");
    return { child, ended };
  };

  it("ends with it where it was started so, and its own children are not", async () => {
    const { child, ended } = await start({ LOADTEST_ENDS_WITH_CHANNEL: "1" });
    child.disconnect();
    expect(await ended).to.deep.equal([130, null]);
    const asked = await start({ LOADTEST_ENDS_WITH_CHANNEL: "1" });
    asked.child.stdin?.write("end\n");
    expect(await asked.ended).to.deep.equal([7, null]);
  });

  it("goes on where it was not: others close theirs for reasons of their own", async () => {
    const { child, ended } = await start({});
    child.disconnect();
    const waited = new Promise((resolve) => setTimeout(resolve, 500, "it goes on"));
    expect(await Promise.race([ended, waited])).to.equal("it goes on");
    child.stdin?.write("end\n");
    expect(await ended).to.deep.equal([7, null]);
  });
});
