import { expect } from "chai";
import type { Sized } from "../../../../runner/cli/size/sampling";
import { reportOf } from "../../../../runner/cli/size/size";
import { sizeText } from "../../../../runner/cli/size/text";
import { RunnerError } from "../../../../runner/errors";
import { usEast2 } from "../../../../settings/cost/us-east-2";
import { finishedRecord, goodLoad, sampleAt } from "../../results/make";

const load = goodLoad();
const integrity = {
  ...load,
  users: { ...load.users, mean: 250 },
  workerCpu: { "worker-1": { mean: 0.35, max: 0.5 } },
};
const at = (t: number, megabytes: number) =>
  sampleAt(t, { phase: "hold", rps: 125, workerMemory: megabytes * 2 ** 20 });
const record = finishedRecord([], { place: "kubernetes", script: "shop.py", integrity });
const sized: Sized = {
  record: { ...record, totals: { ...record.totals, failRatio: 0 } },
  samples: [at(5, 50), at(65, 60)],
  folder: "results/one",
  size: { cpu: 0.5, memory: 768 },
  control: { cpu: 0.25, memory: 256 },
  workerReplicas: 2,
  users: 1000,
  prices: usEast2,
};

describe("what size says", () => {
  it("is the workers, what each of them uses, their cost, and whether there are enough", () => {
    expect(sizeText(reportOf(sized, {}))).to.equal(
      [
        "1,000 users need 2 workers of 0.5 vCPU and 768 MiB",
        "  CPU       2 workers; each of 2 uses 70 %, planned for 70 % at the most",
        "  memory    1 worker; each of 2 uses 9.1 %, planned for 80 % at the most: 0.04 MiB a user, 50 MiB without",
        "  together  1 vCPU, 1,536 MiB; with the master $0.0617 an hour in us-east-2, without cluster, network and traffic",
        "  settings  workerReplicas is 2: enough",
        "  measured  shop.py in the cluster: 1 worker, 250 users, 125 requests a second, 0.175 of 0.5 cores, for 60 s",
        "  results   results/one",
        "",
      ].join("\n"),
    );
  });

  it("says of a rate, of too few workers and of an unknown price what is so", () => {
    const text = sizeText(reportOf({ ...sized, prices: { why: "no Region" } }, { arrivalRate: 1250, users: 2500 }));
    expect(text).to.match(/^1,250 iterations a second need 5 workers of 0\.5 vCPU and 768 MiB$/m);
    expect(text).to.match(/settings {2}workerReplicas is 2: too few, set it to 5, or run with --workers 5$/m);
    expect(text).to.match(/together {2}2\.5 vCPU, 3,840 MiB; its cost is not known: no Region$/m);
    expect(text).to.match(/^warning: each request of the sample is taken for an iteration$/m);
    const odd = reportOf({ ...sized, control: { cpu: 99, memory: 1 } }, {});
    expect(odd.need.price).to.deep.equal({ why: "Fargate has no size for 99 vCPU and 1 MiB" });
    const many = reportOf(sized, { users: 1_000_000 });
    expect(many.warnings).to.deep.equal(["workerReplicas is 1000 at the most: take larger workers"]);
  });

  it("has no 0 for a small number", () => {
    const slow = sized.samples.map((one) => ({ ...one, rps: 0.0234 }));
    const text = sizeText(reportOf({ ...sized, samples: slow }, { arrivalRate: 0.001 }));
    expect(text).to.match(/^0\.001 iterations a second need 1 worker of/);
    expect(text).to.match(/250 users, 0\.0234 requests a second/);
  });

  it("says of an invalid sample why it is", () => {
    const invalid = { ...sized.record, verdict: "invalid" as const, reasons: ["Users were missing.", "And more."] };
    expect(reportOf({ ...sized, record: invalid }, {}).warnings).to.deep.equal([
      "the sample is invalid: Users were missing.",
    ]);
  });

  it("is nothing, with exit code 3, where there was no load, or a user does not fit", () => {
    for (const [one, says] of [
      [{ ...sized, samples: [] }, /^nothing can be said by the run in results\/one: it had no full load$/],
      [
        { ...sized, record: { ...sized.record, totals: { ...record.totals, requests: 0 } } },
        /^nothing can be said by the run in results\/one: 0 requests were completed$/,
      ],
      [
        { ...sized, record: { ...sized.record, totals: { ...record.totals, failRatio: 1 } } },
        /results\/one: 100 % of its requests failed$/,
      ],
      [{ ...sized, samples: [at(1, 50), at(3, 50)] }, /results\/one: it had full load for 2 s, and 5 s are the least$/],
      [{ ...sized, size: { cpu: 0.5, memory: 50 } }, /^50 MiB \(workerMemory\) are too few/],
    ] as const) {
      expect(() => reportOf(one, {}))
        .to.throw(RunnerError, says)
        .with.property("exitCode", 3);
    }
  });
});
