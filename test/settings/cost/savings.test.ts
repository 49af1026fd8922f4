import { expect } from "chai";
import fc from "fast-check";
import { type EstimateSettings, estimate } from "../../../settings/cost/estimate";
import type { Load } from "../../../settings/cost/load";
import { savings } from "../../../settings/cost/savings";
import { usEast2 } from "../../../settings/cost/us-east-2";
import { parseSettings } from "../../../settings/parse";
import { anyLoad, anySettings } from "./any";

const defaults = parseSettings({}, "test");
const load: Load = {
  ...{ users: 1000, workers: 8, hours: 1, runsPerDay: 2 },
  ...{ requestsPerUserMinute: 30, kbPerUserMinute: 10, sentShare: 0.5 },
};
const found = (change: Partial<EstimateSettings> = {}, more: Partial<Load> = {}) =>
  new Map(
    savings(usEast2, { ...defaults, ...change }, { ...load, ...more }).map(({ what, day }) => [
      what.split(/[,:] /)[0],
      day,
    ]),
  );

describe("what would make a stack cheaper", () => {
  it("is told with the amount, the most first", () => {
    const all = savings(usEast2, defaults, load);
    expect(all.map(({ what, day }) => [what.slice(0, 20), Number(day.toFixed(2))])).to.deep.equal(
      [
        // 22 hours of 0.3470 without a run.
        ["pulumi destroy when ", 7.63],
        // Three gateways and their addresses.
        ["vpcId: a VPC that ex", 3.6],
        ["layout: single-az, w", 2.4],
        // Two workers for 24 hours, less those of two runs and their images.
        ["workerReplicas: 0, a", 1.07],
        // 1.2 GB, half of it out to the internet.
        ["a target in the same", 0.11],
        ["workerCpu: 0.25, whe", 0.74],
      ].sort((a, b) => Number(b[1]) - Number(a[1])),
    );
  });

  it("is told only where it applies", () => {
    expect(found({ layout: "single-az" })).to.not.have.key("layout");
    const there = found({ vpcId: "vpc-01234567", podSubnetIds: ["subnet-01234567"] });
    expect(there).to.not.include.keys("layout", "vpcId", "natAddressesPerGateway");
    expect(found({ workerReplicas: 0 })).to.not.have.key("workerReplicas");
    expect([...found({}, { workers: 0 }).keys()]).to.not.include("workerReplicas");
    // One gateway has no room for these.
    expect([...found({}, { users: 55_000 }).keys()]).to.include("layout");
    expect([...found({}, { users: 55_001 }).keys()]).to.not.include("layout");
    expect(found({ workerCpu: 0.25, workerMemory: 256 })).to.not.have.any.keys("workerCpu", "workerMemory");
    expect(found({}, { kbPerUserMinute: 0 })).to.not.have.key("a target in the same VPC and zone");
    expect(found({}, { hours: 24, runsPerDay: 1 })).to.not.have.key("pulumi destroy when no run goes on");
  });

  it("knows memory that workers pay for, a master that is too large, addresses that nobody needs", () => {
    expect([...found({ workerMemory: 2048 }).keys()]).to.include("workerMemory");
    expect([...found({ controlCpu: 1, controlMemory: 1792 }).keys()]).to.include("controlCpu");
    expect([...found({ controlCpu: 1, controlMemory: 1792 }, { workers: 500 }).keys()]).to.not.include("controlCpu");
    const addresses = found({ natAddressesPerGateway: 8 });
    expect(addresses.get("natAddressesPerGateway")).to.be.closeTo(3 * 7 * 0.005 * 24, 1e-9);
    // 400,000 connections of 55,000 for an address: eight, over three gateways.
    expect([...found({ natAddressesPerGateway: 3 }, { users: 400_000 }).keys()]).to.not.include(
      "natAddressesPerGateway",
    );
  });

  it("never saves more than there is, nor less than a cent, and is sorted", () => {
    fc.assert(
      fc.property(anySettings, anyLoad, (settings, run) => {
        const { total } = estimate(usEast2, settings, run);
        const days = savings(usEast2, settings, run).map(({ day }) => day);
        for (const day of days) expect(day).to.be.within(0.01, total.day + 1e-6);
        expect(days).to.deep.equal(days.toSorted((a, b) => b - a));
      }),
    );
  });
});
