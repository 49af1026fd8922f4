import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "chai";
import { figuresOf } from "../../bench/cluster/page/figures";
import { benchmarksPage } from "../../bench/cluster/page/page";
import { readResults } from "../../bench/cluster/results";
import { all } from "../../bench/peers/configurations";
import { peersPage } from "../../bench/peers/page/page";
import { missing, readResults as readPeers } from "../../bench/peers/results";

const root = join(__dirname, "..", "..");
const page = readFileSync(join(root, "docs", "benchmarks.md"), "utf8");
const results = readResults(join(root, "docs", "benchmarks", "results.json")) ?? expect.fail("there are no results");

describe("docs/benchmarks.md", () => {
  it("is what its results make", () => {
    expect(page).to.equal(benchmarksPage(results));
  });

  it("has the requests a dollar of an unchanged HttpUser that the README says, eight times the guidance's or more", () => {
    const times = figuresOf(results, { userClass: "HttpUser", cpu: 0.5, tls: false }).toGuidance?.median ?? 0;
    expect(times).to.be.at.least(8);
    const readme = readFileSync(join(root, "README.md"), "utf8").replaceAll("\n", " ");
    expect(readme).to.include(`makes ${Number(times.toPrecision(2))} times the requests a dollar`);
  });
});

describe("docs/peers.md", () => {
  const peers = readPeers(join(root, "docs", "peers", "results.json")) ?? expect.fail("there are no results");

  it("is what its results make", () => {
    expect(readFileSync(join(root, "docs", "peers.md"), "utf8")).to.equal(peersPage(peers));
  });

  it("has five rounds of all that is measured", () => {
    expect(missing(peers.capacity, all, 5)).to.deep.equal([]);
  });
});
