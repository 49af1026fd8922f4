import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { V1Pod } from "@kubernetes/client-node";
import { expect } from "chai";
import fc from "fast-check";
import { type Cost, costOf } from "../../../../runner/cli/deployed-test/cost";
import { podPrice } from "../../../../settings/cost/hourly";
import { usEast2 as prices } from "../../../../settings/cost/us-east-2";
import type { LoadTestOutput } from "../../../../settings/deployed/outputs";
import { capacityAnnotation, fargateSizes } from "../../../../settings/values/fargate";
import { removeProjects, temporaryFolder } from "../../../support/project";
import { pod } from "../../places/kubernetes/pods";
import { clusterTest, deployed, output } from "./tests";

const now = new Date("2026-11-24T12:00:00Z");
const ago = (hours: number) => new Date(now.getTime() - hours * 3_600_000);

/** A pod that was started so many hours ago. */
function aged(hours: number, requests?: Record<string, string>, more: Partial<V1Pod["status"]> = {}): V1Pod {
  const resources = requests === undefined ? {} : { requests };
  return pod({ spec: { containers: [{ name: "locust", resources }] }, status: { startTime: ago(hours), ...more } });
}
function provisioned(text: string, hours: number): V1Pod {
  const made = aged(hours);
  return { ...made, metadata: { ...made.metadata, annotations: { [capacityAnnotation]: text } } };
}

const own = (fixedPerHour = 0, hours = 2) =>
  clusterTest({
    output: output({
      ...{ platform: "eks-fargate", region: "us-east-2" },
      cost: { currency: "USD", region: "us-east-2", fixedPerHour },
    }),
    deployed: deployed({ createdAt: ago(hours) }),
  });
const smallest = podPrice(prices, { cpu: 0.25, memory: 512 });
const small = { cpu: "250m", memory: "256Mi" };

/** What is known of the cost; nothing for what is not. */
const known = (...args: Parameters<typeof costOf>) => costOf(...args) as Partial<Cost>;
/** On a node of Fargate in a Region. */
const at = (made: V1Pod, nodeName: string): V1Pod => ({
  ...made,
  spec: { ...made.spec, containers: made.spec?.containers ?? [], nodeName },
});

