import { expect } from "chai";
import { estimate } from "../../../settings/cost/estimate";
import {
  dataRows,
  type GuidanceLine,
  guidanceLoad,
  guidanceSettings,
  natTable,
  podTable,
  scenarios,
  zonesLine,
} from "../../../settings/cost/guidance";
import { usEast2 } from "../../../settings/cost/us-east-2";

/** A line in cents: its item, its price as given, what it gives for 24 hours, and what that should be. */
type Line = readonly [item: string, price: string, given: readonly number[] | undefined, corrected: readonly number[]];

const cents = (values: readonly number[]) => values.map((value) => Number(value.toFixed(2)));
const lines = (table: readonly GuidanceLine[]): Line[] =>
  table.map(({ item, price, given, corrected }) => [item, price, given, cents(corrected)]);
const data = (gb: string, kb: number) => `${gb} GB of data processed / hr (${kb} KB generated per user per minute)`;

// The README of the guidance has these, "Cost considerations".
const pods: readonly Line[] = [
  ["EKS cluster management fee", "$0.10 / hr", [2.4], [2.4]],
  ["vCPU x 125", "$0.03238 / hr", [97.14], [121.44]],
  ["Memory x 250 GB", "$0.00356 per GB per hr", [21.36], [26.67, 53.34]],
  ["Storage (first 20 GB free)", "N/A", [0], [0]],
  ["sum", "", [120.9], [150.51, 177.18]],
  ["the master and two CoreDNS pods", "–", undefined, [0.89]],
];
const nat: readonly Line[] = [
  ["NAT Gateway x 3", "$0.045 / hr", [3.24], [3.24]],
  [data("60", 1), "$0.045 / GB", [64.8], [64.8]],
  [data("240", 3), "$0.045 / GB", [194.4], [194.4, 259.2]],
  [data("420", 7), "$0.045 / GB", [453.6], [453.6]],
  [data("600", 10), "$0.045 / GB", [648], [648]],
  [data("1,500", 25), "$0.045 / GB", [1620], [1620]],
  [data("3,000", 50), "$0.045 / GB", [3240], [3240]],
  ["range", "", [68.04, 3243.24], [68.04, 3243.24]],
  ["public IPv4 address x 3", "–", undefined, [0.36]],
  ["out to the internet", "–", undefined, [64.8, 3240]],
];

describe("the guidance's tables", () => {
  const pairs: readonly (readonly [string, readonly Line[], readonly GuidanceLine[]])[] = [
    ["pods", pods, podTable(usEast2)],
    ["NAT", nat, natTable(usEast2)],
  ];
  for (const [name, expected, table] of pairs) {
    for (const [index, line] of expected.entries()) {
      it(`${name}: ${line[0]}`, () => {
        expect(lines(table)[index]).to.deep.equal(line);
      });
    }

    it(`${name}: has no other lines, and each difference is explained`, () => {
      expect(table).to.have.length(expected.length);
      for (const { item, given, corrected, why } of table) {
        const differs = JSON.stringify(given) !== JSON.stringify(cents(corrected));
        expect(why !== "", item).to.equal(differs);
      }
    });
  }

  it("between zones: less than a dollar or two", () => {
    const { corrected, price } = zonesLine(usEast2);
    expect(price).to.equal("less than a dollar or two");
    expect(cents(corrected)).to.deep.equal([1.15]);
  });

  it("add up as given", () => {
    const given = ([, , usd]: Line) => usd?.[0] ?? 0;
    expect(given(pods[0] as Line) + given(pods[1] as Line) + given(pods[2] as Line)).to.be.closeTo(120.9, 1e-9);
    // Its prices are those of Arm.
    expect(125 * 0.03238 * 24).to.be.closeTo(97.14, 0.005);
    expect(250 * 0.00356 * 24).to.be.closeTo(21.36, 0.005);
    for (const { gbPerHour, given: usd, kb } of dataRows) {
      expect(usd, `${kb} KB`).to.be.closeTo((kb === 3 ? 180 : gbPerHour) * 0.045 * 24, 1e-9);
    }
  });
});

describe("the guidance's scenarios", () => {
  it("are its rows of data, by name", () => {
    expect([...scenarios].map(([name, { kbPerUserMinute }]) => [name, kbPerUserMinute])).to.deep.equal([
      ["guidance", 1],
      ["guidance-3kb", 3],
      ["guidance-7kb", 7],
      ["guidance-10kb", 10],
      ["guidance-25kb", 25],
      ["guidance-50kb", 50],
    ]);
  });

  it("are priced as the corrected tables are", () => {
    const { idle, running } = estimate(usEast2, guidanceSettings, guidanceLoad(10));
    const day = (what: string) => [...idle.items, ...running.items].find((item) => item.what.includes(what))?.day;
    expect(day("EKS control plane")).to.be.closeTo(2.4, 1e-9);
    expect(day("Locust worker, 0.25 vCPU, 0.5 GB")).to.be.closeTo(121.44 + 26.67, 1e-6);
    expect((day("CoreDNS") ?? 0) + (day("Locust master") ?? 0)).to.be.closeTo(0.8887, 1e-4);
    expect(day("public IPv4")).to.be.closeTo(0.36, 1e-9);
    expect(day("traffic through NAT")).to.be.closeTo(648, 1e-9);
    expect(day("sent out to the internet")).to.be.closeTo(648, 1e-9);
  });
});
