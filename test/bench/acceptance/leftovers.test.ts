import { expect } from "chai";
import { findLeftovers } from "../../../bench/acceptance/leftovers";
import { acceptancePage } from "../../../bench/acceptance/page";
import { type Acceptance, hasPassed, type Trial } from "../../../bench/acceptance/record";
import { type ScriptedAws, useScriptedAws } from "../../support/aws";

describe("what a destroyed stack has left", () => {
  const arn = (what: string) => `arn:aws:ec2:us-east-2:123456789012:${what}`;
  let aws: ScriptedAws;

  useScriptedAws((one) => {
    aws = one;
  });

  it("is what still has its tag, but for NAT gateways that are gone and only listed", async () => {
    const listed = ["natgateway/nat-1", "natgateway/nat-2", "vpc/vpc-1"].map(arn);
    aws.replies = {
      "tagging:GetResources": ({ input }) => {
        expect(input.TagFilters).to.deep.equal([{ Key: "load-test:stack", Values: ["acceptance-dev"] }]);
        return { result: { ResourceTagMappingList: listed.map((ResourceARN) => ({ ResourceARN })) } };
      },
      "ec2:DescribeNatGateways": () => ({
        result: {
          natGatewaySet: [
            { natGatewayId: "nat-1", state: "deleted" },
            { natGatewayId: "nat-2", state: "available" },
          ],
        },
      }),
    };
    expect(await findLeftovers("acceptance-dev", "us-east-2", 0)).to.deep.equal(listed.slice(1));
  });

  it("is nothing where nothing has the tag", async () => {
    aws.replies = { "tagging:GetResources": () => ({ result: { ResourceTagMappingList: [] } }) };
    expect(await findLeftovers("acceptance-dev", "us-east-2", 0)).to.deep.equal([]);
  });

  it("is not known without the permission to look, and AWS' words say so", async () => {
    aws.replies = { "tagging:GetResources": () => ({ error: "AccessDeniedException", message: "not authorized" }) };
    const said = await findLeftovers("acceptance-dev", "us-east-2", 0).catch((error: Error) => error.message);
    expect(said).to.include("not authorized").and.include("load-test:stack");
  });
});

describe("the page of an acceptance test", () => {
  const trial: Trial = {
    stack: "dev",
    steps: [{ name: "up", seconds: 61.26, passed: true, result: "+ 63 created" }],
    costUsd: 0.126,
    leftovers: [],
  };
  const acceptance: Acceptance = {
    ...{ startedAt: "2026-01-01T10:00:00Z", endedAt: "2026-01-01T11:00:00Z", version: "1.2.3", region: "us-east-2" },
    ...{ standIn: null, interrupted: false, trials: [trial] },
  };

  it("says that nothing ran on AWS where nothing did", () => {
    expect(acceptancePage(undefined)).to.include("**Not run on AWS so far.**");
    expect(acceptancePage({ ...acceptance, standIn: "http://127.0.0.1:1" })).to.include("**not on AWS**");
  });

  it("has each step with its time, what came out, and the cost", () => {
    const page = acceptancePage(acceptance);
    expect(page).to.include("| up | 61.3 | passed | + 63 created |").and.include("about $0.13 without traffic");
    expect(page).to.include("All of it passed.").and.include("Nothing was left.");
  });

  it("passes nothing that failed, was interrupted or left something", () => {
    expect(hasPassed(acceptance)).to.equal(true);
    const failed = { ...trial, steps: [{ ...(trial.steps[0] as Trial["steps"][number]), passed: false }] };
    for (const wrong of [
      { ...acceptance, interrupted: true },
      { ...acceptance, trials: [failed] },
      { ...acceptance, trials: [{ ...trial, leftovers: ["arn:aws:x"] }] },
    ]) {
      expect(hasPassed(wrong)).to.equal(false);
      expect(acceptancePage(wrong)).to.not.include("All of it passed.");
    }
  });
});
