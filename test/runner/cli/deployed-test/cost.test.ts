import type { V1Pod } from "@kubernetes/client-node";
import { expect } from "chai";
import fc from "fast-check";
import { costOf } from "../../../../runner/cli/deployed-test/cost";
import { podPrice, prices } from "../../../../settings/prices";
import { capacityAnnotation, fargateSizes } from "../../../../settings/values/fargate";
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
    output: output({ platform: "eks-fargate", cost: { currency: "USD", region: "us-east-2", fixedPerHour } }),
    deployed: deployed({ createdAt: ago(hours) }),
  });
const smallest = podPrice({ cpu: 0.25, memory: 512 });
const small = { cpu: "250m", memory: "256Mi" };

describe("what a test in a cluster costs", () => {
  it("is not known of a cluster that exists, whose pods are not on Fargate", () => {
    expect(costOf(clusterTest(), [aged(1, small)], now)).to.equal(undefined);
    expect(costOf(clusterTest({ output: output() }), [aged(1, small)], now)).to.equal(undefined);
    expect(costOf(clusterTest({ output: output() }), [], now)).to.equal(undefined);
  });

  it("is what Fargate says that it has provided, whoever made the cluster", () => {
    const pods = [provisioned("0.25vCPU 0.5GB", 3), provisioned("1vCPU 2GB", 1)];
    const each = podPrice({ cpu: 1, memory: 2048 });
    expect(costOf(clusterTest(), pods, now)).to.deep.equal({
      region: prices.region,
      perHour: round(smallest + each),
      soFar: round(3 * smallest + each),
      since: "2026-11-24T10:00:00.000Z",
    });
  });

  it("has the cluster and its network in it, for as long as the test is deployed", () => {
    expect(costOf(own(0.2, 5), [aged(1, small)], now)).to.deep.equal({
      region: "us-east-2",
      perHour: round(0.2 + smallest),
      soFar: round(5 * 0.2 + smallest),
      since: ago(5).toISOString(),
    });
    expect(costOf(own(0.2, 5), [], now)).to.include({ perHour: 0.2, soFar: 1 });
  });

  it("is what pods ask for, in any unit, where Fargate has not said yet what they get", () => {
    for (const requests of [
      { cpu: "0.25", memory: "256Mi" },
      { cpu: "250m", memory: "0.25Gi" },
      { cpu: "250m", memory: "262144Ki" },
      { cpu: "2.5e-1", memory: "268435456" },
      { cpu: "250m", memory: "268M" },
    ]) {
      expect(costOf(own(), [aged(1, requests)], now)?.perHour, JSON.stringify(requests)).to.equal(round(smallest));
    }
    expect(costOf(own(), [aged(1, { cpu: "1", memory: "1000M" })], now)?.perHour).to.equal(
      round(podPrice({ cpu: 1, memory: 2048 })),
    );
    // 800 MB are 763 MiB, which leaves room for Fargate's 256 MiB; 800 MiB do not.
    const perHour = (memory: string) => costOf(own(), [aged(1, { cpu: "250m", memory })], now)?.perHour;
    expect(perHour("800M")).to.equal(round(podPrice({ cpu: 0.25, memory: 1024 })));
    expect(perHour("800Mi")).to.equal(round(podPrice({ cpu: 0.25, memory: 2048 })));
  });

  it("counts all containers of a pod together", () => {
    const two = pod({
      spec: { containers: [1, 2].map((index) => ({ name: `c${index}`, resources: { requests: small } })) },
      status: { startTime: ago(1) },
    });
    expect(costOf(own(), [two], now)?.perHour).to.equal(round(podPrice({ cpu: 0.5, memory: 1024 })));
  });

  it("is not guessed for pods that ask for nothing, or for what nobody can read", () => {
    for (const requests of [
      undefined,
      {},
      { cpu: "1" },
      { cpu: "much", memory: "1Gi" },
      { cpu: "99", memory: "1Gi" },
    ]) {
      expect(costOf(own(), [aged(1, requests)], now), JSON.stringify(requests)).to.equal(undefined);
    }
    expect(costOf(clusterTest(), [provisioned("a lot", 1)], now)).to.equal(undefined);
  });

  it("leaves out pods that have ended and are only listed", () => {
    expect(costOf(own(0.2), [aged(1, small, { phase: "Failed" })], now)?.perHour).to.equal(0.2);
  });

  it("counts a minute at least, also where clocks differ or a pod has not started", () => {
    for (const start of [aged(0, small), aged(-1, small), pod({ spec: aged(0, small).spec ?? {} })]) {
      expect(costOf(own(), [start], now)?.soFar).to.equal(round(smallest / 60));
    }
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
        const at = (time: Date, all = made) => costOf(own(fixed, since), all, time) ?? { perHour: 0, soFar: 0 };
        const [first, then] = [at(now), at(new Date(now.getTime() + later * 3_600_000))];
        expect(first.perHour).to.be.at.least(0);
        expect(first.soFar).to.be.at.least(0);
        expect(then.perHour).to.equal(first.perHour);
        expect(then.soFar).to.be.at.least(first.soFar);
        expect(at(now, made.slice(1)).perHour).to.be.at.most(first.perHour);
        expect(at(now, made.slice(1)).soFar).to.be.at.most(first.soFar);
      }),
    );
  });
});

function round(value: number): number {
  return Math.round(value * 10_000) / 10_000;
}