describe("what a test in a cluster costs", () => {
  const { LOADTEST_PRICES: before } = process.env;
  let pricesFile: string;
  beforeEach(() => {
    pricesFile = join(temporaryFolder(), "prices.json");
    process.env.LOADTEST_PRICES = pricesFile;
  });
  after(() => {
    if (before === undefined) delete process.env.LOADTEST_PRICES;
    else process.env.LOADTEST_PRICES = before;
    removeProjects();
  });

  it("is not known of a cluster that exists, whose pods are not on Fargate", () => {
    const unknown = { why: "the cluster is not this stack's own" };
    expect(costOf(clusterTest(), [aged(1, small)], now)).to.deep.equal(unknown);
    expect(costOf(clusterTest({ output: output() }), [aged(1, small)], now)).to.deep.equal(unknown);
    expect(costOf(clusterTest({ output: output() }), [], now)).to.deep.equal(unknown);
  });

  it("is what Fargate says that it has provided, whoever made the cluster", () => {
    const node = "fargate-ip-10-0-1-2.us-east-2.compute.internal";
    const pods = [provisioned("0.25vCPU 0.5GB", 3), provisioned("1vCPU 2GB", 1)].map((one) => at(one, node));
    const each = podPrice(prices, { cpu: 1, memory: 2048 });
    expect(costOf(clusterTest(), pods, now)).to.deep.equal({
      region: prices.region,
      perHour: round(smallest + each),
      soFar: round(3 * smallest + each),
      since: "2026-11-24T10:00:00.000Z",
    });
  });

  it("has the cluster and its network in it, for as long as the test is deployed", () => {
    expect(known(own(0.2, 5), [aged(1, small)], now)).to.deep.equal({
      region: "us-east-2",
      perHour: round(0.2 + smallest),
      soFar: round(5 * 0.2 + smallest),
      since: ago(5).toISOString(),
    });
    expect(known(own(0.2, 5), [], now)).to.include({ perHour: 0.2, soFar: 1 });
  });

  it("is what pods ask for, in any unit, where Fargate has not said yet what they get", () => {
    for (const requests of [
      { cpu: "0.25", memory: "256Mi" },
      { cpu: "250m", memory: "0.25Gi" },
      { cpu: "250m", memory: "262144Ki" },
      { cpu: "2.5e-1", memory: "268435456" },
      { cpu: "250m", memory: "268M" },
    ]) {
      expect(known(own(), [aged(1, requests)], now)?.perHour, JSON.stringify(requests)).to.equal(round(smallest));
    }
    expect(known(own(), [aged(1, { cpu: "1", memory: "1000M" })], now)?.perHour).to.equal(
      round(podPrice(prices, { cpu: 1, memory: 2048 })),
    );
    // 800 MB are 763 MiB, which leaves room for Fargate's 256 MiB; 800 MiB do not.
    const perHour = (memory: string) => known(own(), [aged(1, { cpu: "250m", memory })], now)?.perHour;
    expect(perHour("800M")).to.equal(round(podPrice(prices, { cpu: 0.25, memory: 1024 })));
    expect(perHour("800Mi")).to.equal(round(podPrice(prices, { cpu: 0.25, memory: 2048 })));
  });

  it("counts all containers of a pod together", () => {
    const two = pod({
      spec: { containers: [1, 2].map((index) => ({ name: `c${index}`, resources: { requests: small } })) },
      status: { startTime: ago(1) },
    });
    expect(known(own(), [two], now)?.perHour).to.equal(round(podPrice(prices, { cpu: 0.5, memory: 1024 })));
  });

  it("is not guessed for pods that ask for nothing, or for what nobody can read", () => {
    for (const requests of [
      undefined,
      {},
      { cpu: "1" },
      { cpu: "much", memory: "1Gi" },
      { cpu: "99", memory: "1Gi" },
    ]) {
      expect(known(own(), [aged(1, requests)], now), JSON.stringify(requests)).to.have.property("why");
    }
    expect(costOf(clusterTest(), [provisioned("a lot", 1)], now)).to.have.property("why");
  });

  it("leaves out pods that have ended and are only listed", () => {
    expect(known(own(0.2), [aged(1, small, { phase: "Failed" })], now)?.perHour).to.equal(0.2);
  });

  it("counts a minute at least, also where clocks differ or a pod has not started", () => {
    for (const start of [aged(0, small), aged(-1, small), pod({ spec: aged(0, small).spec ?? {} })]) {
      expect(known(own(), [start], now)?.soFar).to.equal(round(smallest / 60));
    }
  });

  describe("in another Region", () => {
    const pods = [aged(1, small)];
    const nat = { gateways: 3, addresses: 6 };
    const abroad = (change: Partial<LoadTestOutput> = {}) =>
      clusterTest({
        output: output({
          ...{ platform: "eks-fargate", region: "eu-west-1", nat },
          cost: { currency: "USD", region: "us-east-2", fixedPerHour: 0.2 },
          ...change,
        }),
        deployed: deployed({ createdAt: ago(1) }),
      });
    const dearer = {
      ...{ date: "2026-11-29", source: "a test", perGb: prices.perGb },
      perHour: { ...prices.perHour, fargateVcpu: 1, fargateGb: 2, eksCluster: 3 },
    };
    const write = (region: string) =>
      writeFileSync(pricesFile, JSON.stringify({ version: 1, regions: { [region]: dearer } }));

    it("is not known without its prices, and says how to get them", () => {
      expect(costOf(abroad(), pods, now)).to.deep.equal({
        why: "there are no prices of eu-west-1, only of us-east-2: loadtest cost --refresh --region eu-west-1 gets them from AWS",
      });
    });

    it("is by its own prices, also the cluster's and its network's", () => {
      write("eu-west-1");
      const pod = 0.25 * 1 + 0.5 * 2;
      const perHour = round(3 + 3 * 0.045 + 6 * 0.005 + 3 * pod);
      expect(costOf(abroad(), pods, now)).to.include({ region: "eu-west-1", perHour, soFar: perHour });
    });

    it("has no NAT gateway of a VPC that exists", () => {
      write("eu-west-1");
      const perHour = 3 + 2 * (0.25 * 1 + 0.5 * 2);
      expect(known(abroad({ nat: { gateways: 0, addresses: 0 } }), [], now).perHour).to.equal(perHour);
    });

    it("is as an earlier program says it where that is in the Region's own prices, and else not known", () => {
      write("eu-west-1");
      const { nat: _, ...earlier } = abroad().output ?? output();
      const cost = { currency: "USD" as const, region: "eu-west-1", fixedPerHour: 7 };
      expect(known({ ...abroad(), output: { ...earlier, cost } }, [], now).perHour).to.equal(7);
      expect(costOf({ ...abroad(), output: earlier }, pods, now)).to.deep.equal({
        why: "an earlier version has deployed stack dev, and does not say what its cluster costs in eu-west-1: pulumi up",
      });
    });

    it("is told by the pods' nodes, where no stack tells it", () => {
      const sized = provisioned("0.25vCPU 0.5GB", 1);
      const region = (node: string) => costOf(clusterTest(), [at(sized, node)], now);
      expect(region("fargate-ip-10-0-1-2.us-west-2.compute.internal"))
        .to.have.property("why")
        .that.includes("us-west-2");
      expect(region("fargate-ip-10-0-1-2.ec2.internal")).to.have.property("why").that.includes("us-east-1");
      expect(region("node-1")).to.deep.equal({ why: "nothing says in which Region the cluster is" });
    });
  });

  it("is never negative, and grows with time and with pods", () => {
    const hours = fc.double({ min: -10, max: 1000, noNaN: true });
    const some = fc.record({
      fixed: fc.double({ min: 0, max: 5, noNaN: true }),
      since: hours,
      pods: fc.array(fc.tuple(fc.constantFrom(...fargateSizes()), hours), { maxLength: 5 }),
      later: fc.double({ min: 0, max: 100, noNaN: true }),
    });
    fc.assert(
      fc.property(some, ({ fixed, since, pods, later }) => {
        const made = pods.map(([{ cpu, memory }, age]) => provisioned(`${cpu}vCPU ${memory / 1024}GB`, age));
        const costAt = (time: Date, all = made) => ({ perHour: 0, soFar: 0, ...known(own(fixed, since), all, time) });
        const [first, then] = [costAt(now), costAt(new Date(now.getTime() + later * 3_600_000))];
        expect(first.perHour).to.be.at.least(0);
        expect(first.soFar).to.be.at.least(0);
        expect(then.perHour).to.equal(first.perHour);
        expect(then.soFar).to.be.at.least(first.soFar);
        expect(costAt(now, made.slice(1)).perHour).to.be.at.most(first.perHour);
        expect(costAt(now, made.slice(1)).soFar).to.be.at.most(first.soFar);
      }),
    );
  });
});

function round(value: number): number {
  return Math.round(value * 10_000) / 10_000;
}
