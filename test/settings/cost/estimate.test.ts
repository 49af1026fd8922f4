import { expect } from "chai";
import fc from "fast-check";
import { type EstimateSettings, estimate, workersForRun } from "../../../settings/cost/estimate";
import { billedHours, podPrice, requestPrice } from "../../../settings/cost/hourly";
import {
  assumptions,
  durationText,
  type Load,
  natAddressesNeeded,
  requestsOf,
  trafficGb,
} from "../../../settings/cost/load";
import type { Prices } from "../../../settings/cost/prices";
import { usEast2 } from "../../../settings/cost/us-east-2";
import { parseSettings } from "../../../settings/parse";
import { fargateCpus, fargateOverheadMiB, fargateSizes, largestMemory } from "../../../settings/values/fargate";
import { anyLoad, anySettings } from "./any";

const defaults = parseSettings({}, "test");
const hour: Load = {
  ...{ users: 1000, workers: 2, hours: 1, runsPerDay: 1 },
  ...{ requestsPerUserMinute: 30, kbPerUserMinute: 10, sentShare: 0.5 },
};
const runItem = (settings: EstimateSettings, load: Load, what: string) =>
  estimate(usEast2, settings, load).running.items.find((item) => item.what === what);

describe("an estimate", () => {
  it("has each thing of an hour with a thousand users, with its amount", () => {
    const { idle, running, requests } = estimate(usEast2, defaults, { ...hour, workers: 4 });
    const lines = (items: typeof idle.items) =>
      items.map(({ what, quantity, unit, hour }) => [what, Number(quantity.toFixed(6)), unit, Number(hour.toFixed(6))]);
    expect(lines(idle.items)).to.deep.equal([
      ["EKS control plane", 1, "", 0.1],
      ["NAT gateway", 3, "", 0.135],
      ["public IPv4 address of a NAT gateway", 3, "", 0.015],
      ["CoreDNS pod, 0.25 vCPU, 0.5 GB", 2, "", 0.024685],
      ["Locust master, 0.25 vCPU, 0.5 GB", 1, "", 0.012343],
      ["Locust worker, 0.5 vCPU, 1 GB", 2, "", 0.04937],
      // 20 MB in, and kept for 30 days.
      ["control plane's logs", 0.02, "GB", 0.0106],
    ]);
    expect(lines(running.items)).to.deep.equal([
      // An hour and a minute of two.
      ["workers for the run", 2, "", 0.050193],
      ["their image, through NAT", 0.2, "GB", 0.009],
      // 1,000 users × 60 minutes × 10 KB.
      ["traffic through NAT", 0.6, "GB", 0.027],
      ["sent out to the internet", 0.3, "GB", 0.027],
      // Four workers × 2/3 × 2 KB × 3,600 s, at a cent on both sides.
      ["workers' reports between zones", 0.0192, "GB", 0.000384],
    ]);
    expect(requests).to.equal(1_800_000);
  });

  it("has no traffic between zones in one zone, and none out to the internet where nothing is sent", () => {
    const one = { ...defaults, layout: "single-az" as const };
    expect(runItem(one, hour, "workers' reports between zones")).to.equal(undefined);
    expect(runItem(defaults, { ...hour, sentShare: 0 }, "sent out to the internet")).to.equal(undefined);
    expect(runItem(defaults, { ...hour, kbPerUserMinute: 0 }, "traffic through NAT")).to.equal(undefined);
  });

  it("counts data through the NAT of a VPC that exists, and nothing else of that", () => {
    const there = { ...defaults, vpcId: "vpc-0123456789abcdef0", podSubnetIds: ["subnet-01234567", "subnet-89abcdef"] };
    const { idle } = estimate(usEast2, there, hour);
    expect(idle.items.filter(({ what }) => what.includes("NAT"))).to.deep.equal([]);
    expect(runItem(there, hour, "traffic through NAT")?.run).to.be.closeTo(0.027, 1e-9);
    expect(runItem(there, hour, "workers' reports between zones")?.quantity).to.be.closeTo(2 * 0.5 * 0.0072, 1e-9);
  });

  it("has CloudWatch's metrics, alarms and dashboard by the hour, and Locust's logs, only with observability", () => {
    const seen = (change: Partial<EstimateSettings>, prices: Prices = usEast2) => {
      const { idle, running } = estimate(prices, { ...defaults, observability: true, ...change }, hour);
      const ours = [...idle.items, ...running.items].filter(({ what }) => /CloudWatch|metrics|Locust$/.test(what));
      return ours.map(({ what, quantity, each }) => [what, quantity, Number((each * 730).toFixed(2))]);
    };
    const logs = [
      ["lines of metrics in the log", 0.000162, 386.9],
      ["logs of Locust", 3 * 0.0001, 386.9],
    ];
    const metrics = ["CloudWatch metric", 16, 0.3];
    const dashboard = ["CloudWatch dashboard", 1, 3];
    expect(seen({})).to.deep.equal([metrics, ["metric in CloudWatch alarms", 12, 0.1], dashboard, ...logs]);
    expect(seen({ layout: "single-az" })[1]).to.deep.equal(["metric in CloudWatch alarms", 8, 0.1]);
    expect(seen({ vpcId: "vpc-01234567" })[1]).to.deep.equal(["metric in CloudWatch alarms", 6, 0.1]);
    expect(seen({ observability: false })).to.deep.equal([]);
    const others: Prices = { ...usEast2, perMonth: undefined };
    expect(seen({}, others)).to.deep.equal(logs);
    expect(assumptions({ ...defaults, observability: true }, hour, others).join()).to.include("are not counted");
  });

  it("keeps images in ECR only where the stack brings them there", () => {
    const kept = (change: Partial<EstimateSettings>) =>
      estimate(usEast2, { ...defaults, ...change }, hour).idle.items.find(({ what }) => what === "images kept in ECR")
        ?.quantity;
    expect(kept({})).to.equal(undefined);
    expect(kept({ imageSource: "ecr" })).to.equal(0.1);
    expect(kept({ scriptDelivery: "image" })).to.equal(0.1);
    expect(kept({ scriptDelivery: "image", image: "registry.example.com/locust:1" })).to.equal(undefined);
  });

  it("gives back workers that are gone for a run", () => {
    const item = runItem({ ...defaults, workerReplicas: 5 }, hour, "workers that are gone for the run");
    expect(item?.run).to.be.closeTo(-3 * requestPrice(usEast2, 0.5, 768), 1e-9);
  });

  it("has no price of a million requests where there are none", () => {
    const { total, idle } = estimate(usEast2, defaults, { ...hour, users: 0 });
    expect(total.millionRequests).to.equal(null);
    expect(idle.items.every(({ millionRequests }) => millionRequests === null)).to.equal(true);
  });

  it("adds up: hour to run to day, items to totals, for any settings and any run", () => {
    fc.assert(
      fc.property(anySettings, anyLoad, (settings, load) => {
        const { idle, running, total, requests } = estimate(usEast2, settings, load);
        const close = (a: number, b: number) => expect(a).to.be.closeTo(b, 1e-6 * Math.max(1, Math.abs(b)));
        for (const { items, total: of } of [idle, running]) {
          for (const key of ["hour", "run", "day"] as const)
            close(
              of[key],
              items.reduce((sum, one) => sum + one[key], 0),
            );
        }
        close(total.hour, idle.total.hour + running.total.hour);
        close(total.run, total.hour * load.hours);
        close(total.day, idle.total.hour * 24 + running.total.run * load.runsPerDay);
        close(((total.millionRequests ?? 0) * requests) / 1e6, total.run);
        close(requests, requestsOf(load));
        for (const { what, run } of running.items) if (!what.includes("gone")) expect(run).to.be.at.least(0);
        expect(total.run).to.be.above(0);
      }),
    );
  });

  it("never costs less with more of anything", () => {
    fc.assert(
      fc.property(anySettings, anyLoad, (settings, some) => {
        // A worker of the stack that is gone for a run pulls its image when it comes back.
        const load = { ...some, workers: Math.max(some.workers, settings.workerReplicas) };
        const { day } = estimate(usEast2, settings, load).total;
        for (const more of [
          { workers: load.workers + 1 },
          { users: load.users + 1 },
          { kbPerUserMinute: load.kbPerUserMinute + 1 },
          { sentShare: Math.min(1, load.sentShare + 0.1) },
        ]) {
          const then = estimate(usEast2, settings, { ...load, ...more }).total.day;
          expect(then, JSON.stringify(more)).to.be.at.least(day - 1e-9);
        }
      }),
    );
  });

  it("never costs more in one zone", () => {
    fc.assert(
      fc.property(anySettings, anyLoad, (settings, load) => {
        const [single, multi] = (["single-az", "multi-az"] as const).map(
          (layout) => estimate(usEast2, { ...settings, layout }, load).total.day,
        );
        expect(single).to.be.at.most((multi ?? 0) + 1e-9);
      }),
    );
  });
});

