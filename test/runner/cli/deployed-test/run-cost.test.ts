import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "chai";
import fc from "fast-check";
import { searchPlan } from "../../../../runner/cli/capacity/capacity";
import { costLine, runCost, workersCost } from "../../../../runner/cli/deployed-test/run-cost";
import { UsageError } from "../../../../runner/errors";
import { requestPrice } from "../../../../settings/cost/hourly";
import { usEast2 } from "../../../../settings/cost/us-east-2";
import type { LoadTestOutput } from "../../../../settings/deployed/outputs";
import { removeProjects, temporaryFolder } from "../../../support/project";
import { clusterTest, deployed, output } from "./tests";

/** Two workers of 0.25 vCPU on a cluster that costs 0.2747 an hour. */
const onFargate = (change: Partial<LoadTestOutput> = {}, sizes: Parameters<typeof deployed>[0] = {}) =>
  clusterTest({
    output: output({
      ...{ platform: "eks-fargate", region: "us-east-2" },
      cost: { currency: "USD", region: "us-east-2", fixedPerHour: 0.2747 },
      ...change,
    }),
    deployed: deployed(sizes),
  });
const plan = (workers: number, runTime: number | undefined) => ({
  plan: { users: 100, spawnRate: 10, runTime, workers, host: undefined, thresholds: [] },
});
const small = requestPrice(usEast2, 0.25, 256);

