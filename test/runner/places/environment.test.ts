import { chmod, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { explainInstall, findPython } from "../../../runner/places/local/environment";

describe("an installation that fails", () => {
  for (const [what, output, sentence] of [
    [
      "without a network, through pip",
      "WARNING: Retrying … NewConnectionError('Failed to establish a new connection: [Errno 111] Connection refused')\n" +
        "ERROR: Could not find a version that satisfies the requirement uv (from versions: none)",
      "Locust cannot be installed: the package index cannot be reached. Is there a network?",
    ],
    [
      "without a network, through uv",
      "error: Request failed after 3 retries\n  Caused by: error sending request for url\n  Caused by: dns error",
      "Locust cannot be installed: the package index cannot be reached. Is there a network?",
    ],
    [
      "without the venv module",
      "The virtual environment was not created successfully because ensurepip is not available.",
      "Locust cannot be installed: this Python has no venv module (on Debian and Ubuntu: apt install python3-venv)",
    ],
    ["on a full disk", "OSError: [Errno 28] No space left on device", "Locust cannot be installed: the disk is full"],
    [
      "by a package that does not exist",
      "Collecting nope\nERROR: No matching distribution found for nope==1",
      "Locust cannot be installed: pip failed: ERROR: No matching distribution found for nope==1",
    ],
  ] as const) {
    it(`is explained ${what}`, () => {
      const error = Object.assign(new Error("Command failed"), { stdout: "", stderr: output });
      expect(explainInstall(error, "pip failed")).to.equal(sentence);
    });
  }
});

describe("finding Python", () => {
  let folder: string;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "loadtest-python-"));
  });
  after(() => rm(folder, { recursive: true, force: true }));

  /** Something on the PATH that says it is this Python. */
  async function fake(name: string, version: string): Promise<string> {
    const path = join(folder, name);
    await writeFile(path, `#!/bin/sh\necho ${version}\n`);
    await chmod(path, 0o755);
    return path;
  }
  const failure = (env: NodeJS.ProcessEnv) =>
    findPython(env).then(
      () => "",
      (error: Error) => error.message,
    );

  it("takes the first that is new enough", async () => {
    await fake("python3", "3.9.2");
    await fake("python3.12", "3.12.1");
    expect(await findPython({ PATH: folder })).to.equal("python3.12");
  });

  it("takes the one that is named, and no other", async () => {
    const old = await fake("old", "3.10.9");
    expect(await failure({ PATH: folder, LOADTEST_PYTHON: old })).to.equal(
      `Locust needs Python 3.11 or newer; ${old} is 3.10.9. LOADTEST_PYTHON may name another one.`,
    );
    expect(await failure({ PATH: folder, LOADTEST_PYTHON: "/no/such/python" })).to.equal(
      "Locust needs Python 3.11 or newer, and LOADTEST_PYTHON=/no/such/python does not run.",
    );
  });

  it("counts 3.9 as older than 3.11, and 4.0 as newer", async () => {
    expect(await findPython({ PATH: folder, LOADTEST_PYTHON: await fake("four", "4.0.0") })).to.match(/four$/);
    expect(await failure({ PATH: folder, LOADTEST_PYTHON: await fake("nine", "3.9.19") })).to.match(/is 3\.9\.19/);
  });

  it("says that there is none", async () => {
    expect(await failure({ PATH: "/nowhere" })).to.equal(
      "Locust needs Python 3.11 or newer, and there is no Python on the PATH. LOADTEST_PYTHON may name one.",
    );
  });
});
