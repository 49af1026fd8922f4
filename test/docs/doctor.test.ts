import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "chai";
import { printed, root } from "./printed";

describe("permissions and loadtest doctor in docs/aws.md", () => {
  const page = readFileSync(join(root, "docs", "aws.md"), "utf8");
  const block = (command: string, kind: string, text: string) =>
    `<!-- npx tsx docs/${command} -->\n\n\`\`\`${kind}\n${text}\`\`\`\n\n<!-- end -->`;

  it("have the policy that loadtest doctor asks IAM about", () => {
    const stdout = printed("print-policy.ts");
    const { Statement } = JSON.parse(stdout) as { Statement: { Action: string | string[] }[] };
    expect(Statement.flatMap(({ Action }) => Action)).to.include("ec2:AssociateNatGatewayAddress");
    expect(page).to.include(block("print-policy.ts", "json", stdout));
  });

  it("have the policy of observability", () => {
    const stdout = printed("print-policy.ts", "observability");
    expect(stdout).to.include("cloudwatch:PutMetricAlarm");
    expect(page).to.include(block("print-policy.ts observability", "json", stdout));
  });

  it("have what loadtest doctor prints", () => {
    const stdout = printed("print-doctor.ts");
    expect(stdout).to.include("✖ permissions");
    expect(page).to.include(block("print-doctor.ts", "text", stdout));
  });
}).timeout(20_000);