describe("workers that a run adds", () => {
  it("are paid for from image pull, to the second", () => {
    const each = requestPrice(usEast2, defaults.workerCpu, defaults.workerMemory);
    expect(workersForRun(usEast2, defaults, 8, 180)).to.be.closeTo((6 * each * 240) / 3600, 1e-9);
    expect(workersForRun(usEast2, defaults, 2, 180)).to.equal(0);
    expect(workersForRun(usEast2, defaults, 3, 1)).to.be.closeTo((each * 61) / 3600, 1e-9);
  });
});

describe("Fargate's bill of a pod", () => {
  it("is for a minute at least, and by the second from then on", () => {
    fc.assert(
      fc.property(fc.double({ min: -1e6, max: 1e6, noNaN: true }), (seconds) => {
        expect(billedHours(seconds)).to.equal(seconds <= 60 ? 1 / 60 : seconds / 3600);
      }),
    );
  });

  it("is for the cheapest size that has the CPU, the memory and 256 MiB more", () => {
    const requests = fc.constantFrom(...fargateCpus).chain((cpu) =>
      fc.record({
        cpu: fc.double({ min: 0.01, max: cpu, noNaN: true }),
        memory: fc.integer({ min: 1, max: largestMemory(cpu) ?? 1 }),
      }),
    );
    fc.assert(
      fc.property(requests, ({ cpu, memory }) => {
        const holds = fargateSizes().filter((size) => size.cpu >= cpu && size.memory >= memory + fargateOverheadMiB);
        expect(requestPrice(usEast2, cpu, memory)).to.equal(Math.min(...holds.map((size) => podPrice(usEast2, size))));
      }),
    );
  });

  it("has the steps that EKS' documentation gives", () => {
    const size = (cpu: number, memory: number) => Number(requestPrice(usEast2, cpu, memory).toFixed(7));
    expect(size(0.25, 256)).to.equal(Number((0.25 * 0.04048 + 0.5 * 0.004445).toFixed(7)));
    expect(size(0.25, 257)).to.equal(Number((0.25 * 0.04048 + 1 * 0.004445).toFixed(7)));
    expect(size(0.25, 512)).to.equal(Number((0.25 * 0.04048 + 1 * 0.004445).toFixed(7)));
    expect(size(1, 1792)).to.equal(Number((1 * 0.04048 + 2 * 0.004445).toFixed(7)));
    expect(() => size(16, 122_880)).to.throw(RangeError, "no size for 16 vCPU and 122880 MiB");
  });
});

describe("a load", () => {
  it("has so much traffic, so many requests, and needs so many NAT addresses", () => {
    const million = { ...hour, users: 1_000_000, kbPerUserMinute: 1 };
    expect(trafficGb(million)).to.equal(60);
    expect(requestsOf(million)).to.equal(1_800_000_000);
    expect([1, 55_000, 55_001, 1_000_000].map((users) => natAddressesNeeded({ users }))).to.deep.equal([1, 1, 2, 19]);
  });

  it("is said in words, with what is taken for granted", () => {
    expect([24, 1.5, 1 / 360, 0.5].map(durationText)).to.deep.equal(["24 h", "1 h 30 min", "10 s", "30 min"]);
    const lines = assumptions(defaults, hour, usEast2);
    expect(lines.join("\n")).to.include("10 KB a user and minute, both ways, through NAT; 50 % of it is sent");
    expect(assumptions({ ...defaults, layout: "single-az" }, hour, usEast2)).to.have.length(lines.length - 1);
    expect(assumptions({ ...defaults, vpcId: "vpc-01234567" }, hour, usEast2).at(-1)).to.match(/VPC that exists/);
  });
});
