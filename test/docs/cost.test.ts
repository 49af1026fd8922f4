import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "chai";

const root = join(__dirname, "..", "..");

describe("docs/cost.md and the costs in docs/aws.md and docs/observing.md", () => {
  it("are what the command writes", () => {
    const command = ["--import", "tsx", join("docs", "cost", "make.ts"), "--check"];
    const { status, stderr } = spawnSync(process.execPath, command, { cwd: root, encoding: "utf8" });
    expect(status, stderr).to.equal(0);
    expect(readFileSync(join(root, "docs", "cost.md"), "utf8")).to.include(
      "| vCPU x 125 | $0.03238 / hr | $97.14 | $121.44 |",
    );
    expect(readFileSync(join(root, "docs", "aws.md"), "utf8")).to.include("| EKS control plane | 0.10 | 0.10 |");
    expect(readFileSync(join(root, "docs", "observing.md"), "utf8")).to.include(
      "| CloudWatch dashboard | $3.00 | $3.00 |",
    );
  });
});
