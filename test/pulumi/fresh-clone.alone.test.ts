import { execFileSync, spawnSync } from "node:child_process";
import { chmodSync, copyFileSync, cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { expect } from "chai";
import { kubectl } from "../support/cluster";
import { needs, skip } from "../support/needs";
import { root } from "../support/pulumi-cli";

const minutes = 60_000;

/** The examples in a clone of this repository as it is, without what is ignored: nothing is installed or compiled. */
describe("the examples in a fresh clone, by the commands of their READMEs", function () {
  this.timeout(15 * minutes);
  let clone: string;
  let env: NodeJS.ProcessEnv;

  needs("pulumi", "cluster");
  before(() => {
    clone = mkdtempSync(join(tmpdir(), "loadtest-clone-"));
    const listed = execFileSync("git", ["ls-files", "-z", "--cached", "--others", "--exclude-standard"], { cwd: root });
    for (const name of String(listed).split("\0").filter(Boolean)) cpSync(join(root, name), join(clone, name));
    const made = (name: string) => join(clone, ".test", name);
    for (const folder of ["state", "bin"]) mkdirSync(made(folder), { recursive: true });
    // The context that the README names.
    copyFileSync(process.env.KUBECONFIG ?? "", made("kubeconfig"));
    const kubeconfig = ["--kubeconfig", made("kubeconfig")];
    const current = String(execFileSync("kubectl", [...kubeconfig, "config", "current-context"])).trim();
    execFileSync("kubectl", [...kubeconfig, "config", "rename-context", current, "my-cluster"]);
    // The port is forwarded until Ctrl-C, which nobody presses here.
    writeFileSync(made("bin/kubectl"), '#!/bin/sh\necho "kubectl $*"\n');
    chmodSync(made("bin/kubectl"), 0o755);
    env = {
      ...process.env,
      KUBECONFIG: made("kubeconfig"),
      PATH: `${made("bin")}${delimiter}${process.env.PATH}`,
      PULUMI_BACKEND_URL: `file://${made("state")}`,
      PULUMI_CONFIG_PASSPHRASE: "test",
      // For whoever says yes.
      PULUMI_SKIP_CONFIRMATIONS: "true",
    };
  });
  after(() => {
    if (clone !== undefined) rmSync(clone, { recursive: true, force: true });
  });

  /** Runs all commands of a README, to the first that fails; gives what they printed. */
  function follow(example: string): string {
    const cwd = join(clone, "examples", example);
    const [, commands = ""] = /```sh\n([\s\S]*?)```/.exec(readFileSync(join(cwd, "README.md"), "utf8")) ?? [];
    expect(commands).to.include("pulumi up").and.to.include("pulumi destroy");
    const { status, stdout, stderr } = spawnSync("bash", ["-exo", "pipefail", "-c", commands], {
      ...{ cwd, env, encoding: "utf8" },
    });
    // What a step that failed has left.
    if (status !== 0) spawnSync("pulumi", ["destroy", "--yes", "--skip-preview"], { cwd, env });
    expect(status, `${stdout}\n${stderr}`).to.equal(0);
    return stdout;
  }

  for (const example of ["existing-cluster", "existing-vpc"]) {
    it(`${example} comes up, and leaves nothing`, () => {
      const output = follow(example);
      expect(output)
        .to.match(/apps\/v1:Deployment \S+ created/)
        .and.to.match(/^ +- \d+ deleted$/m);
      if (example === "existing-cluster") {
        expect(output).to.include("kubectl --namespace load-test port-forward service/locust-control 8089:8089");
      }
      expect(() => kubectl("load-test", ["get", "namespace", "load-test"])).to.throw("NotFound");
    });
  }

  it("python comes up, and leaves nothing", function () {
    if (spawnSync("which", ["pulumi-language-python"]).status !== 0) skip(this, "Pulumi has no Python here");
    follow("python");
  });
});
