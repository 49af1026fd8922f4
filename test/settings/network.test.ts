import { expect } from "chai";
import fc from "fast-check";
import {
  checkPodAddresses,
  checkSubnetsFit,
  controlPlaneZones,
  type NetworkSettings,
  planNetwork,
} from "../../settings/network";
import { parseSettings } from "../../settings/parse";
import { addressCount, type Cidr, containsCidr, formatCidr, parseCidr } from "../../settings/values/cidr";
import { problemsOf } from "./problems";

const privateStarts = [10 * 2 ** 24, 172 * 2 ** 24 + 16 * 2 ** 16, 192 * 2 ** 24 + 168 * 2 ** 16];

/** Any settings that are right by themselves; the subnets may not fit. */
const anySettings: fc.Arbitrary<NetworkSettings> = fc
  .record({
    layout: fc.constantFrom("multi-az" as const, "single-az" as const),
    start: fc.constantFrom(...privateStarts),
    vpcPrefix: fc.integer({ min: 16, max: 28 }),
    place: fc.nat(2 ** 16 - 1),
    subnetMask: fc.integer({ min: 16, max: 28 }),
    availabilityZoneCount: fc.integer({ min: 2, max: 6 }),
    natAddressesPerGateway: fc.integer({ min: 1, max: 8 }),
    named: fc.boolean(),
  })
  .map(({ start, vpcPrefix, place, named, ...settings }) => ({
    ...settings,
    vpcCidr: formatCidr({
      address: start + (place - (place % Math.min(addressCount(vpcPrefix), 2 ** 16))),
      prefix: vpcPrefix,
    }),
    availabilityZoneNames: named ? zoneNames(settings.availabilityZoneCount) : undefined,
  }));
const fitting = anySettings.filter((settings) => checkSubnetsFit(settings).length === 0);

function zoneNames(count: number): string[] {
  return Array.from("abcdef", (letter) => `us-east-2${letter}`).slice(0, count);
}

function subnetsOf(settings: NetworkSettings): Cidr[] {
  const { publicCidrs, privateCidrs } = planNetwork(settings);
  return [...publicCidrs, ...privateCidrs].map(parseCidr);
}

const multi: NetworkSettings = {
  layout: "multi-az",
  vpcCidr: "10.0.0.0/16",
  subnetMask: 22,
  availabilityZoneCount: 3,
  availabilityZoneNames: undefined,
  natAddressesPerGateway: 1,
};
const single: NetworkSettings = { ...multi, layout: "single-az" };

describe("planNetwork", () => {
  it("gives each zone a private and a public block, with pods and a NAT gateway in every zone", () => {
    expect(planNetwork(multi)).to.deep.equal({
      cidrBlock: "10.0.0.0/16",
      zones: 3,
      privateCidrs: ["10.0.0.0/22", "10.0.8.0/22", "10.0.16.0/22"],
      publicCidrs: ["10.0.4.0/22", "10.0.12.0/22", "10.0.20.0/22"],
      natGateways: 3,
      natAddressesPerGateway: 1,
      podZones: 3,
      podAddresses: 3 * 1019,
    });
  });

  it("keeps two zones for the control plane in a single-az layout, with pods and one NAT gateway in the first", () => {
    const plan = planNetwork({ ...single, availabilityZoneNames: zoneNames(3) });
    expect(plan).to.deep.equal({
      cidrBlock: "10.0.0.0/16",
      zones: 2,
      zoneNames: ["us-east-2a", "us-east-2b"],
      privateCidrs: ["10.0.0.0/22", "10.0.8.0/22"],
      publicCidrs: ["10.0.4.0/22", "10.0.12.0/22"],
      natGateways: 1,
      natAddressesPerGateway: 1,
      podZones: 1,
      podAddresses: 1019,
    });
  });

  it("takes zones by name before their number", () => {
    const plan = planNetwork({ ...multi, availabilityZoneNames: zoneNames(4) });
    expect(plan.zones).to.equal(4);
    expect(plan.zoneNames).to.deep.equal(zoneNames(4));
  });

  it("has blocks of one size that start where they should, inside the VPC, a pair in each zone", () => {
    fc.assert(
      fc.property(fitting, (settings) => {
        const plan = planNetwork(settings);
        const zones = settings.layout === "single-az" ? controlPlaneZones : settings.availabilityZoneCount;
        expect(plan.zones).to.equal(zones);
        expect([plan.publicCidrs.length, plan.privateCidrs.length]).to.deep.equal([zones, zones]);
        expect(plan.zoneNames?.length ?? zones).to.equal(zones);
        for (const subnet of subnetsOf(settings)) {
          expect(subnet.prefix).to.equal(settings.subnetMask);
          expect(containsCidr(parseCidr(settings.vpcCidr), subnet)).to.equal(true);
        }
      }),
    );
  });

  it("has no address in two blocks", () => {
    fc.assert(
      fc.property(fitting, (settings) => {
        const sorted = subnetsOf(settings).sort((one, other) => one.address - other.address);
        sorted.slice(1).forEach((subnet, index) => {
          const before = sorted[index] as Cidr;
          expect(subnet.address).to.be.at.least(before.address + addressCount(before.prefix));
        });
      }),
    );
  });

  it("gives a zone the same blocks whatever the layout and the number of zones", () => {
    fc.assert(
      fc.property(fitting, fc.integer({ min: 2, max: 6 }), (settings, availabilityZoneCount) => {
        const plan = planNetwork(settings);
        for (const layout of ["multi-az", "single-az"] as const) {
          const other = planNetwork({ ...settings, layout, availabilityZoneCount, availabilityZoneNames: undefined });
          const both = Math.min(plan.zones, other.zones);
          expect(other.privateCidrs.slice(0, both)).to.deep.equal(plan.privateCidrs.slice(0, both));
          expect(other.publicCidrs.slice(0, both)).to.deep.equal(plan.publicCidrs.slice(0, both));
        }
      }),
    );
  });
});

