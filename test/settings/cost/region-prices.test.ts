import { expect } from "chai";
import { priceFile } from "../../../settings/cost/prices";
import { PricesError, pricesOf } from "../../../settings/cost/region-prices";
import { usEast2 } from "../../../settings/cost/us-east-2";

const { region: _, ...ohio } = usEast2;
const mine = { ...ohio, date: "2026-11-29", source: "mine" };

describe("pricesOf", () => {
  it("knows us-east-2 by itself, with a date and a source", () => {
    expect(pricesOf("us-east-2")).to.equal(usEast2);
    expect(usEast2.date).to.match(/^\d{4}-\d{2}$/);
    expect(usEast2.source).to.include("price pages");
  });

  it("has the prices that the facts of this project were made with", () => {
    expect(usEast2.perHour).to.deep.equal({
      ...{ eksCluster: 0.1, natGateway: 0.045, publicIpv4: 0.005, fargateVcpu: 0.04048, fargateGb: 0.004445 },
    });
    expect(usEast2.perGb).to.deep.equal({
      ...{ throughNat: 0.045, outToInternet: 0.09, betweenZones: 0.01 },
      ...{ logsIn: 0.5, logsKeptForAMonth: 0.03, imageKeptForAMonth: 0.1 },
    });
  });

  it("takes the user's own before those that come with the package", () => {
    expect(pricesOf("us-east-2", { "us-east-2": mine })).to.deep.equal({ region: "us-east-2", ...mine });
    expect(pricesOf("eu-west-1", { "eu-west-1": mine })).to.include({ region: "eu-west-1", source: "mine" });
  });

  it("refuses a Region without prices, naming those that have some, and the command that gets them", () => {
    expect(() => pricesOf("eu-west-1", { "sa-east-1": mine })).to.throw(
      PricesError,
      "there are no prices of eu-west-1, only of sa-east-1, us-east-2: loadtest cost --refresh --region eu-west-1 gets them from AWS",
    );
    for (const name of ["", "constructor", "__proto__", "toString"]) {
      expect(() => pricesOf(name), name).to.throw(PricesError);
    }
  });
});

describe("a file of prices", () => {
  const file = (regions: unknown) => priceFile.safeParse({ version: 1, regions }).success;

  it("has all prices of each Region, above 0, with date and source", () => {
    expect(file({ "eu-west-1": mine })).to.equal(true);
    for (const wrong of [
      { ...mine, date: "today" },
      { ...mine, source: "" },
      { ...mine, perHour: { ...mine.perHour, natGateway: 0 } },
      { ...mine, perHour: { ...mine.perHour, natGateway: "0.045" } },
      { ...mine, perGb: { ...mine.perGb, logsIn: undefined } },
      { ...mine, more: 1 },
    ]) {
      expect(file({ "eu-west-1": wrong }), JSON.stringify(wrong)).to.equal(false);
    }
  });
});