describe("what a run will cost", () => {
  const { LOADTEST_PRICES: before } = process.env;
  let prices: string;
  beforeEach(() => {
    prices = join(temporaryFolder(), "prices.json");
    process.env.LOADTEST_PRICES = prices;
  });
  after(() => {
    if (before === undefined) delete process.env.LOADTEST_PRICES;
    else process.env.LOADTEST_PRICES = before;
    removeProjects();
  });

  it("is the stack's for the run time, and the workers that it adds from image pull on", () => {
    const perHour = 0.2747 + 3 * small;
    expect(runCost(onFargate(), plan(8, 180))).to.deep.equal({
      run: perHour * (180 / 3600) + 6 * small * (240 / 3600),
      perHour,
    });
    expect(runCost(onFargate(), plan(2, 3600))).to.deep.equal({ run: perHour, perHour });
  });

  it("is said in a line, before the run", () => {
    expect(costLine(onFargate(), plan(50, 3600), undefined)).to.equal(
      "This run costs about $0.91: 1 h, 50 workers, without traffic; the stack costs $0.31 an hour while it is there",
    );
    expect(costLine(onFargate(), plan(1, 60), undefined)).to.match(
      /^This run costs about \$0\.0050: 1 min, 1 worker, /,
    );
  });

  it("is about that of a search for the capacity, which says what more workers cost", () => {
    const options = { by: "users", stepTime: 20, holds: 3, precision: 0.05 } as const;
    const search = searchPlan(options);
    const { plan: made } = plan(2, undefined);
    const searched = { plan: { ...made, search } };
    expect(costLine(onFargate(), searched, undefined)).to.equal(costLine(onFargate(), plan(2, 378), undefined));
    const scaled = { plan: { ...made, search: searchPlan({ ...options, maxWorkers: 40 }) } };
    const most = runCost(onFargate(), plan(40, 378)) as { run: number };
    expect(costLine(onFargate(), scaled, most.run * 1.01)).to.match(/, up to 40 workers, without traffic;/);
    expect(() => costLine(onFargate(), scaled, most.run * 0.99)).to.throw(UsageError, "up to 40 workers");
    expect(workersCost(onFargate(), 3)).to.equal(`about $${(3 * small).toFixed(4)} an hour more`);
    expect(workersCost(clusterTest({ output: output() }), 3)).to.equal(undefined);
  });

  it("is not said of a cluster that exists", () => {
    for (const test of [clusterTest(), clusterTest({ output: output() })]) {
      expect(costLine(test, plan(2, 60), undefined)).to.equal(undefined);
    }
  });

  it("keeps a run from starting that would cost more than --max-cost, with exit code 2", () => {
    expect(() => costLine(onFargate(), plan(50, 3600), 0.9))
      .to.throw(UsageError, "--max-cost 0.9: the run would cost about $0.91 (1 h, 50 workers, without traffic)")
      .with.property("exitCode", 2);
    expect(costLine(onFargate(), plan(50, 3600), 0.92)).to.match(/^This run costs about \$0\.91/);
  });

  it("of a search is that of the workers that it may bring up", () => {
    const usual = { by: "users", stepTime: 20, holds: 3, precision: 0.05 } as const;
    const search = (maxWorkers?: number) => ({
      plan: { ...plan(2, undefined).plan, search: searchPlan({ ...usual, ...(maxWorkers && { maxWorkers }) }) },
    });
    expect(costLine(onFargate(), search(), undefined)).to.match(/, 2 workers, without traffic/);
    const most = costLine(onFargate(), search(40), undefined);
    expect(most).to.match(/, up to 40 workers, without traffic/);
    const dollars = (line: string | undefined) => Number(/\$([\d.]+)/.exec(line ?? "")?.[1]);
    expect(dollars(most)).to.be.greaterThan(dollars(costLine(onFargate(), search(), undefined)));
    expect(() => costLine(onFargate(), search(40), dollars(most) / 2)).to.throw(UsageError, /up to 40 workers/);
  });

  it("is unknown in a Region without prices: a line, and an error with --max-cost", () => {
    const abroad = onFargate({ region: "eu-west-1" });
    const why =
      "there are no prices of eu-west-1, only of us-east-2: loadtest cost --refresh --region eu-west-1 gets them from AWS";
    expect(costLine(abroad, plan(2, 60), undefined)).to.equal(`What this run costs is not known: ${why}`);
    expect(() => costLine(abroad, plan(2, 60), 5))
      .to.throw(UsageError, `--max-cost 5: the cost of the run is not known: ${why}`)
      .with.property("exitCode", 2);
  });

  it("is unknown with a damaged file of prices", () => {
    writeFileSync(prices, "{");
    expect(costLine(onFargate(), plan(2, 60), undefined)).to.match(
      /^What this run costs is not known: .* is no file of prices \(it is no JSON\): remove it; /,
    );
  });

  it("is by the Region's own prices, where there are some", () => {
    const { region: _, ...ohio } = usEast2;
    const dear = { ...ohio, perHour: { ...ohio.perHour, eksCluster: 100 } };
    writeFileSync(prices, JSON.stringify({ version: 1, regions: { "eu-west-1": dear } }));
    expect(
      costLine(onFargate({ region: "eu-west-1", nat: { gateways: 1, addresses: 1 } }), plan(2, 3600), undefined),
    ).to.match(/^This run costs about \$100\./);
  });

  it("is not known where the program does not say its Region", () => {
    expect(runCost(clusterTest({ output: output({ platform: "eks-fargate" }) }), plan(2, 60)))
      .to.have.property("why")
      .that.includes("nothing says in which Region");
  });

  it("is refused with --max-cost where nobody knows it", () => {
    expect(() => costLine(clusterTest(), plan(2, 60), 5)).to.throw(
      UsageError,
      "--max-cost 5: only the cost of a stack on EKS and Fargate is known",
    );
    expect(runCost(onFargate({}, { workerMemory: undefined }), plan(2, 60))).to.deep.equal({
      why: "the pods do not say their size",
    });
    expect(runCost(onFargate({}, { workerCpu: 17 }), plan(2, 60)))
      .to.have.property("why")
      .that.includes("17 vCPU");
  });

  it("grows with time and workers", () => {
    const [workers, seconds] = [fc.integer({ min: 1, max: 1000 }), fc.integer({ min: 1, max: 100_000 })];
    const cost = (count: number, time: number) => {
      const found = runCost(onFargate(), plan(count, time));
      return found !== undefined && "run" in found ? found.run : Number.NaN;
    };
    fc.assert(
      fc.property(workers, seconds, (count, time) => {
        expect(cost(count, time)).to.be.above(0);
        expect(cost(count + 1, time)).to.be.above(cost(count, time));
        expect(cost(count, time + 1)).to.be.above(cost(count, time));
      }),
    );
  });
});
