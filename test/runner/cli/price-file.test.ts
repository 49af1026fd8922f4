import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
import { dirname, join } from "node:path";
import { expect } from "chai";
import { pricesPath, readPrices, writePrices } from "../../../runner/cli/price-file";
import { PricesError } from "../../../settings/cost/region-prices";
import { usEast2 } from "../../../settings/cost/us-east-2";
import { removeProjects, temporaryFolder } from "../../support/project";

const dublin = { ...usEast2, region: "eu-west-1", date: "2026-11-29", source: "a test" };

describe("the user's file of prices", () => {
  after(removeProjects);
  const path = () => join(temporaryFolder(), "deep", "prices.json");

  it("is where XDG has it, or where LOADTEST_PRICES says", () => {
    expect(pricesPath({})).to.equal(join(homedir(), ".config", "loadtest", "prices.json"));
    expect(pricesPath({ XDG_CONFIG_HOME: "/etc/xdg" })).to.equal("/etc/xdg/loadtest/prices.json");
    expect(pricesPath({ XDG_CONFIG_HOME: "relative" })).to.equal(pricesPath({}));
    expect(pricesPath({ XDG_CONFIG_HOME: "", LOADTEST_PRICES: "" })).to.equal(pricesPath({}));
    expect(pricesPath({ XDG_CONFIG_HOME: "/etc/xdg", LOADTEST_PRICES: "/tmp/mine.json" })).to.equal("/tmp/mine.json");
  });

  it("is nothing where it is not there", () => {
    expect(readPrices(path())).to.deep.equal({});
  });

  it("keeps several Regions, each with its date and source", async () => {
    const file = path();
    await writePrices(dublin, file);
    await writePrices({ ...dublin, region: "sa-east-1", date: "2026-11-30" }, file);
    await writePrices({ ...dublin, date: "2026-12-01" }, file);
    const { region: _, ...prices } = dublin;
    expect(readPrices(file)).to.deep.equal({
      "eu-west-1": { ...prices, date: "2026-12-01" },
      "sa-east-1": { ...prices, date: "2026-11-30" },
    });
  });

  it("is one clear line where it is damaged, and stays as it is", async () => {
    const { region: _, ...prices } = dublin;
    const wrong = { ...prices, perHour: { ...prices.perHour, natGateway: "dear" } };
    for (const [text, why] of [
      ["{", "it is no JSON"],
      ["[]", "it: Invalid input"],
      [JSON.stringify({ version: 2, regions: {} }), "version: "],
      [JSON.stringify({ version: 1, regions: { "eu-west-1": wrong } }), "regions.eu-west-1.perHour.natGateway: "],
    ] as const) {
      const file = path();
      mkdirSync(dirname(file));
      writeFileSync(file, text);
      const start = `${file} is no file of prices (${why}`;
      expect(() => readPrices(file), text)
        .to.throw(PricesError)
        .with.property("message")
        .that.satisfies((message: string) => message.startsWith(start) && !message.includes("\n"));
      const error = await writePrices(dublin, file).catch((caught: unknown) => caught);
      expect(error, text).to.be.instanceOf(PricesError);
      expect(readFileSync(file, "utf8")).to.equal(text);
    }
  });

  it("says so in a line where a file has the place of its folder", async () => {
    const folder = temporaryFolder();
    writeFileSync(join(folder, "loadtest"), "");
    const error = await writePrices(dublin, join(folder, "loadtest", "prices.json")).catch((caught: Error) => caught);
    expect(error)
      .to.be.instanceOf(Error)
      .with.property("message")
      .that.matches(/cannot be written: there is a file/);
  });
});