describe("checkSubnetsFit", () => {
  it("refuses exactly what needs more addresses than the VPC has", () => {
    fc.assert(
      fc.property(anySettings, (settings) => {
        const { zones } = planNetwork(settings);
        const needed = 2 * zones * addressCount(settings.subnetMask);
        const fits = needed <= addressCount(parseCidr(settings.vpcCidr).prefix);
        expect(checkSubnetsFit(settings)).to.have.lengthOf(fits ? 0 : 1);
      }),
    );
  });

  it("names the largest subnets, or the smallest VPC, that fit", () => {
    fc.assert(
      fc.property(anySettings, (settings) => {
        const [problem] = checkSubnetsFit(settings);
        fc.pre(problem !== undefined);
        if (problem?.key === "subnetMask") {
          const least = Number(/\d+/.exec(problem.allowed)?.[0]);
          expect(checkSubnetsFit({ ...settings, subnetMask: least })).to.deep.equal([]);
          expect(checkSubnetsFit({ ...settings, subnetMask: least - 1 })).to.have.lengthOf(1);
        } else {
          const widest = Number(/16 to (\d+)/.exec(problem?.allowed ?? "")?.[1]);
          const vpcOf = (prefix: number) => ({ ...settings, subnetMask: 28, vpcCidr: `10.0.0.0/${prefix}` });
          expect(checkSubnetsFit(vpcOf(widest))).to.deep.equal([]);
          expect(checkSubnetsFit(vpcOf(widest + 1))).to.have.lengthOf(1);
        }
      }),
    );
  });
});

describe("checkPodAddresses", () => {
  /** The most workers that are let through. */
  function most(settings: NetworkSettings): number {
    let workers = 0;
    while (checkPodAddresses({ ...settings, workerReplicas: workers + 1 }).length === 0) workers += 1;
    return workers;
  }

  it("leaves addresses for the master, CoreDNS, the control plane and a rolling update", () => {
    // 1,019 - 6 (control plane) - 1 (master) - 2 (CoreDNS) - 1 = 1,009 = 807 + a quarter of it, rounded up.
    expect(most(single)).to.equal(807);
    // 33 - 12 - 4 = 17 = 13 + 4.
    expect(most({ ...multi, subnetMask: 28 })).to.equal(13);
    // 11 - 6 - 4 = 1: not even a worker and its replacement.
    expect(most({ ...single, subnetMask: 28 })).to.equal(0);
  });

  it("says how many workers there may be, and counts as it says", () => {
    const settings = fitting.filter(({ subnetMask }) => subnetMask >= 23);
    fc.assert(
      fc.property(settings, fc.integer({ min: 0, max: 1000 }), (network, workerReplicas) => {
        const [problem] = checkPodAddresses({ ...network, workerReplicas });
        fc.pre(problem !== undefined);
        expect(problem).to.include({ key: "workerReplicas", value: workerReplicas });
        const allowed = Number(/^(?:an integer from 0 to )?(\d+) with layout/.exec(problem?.allowed ?? "")?.[1]);
        expect(allowed).to.be.below(workerReplicas);
        expect(allowed).to.equal(most(network));
      }),
    );
  });

  it("has room for no workers in any network that can be", () => {
    fc.assert(
      fc.property(fitting, (network) => {
        expect(checkPodAddresses({ ...network, workerReplicas: 0 })).to.deep.equal([]);
      }),
    );
  });
});

describe("the stack's network", () => {
  const small = { layout: "single-az", subnetMask: 26, workerReplicas: 100 };

  it("must have addresses for its workers", () => {
    const [problem, ...others] = problemsOf(small);
    expect(others).to.deep.equal([]);
    expect(problem).to.include({ key: "workerReplicas", value: 100 });
    expect(problem?.allowed).to.match(
      /^an integer from 0 to 39 with layout single-az and subnetMask 26: they have 59 /,
    );
  });

  it("is not looked at with an existing VPC, or on an existing cluster", () => {
    const vpc = {
      vpcId: "vpc-01234567",
      podSubnetIds: ["subnet-01234567"],
      controlPlaneSubnetIds: ["subnet-01234567", "subnet-01234568"],
    };
    expect(parseSettings({ ...small, ...vpc }, "test").workerReplicas).to.equal(100);
    expect(parseSettings({ ...small, platform: "existing" }, "test").workerReplicas).to.equal(100);
    expect(parseSettings({ ...vpc, subnetMask: 16 }, "test").subnetMask).to.equal(16);
  });

  it("needs room for two zones only in a single-az layout", () => {
    const settings = { vpcCidr: "10.0.0.0/20", subnetMask: 22 };
    expect(parseSettings({ ...settings, layout: "single-az" }, "test").layout).to.equal("single-az");
    expect(problemsOf({ ...settings, layout: "multi-az" }).map(({ key }) => key)).to.deep.equal(["subnetMask"]);
  });
});
