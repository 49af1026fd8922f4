import { expect } from "chai";
import fc from "fast-check";
import { type CostSettings, fixedHourlyCost, hourlyCost, podPrice } from "../../../settings/cost/hourly";
import { usEast2 } from "../../../settings/cost/us-east-2";
import { parseSettings } from "../../../settings/parse";
import { fargateSizeFor } from "../../../settings/values/fargate";
import { anySettings } from "./any";

const quantities = (settings: CostSettings) =>
  Object.fromEntries(hourlyCost(usEast2, settings).items.map(({ what, quantity }) => [what, quantity]));

describe("hourlyCost", () => {
  const defaults = parseSettings({}, "test");

  it("knows the bill of the defaults", () => {
    const { items, total } = hourlyCost(usEast2, defaults);
    expect(items.map(({ what, quantity, perHour }) => [what, quantity, Number(perHour.toFixed(6))])).to.deep.equal([
      ["EKS control plane", 1, 0.1],
      ["NAT gateway", 3, 0.135],
      ["public IPv4 address of a NAT gateway", 3, 0.015],
      ["CoreDNS pod", 2, 0.024685],
      ["Locust master", 1, 0.012343],
      ["Locust worker", 2, 0.04937],
    ]);
    expect(total).to.be.closeTo(0.3364, 0.0001);
  });

  it("counts a NAT gateway in each zone, one with single-az, and none in a VPC that exists", () => {
    expect(quantities({ ...defaults, availabilityZoneCount: 4 })["NAT gateway"]).to.equal(4);
    const availabilityZoneNames = ["us-east-2a", "us-east-2c"];
    expect(quantities({ ...defaults, availabilityZoneNames })["NAT gateway"]).to.equal(2);
    expect(quantities({ ...defaults, layout: "single-az" })["NAT gateway"]).to.equal(1);
    expect(quantities({ ...defaults, vpcId: "vpc-0123456789abcdef0" })).to.not.have.any.keys(
      "NAT gateway",
      "public IPv4 address of a NAT gateway",
    );
  });

  it("leaves out workers that are not there", () => {
    expect(quantities({ ...defaults, workerReplicas: 0 })).to.not.have.property("Locust worker");
  });

  it("says so where Fargate has no such size", () => {
    expect(() => hourlyCost(usEast2, { ...defaults, workerCpu: 17 })).to.throw(RangeError, "no size for 17 vCPU");
  });

  it("is the sum of its items, and each item its quantity times its price", () => {
    fc.assert(
      fc.property(anySettings, (settings) => {
        const { items, total } = hourlyCost(usEast2, settings);
        expect(total).to.be.closeTo(
          items.reduce((sum, { perHour }) => sum + perHour, 0),
          1e-9,
        );
        for (const { quantity, each, perHour } of items) {
          expect(quantity).to.be.above(0);
          expect(each).to.be.above(0);
          expect(perHour).to.be.closeTo(quantity * each, 1e-9);
        }
      }),
    );
  });

  it("grows with every worker, by the price of one", () => {
    fc.assert(
      fc.property(anySettings, (settings) => {
        const more = hourlyCost(usEast2, { ...settings, workerReplicas: settings.workerReplicas + 1 });
        const worker = more.items.find(({ what }) => what === "Locust worker");
        expect(more.total - hourlyCost(usEast2, settings).total).to.be.closeTo(worker?.each ?? 0, 1e-9);
      }),
    );
  });

  it("bills master and workers at the size that Fargate runs them at", () => {
    fc.assert(
      fc.property(anySettings, (settings) => {
        const billed = new Map(hourlyCost(usEast2, settings).items.map((item) => [item.what, item]));
        const pods = [["Locust master", settings.controlCpu, settings.controlMemory] as const];
        const workers = [["Locust worker", settings.workerCpu, settings.workerMemory] as const];
        for (const [what, cpu, memory] of [...pods, ...(settings.workerReplicas > 0 ? workers : [])]) {
          const expected = fargateSizeFor(cpu, memory);
          expect(billed.get(what)?.size).to.deep.equal(expected);
          expect(billed.get(what)?.each).to.equal(expected && podPrice(usEast2, expected));
        }
      }),
    );
  });

  it("never costs more with single-az", () => {
    fc.assert(
      fc.property(anySettings, (settings) => {
        const [single, multi] = (["single-az", "multi-az"] as const).map(
          (layout) => hourlyCost(usEast2, { ...settings, layout }).total,
        );
        expect(single).to.be.at.most(multi ?? 0);
      }),
    );
  });
});

describe("fixedHourlyCost", () => {
  const defaults = parseSettings({}, "test");

  it("is what the table of docs/aws.md has above Locust's pods", () => {
    // Three zones: 0.1 + 3 × (0.045 + 0.005) + 2 × 0.0123425.
    expect(fixedHourlyCost(usEast2, defaults).total).to.be.closeTo(0.274685, 1e-9);
    expect(fixedHourlyCost(usEast2, { ...defaults, layout: "single-az" }).total).to.be.closeTo(0.174685, 1e-9);
    expect(fixedHourlyCost(usEast2, { ...defaults, vpcId: "vpc-0123456789abcdef0" }).total).to.be.closeTo(
      0.124685,
      1e-9,
    );
  });

  it("is all but Locust's pods, however many and large they are", () => {
    fc.assert(
      fc.property(anySettings, (settings) => {
        const locust = hourlyCost(usEast2, settings).items.filter(({ what }) => what.startsWith("Locust "));
        const pods = locust.reduce((sum, { perHour }) => sum + perHour, 0);
        expect(locust).to.have.length(settings.workerReplicas > 0 ? 2 : 1);
        expect(fixedHourlyCost(usEast2, settings).total).to.be.closeTo(
          hourlyCost(usEast2, settings).total - pods,
          1e-9,
        );
      }),
    );
  });
});
