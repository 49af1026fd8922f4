import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "chai";

const root = join(__dirname, "..", "..");

describe("docs/aws.md", () => {
  const page = readFileSync(join(root, "docs", "aws.md"), "utf8");

  /** What a command of this repository prints. */
  function printed(name: string): string {
    const command = ["--import", "tsx", join("docs", name)];
    const { status, stdout, stderr } = spawnSync(process.execPath, command, { cwd: root, encoding: "utf8" });
    expect(status, stderr).to.equal(0);
    return stdout;
  }

  it("has the costs that the command prints", () => {
    const stdout = printed("print-costs.ts");
    expect(stdout).to.include("EKS control plane");
    expect(page).to.include(`<!-- npx tsx docs/print-costs.ts -->\n\n${stdout}\n<!-- end -->`);
  });

  it("has the policy that loadtest doctor asks IAM about", () => {
    const stdout = printed("print-policy.ts");
    const { Statement } = JSON.parse(stdout) as { Statement: { Action: string | string[] }[] };
    expect(Statement.flatMap(({ Action }) => Action)).to.include("ec2:AssociateNatGatewayAddress");
    expect(page).to.include(`<!-- npx tsx docs/print-policy.ts -->\n\n\`\`\`json\n${stdout}\`\`\`\n\n<!-- end -->`);
  });

  it("has what loadtest doctor prints", () => {
    const stdout = printed("print-doctor.ts");
    expect(stdout).to.include("✖ permissions");
    expect(page).to.include(`<!-- npx tsx docs/print-doctor.ts -->\n\n\`\`\`text\n${stdout}\`\`\`\n\n<!-- end -->`);
  });
});
