import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { expect } from "chai";
import { testPython } from "../support/python";
import { testRuff } from "../support/ruff";
import { fixtures, root } from "./processes";

describe("Python", function () {
  // The first of these on a machine installs what they need.
  this.timeout(180_000);

  it("passes its own unit tests", async () => {
    const folder = join(root, "locust");
    const { status, stdout, stderr } = spawnSync(await testPython(), ["-m", "unittest", "discover", "-s", "tests"], {
      cwd: folder,
      encoding: "utf8",
      env: { ...process.env, PYTHONPATH: join(folder, "plugin"), PYTHONDONTWRITEBYTECODE: "1" },
    });
    expect(status, `${stdout}${stderr}`).to.equal(0);
  });

  const folders = [
    {
      name: "locust",
      paths: [".", fixtures, ...["plain", "http-client"].map((name) => join(root, "test/local", name))],
    },
    { name: "bench/cluster/python", paths: [".", join(root, "bench/peers/python")] },
  ];
  for (const { name, paths } of folders) {
    for (const args of [["check"], ["format", "--check"]]) {
      it(`passes ruff ${args.join(" ")} in ${name}`, async () => {
        const ruff = await testRuff();
        const all = [...args, "--no-cache", "--config", "ruff.toml", ...paths];
        const { status, stdout, stderr } = spawnSync(ruff, all, { cwd: join(root, name), encoding: "utf8" });
        expect(status, `${stdout}${stderr}`).to.equal(0);
      });
    }
  }
});
