import type { AddressInfo } from "node:net";
import { createServer } from "node:net";
import { expect } from "chai";
import { AwsError, type AwsFailure } from "../../../runner/aws/errors";
import { fetchPrices } from "../../../runner/aws/price-list";
import { RunnerError } from "../../../runner/errors";
import { pricesOf } from "../../../settings/cost/region-prices";
import { listed, ScriptedPricing } from "./scripted-pricing";

const expected = {
  date: "2026-11-29",
  source: "AWS Price List API (pricing:GetProducts), on demand",
  perHour: { eksCluster: 0.11, natGateway: 0.048, publicIpv4: 0.005, fargateVcpu: 0.04048, fargateGb: 0.004445 },
  perGb: {
    ...{ throughNat: 0.049, outToInternet: 0.09, betweenZones: 0.01 },
    ...{ logsIn: 0.57, logsKeptForAMonth: 0.03, imageKeptForAMonth: 0.1 },
  },
};

describe("AWS' price list", () => {
  let aws: ScriptedPricing;
  beforeEach(async () => {
    aws = await ScriptedPricing.start();
  });
  afterEach(() => aws.close());

  const warnings: string[] = [];
  const fetched = (region: string) => fetchPrices({ region }, "2026-11-29", (text) => warnings.push(text));
  const failed = async (region = "eu-west-1"): Promise<Error> =>
    fetched(region).then(
      () => expect.fail("it did not fail"),
      (error: Error) => error,
    );

  for (const [region, prefix, fargatePrefix] of [
    ["us-east-2", "USE2-", "USE2-"],
    ["eu-west-1", "EU-", "EU-"],
    ["eu-central-1", "EUC1-", "EUC1-"],
    ["us-east-1", "", "USE1-"],
  ] as const) {
    it(`has each price of ${region}: the first tier that is paid for, of x86, and of nothing that is named alike`, async () => {
      aws.products = listed(region, prefix, fargatePrefix);
      expect(await fetched(region)).to.deep.equal({ region, ...expected });
    });
  }

  it("is read page by page, for one Region, and each part of it once", async () => {
    aws.pageSize = 1;
    aws.products = [...listed("eu-west-1", "EU-"), ...listed("us-east-2", "USE2-")];
    const { region, ...prices } = await fetched("eu-west-1");
    expect(pricesOf(region, { [region]: prices }).perHour).to.deep.equal(expected.perHour);
    const keys = aws.asked.map((one) => JSON.stringify(one));
    expect(new Set(keys).size).to.equal(keys.length);
    expect(aws.asked.filter(({ service }) => service === "AmazonEC2").map(({ token }) => token)).to.deep.equal([
      ...[undefined, "page-1", "page-2"],
    ]);
    for (const { filters } of aws.asked) expect(filters.regionCode ?? filters.fromRegionCode).to.equal("eu-west-1");
  });

  it("names a price that is not in it, and takes none from elsewhere", async () => {
    aws.products = listed("eu-west-1", "EU-").filter(
      ({ attributes }) => attributes.usagetype !== "EU-NatGateway-Hours",
    );
    const error = await failed();
    expect(error).to.be.instanceOf(RunnerError);
    expect(error.message).to.equal(
      "AWS' price list has no price for NatGateway-Hours of AmazonEC2 in eu-west-1. Look whether eu-west-1 is a Region that has it; no prices were changed",
    );
    aws.products = [];
    expect((await failed("xx-nowhere-1")).message).to.include(
      "no price for AmazonEKS-Hours:perCluster of AmazonEKS in xx-nowhere-1",
    );
  });

  it("takes the highest of several prices for the same, and says so; reads past what is no product", async () => {
    const all = listed("eu-west-1", "EU-");
    const twice = { service: "AmazonEC2", tiers: { "0": "0.07" } };
    const attributes = { regionCode: "eu-west-1", productFamily: "NAT Gateway", usagetype: "EU-NatGateway-Hours" };
    aws.products = [...all, { ...twice, attributes }];
    expect((await fetched("eu-west-1")).perHour.natGateway).to.equal(0.07);
    expect(warnings.splice(0)).to.deep.equal([
      "AWS' price list has several prices for NatGateway-Hours of AmazonEC2 in eu-west-1 (0.048, 0.07): 0.07 is taken",
    ]);
    aws.products = [{ service: "AmazonVPC", attributes: { regionCode: "eu-west-1" }, tiers: {} }, ...all];
    expect((await fetched("eu-west-1")).perHour.publicIpv4).to.equal(0.005);
    expect(warnings).to.deep.equal([]);
  });

  const denied =
    "User: arn:aws:iam::123456789012:user/sam is not authorized to perform: pricing:GetProducts because no identity-based policy allows the pricing:GetProducts action";
  const refusals: readonly (readonly [string, AwsFailure, string, RegExp])[] = [
    ["ThrottlingException", "throttled", "Rate exceeded", /too many requests .*Rate exceeded.*Wait a minute/],
    ["AccessDeniedException", "denied", denied, /not allowed: pricing:GetProducts .*no identity-based policy/],
    [
      "ExpiredTokenException",
      "expired",
      "The security token included in the request is expired",
      /have expired \(ExpiredTokenException: The security token.*Sign in/,
    ],
  ];
  for (const [type, failure, message, says] of refusals) {
    it(`says what AWS says, what it means and what to do: ${type}`, async () => {
      aws.refusal = { __type: type, message };
      const error = await failed();
      expect(error).to.be.instanceOf(AwsError).and.include({ failure });
      expect(error.message)
        .to.match(says)
        .and.match(/^the price list of AmazonEKS in eu-west-1: /);
      expect(error.message).to.not.include("\n");
    });
  }

  it("says so where AWS cannot be reached, or nobody is signed in", async () => {
    const closed = createServer();
    await new Promise<void>((resolve) => closed.listen(0, "127.0.0.1", resolve));
    const { port } = closed.address() as AddressInfo;
    await new Promise((resolve) => closed.close(resolve));
    process.env.AWS_ENDPOINT_URL_PRICING = `http://127.0.0.1:${port}`;
    expect(await failed()).to.include({ failure: "no-network" });
    delete process.env.AWS_ACCESS_KEY_ID;
    delete process.env.AWS_SECRET_ACCESS_KEY;
    expect(await failed()).to.include({ failure: "no-credentials" });
  });
});
