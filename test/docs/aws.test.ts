import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "chai";

const root = join(__dirname, "..", "..");

describe("docs/aws.md", () => {
  const page = readFileSync(join(root, "docs", "aws.md"), "utf8");

  it("has the costs that the command prints", () => {
    const command = ["--import", "tsx", join("docs", "print-costs.ts")];
    const { status, stdout, stderr } = spawnSync(process.execPath, command, { cwd: root, encoding: "utf8" });
    expect(status, stderr).to.equal(0);
    expect(stdout).to.include("EKS control plane");
    expect(page).to.include(`<!-- npx tsx docs/print-costs.ts -->\n\n${stdout}\n<!-- end -->`);
  });
});
