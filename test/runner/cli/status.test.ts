import { expect } from "chai";
import fc from "fast-check";
import { type PodLine, type RunLine, type StatusReport, statusText } from "../../../runner/cli/terminal/status";

const podLine = (part: PodLine["part"], number: number, more: Partial<PodLine> = {}): PodLine => ({
  ...{ name: `locust-${part}-6b8f7c9d4-x2k${number}z`, part, ready: true, restarts: 0, age: 3725 },
  ...more,
});
const pods = (workers: number) => [
  podLine("control", 0),
  ...Array.from({ length: workers }, (_, index) => podLine("worker", index)),
];

function report(change: Partial<StatusReport> = {}): StatusReport {
  return {
    ...{ stack: "dev", context: "there", namespace: "locust", script: "script1.py", pods: pods(2) },
    ...{ workers: { wanted: 2, ready: 2 }, troubles: [], run: null, problem: null, command: null },
    ...{ workersBefore: null, cost: null, whyNoCost: "the cluster is not this stack's own", ...change },
  };
}

function runLine(change: Partial<RunLine> = {}): RunLine {
  return {
    ...{ users: 80, targetUsers: 100, requests: 1234, failures: 3, rps: 41.26, p95: 112, elapsed: 65, runTime: 300 },
    ...{ kept: false, script: "script2.py", host: null, going: true, startedBy: "sam@laptop", ...change },
  };
}

const command = { by: "sam@laptop, process 12", since: "2026-11-24T10:15:02.000Z", seen: 3 };
const text = (change: Partial<StatusReport> = {}) => statusText(report(change), "--stack dev", false);
/** The lines of the run, below one another. */
const runText = (change: Partial<StatusReport>) => {
  const lines = text({ pods: [], ...change }).split("\n");
  return lines.slice(
    3,
    lines.findIndex((line) => line.startsWith("cost")),
  );
};

describe("the status of a test in a cluster", () => {
  it("shows where the test is, its pods, its run and its cost", () => {
    const cost = { region: "us-east-2", perHour: 0.2473, soFar: 1.5, since: "2026-11-24T10:00:00.000Z" };
    expect(text({ cost }).split("\n")).to.deep.equal([
      "script1.py in namespace locust, stack dev",
      "",
      "master    locust-control-6b8f7c9d4-x2k0z  ready, 1:02:05",
      "worker    locust-worker-6b8f7c9d4-x2k0z   ready, 1:02:05",
      "          locust-worker-6b8f7c9d4-x2k1z   ready, 1:02:05",
      "workers   2 of 2 ready",
      "run       none yet: loadtest run --stack dev",
      "cost      about $1.50 so far, $0.2473 an hour (us-east-2, on demand)",
      "",
    ]);
    expect(text({ stack: null })).to.match(/^script1\.py in namespace locust, context there\n/);
    expect(text()).to.include("\ncost      not known: the cluster is not this stack's own\n");
  });

  it("shows pods that are not ready, how often they were restarted, and why", () => {
    const troubled = text({
      pods: [podLine("control", 0, { restarts: 1 }), podLine("worker", 1, { ready: false, restarts: 12, age: 9 })],
      ...{ workers: { wanted: 1, ready: 0 }, troubles: ["locust-worker-6b8f7c9d4-x2k1z: crashed: exit code 1"] },
    });
    expect(troubled).to.include("x2k0z  ready, 1:02:05, 1 restart\n");
    expect(troubled).to.include("x2k1z   not ready, 00:09, 12 restarts\n");
    expect(troubled).to.include(
      "\nworkers   0 of 1 ready\n          locust-worker-6b8f7c9d4-x2k1z: crashed: exit code 1\n",
    );
  });

  it("shows a dozen pods, and how many more there are", () => {
    const lines = (workers: number) =>
      text({ pods: pods(workers) })
        .split("\n")
        .slice(2);
    expect(lines(11).indexOf("workers   2 of 2 ready")).to.equal(12);
    expect(lines(12).slice(12, 14)).to.deep.equal(["          and 1 more pod", "workers   2 of 2 ready"]);
    expect(lines(999)[12]).to.equal("          and 988 more pods");
  });

  it("shows a run that goes on, and how to keep it where nobody does", () => {
    const going = [
      "run       script2.py of sam@laptop, going on for 01:05 of 05:00",
      "          80 of 100 users, 41.3 req/s",
      "          1234 requests, 3 failures (0.2 %), p95 112 ms",
    ];
    expect(runText({ run: runLine(), command })).to.deep.equal([
      ...going,
      "command   sam@laptop, process 12, seen 00:03 ago",
      "          should it be gone: loadtest report --stack dev --wait",
    ]);
    expect(runText({ run: runLine(), command: null })).to.deep.equal([
      ...going,
      "          to save its results: loadtest report --stack dev --wait",
    ]);
    const page = runLine({ startedBy: null, runTime: null, p95: null, requests: 1, failures: 0 });
    expect(runText({ run: page })).to.include("run       script2.py of Locust's web UI, going on for 01:05");
    expect(runText({ run: page })).to.include("          1 request, 0 failures, p95 –");
  });

  it("shows a run that has ended, and how to keep it where nobody has or does", () => {
    const ended = runLine({ going: false });
    const facts = "          1234 requests, 3 failures (0.2 %), p95 112 ms";
    expect(runText({ run: ended })).to.deep.equal([
      "run       script2.py of sam@laptop, ended after 01:05",
      facts,
      "          its results are not saved yet: loadtest report --stack dev",
    ]);
    expect(runText({ run: ended, command })).to.have.length(4);
    expect(runText({ run: { ...ended, kept: true, startedBy: null } })).to.deep.equal([
      "run       script2.py, ended after 01:05",
      facts,
    ]);
  });

  it("says who prepares the first run, instead of how to start one that would be refused", () => {
    expect(runText({ command: { ...command, seen: null } })).to.deep.equal([
      "run       none yet",
      "command   sam@laptop, process 12, seen at no known time",
      "          should it be gone: loadtest report --stack dev",
    ]);
    expect(runText({ command: null })).to.deep.equal(["run       none yet: loadtest run --stack dev"]);
  });

  it("says why nothing is known of a run", () => {
    const problem = "Locust's master does not answer: no answer from http://127.0.0.1:41567: ECONNRESET";
    expect(runText({ problem })).to.deep.equal([`run       ${problem}`]);
  });

  it("says how many workers there will be again", () => {
    expect(runText({ workersBefore: 4 }).at(-1)).to.equal("          after the run there are 4 workers again");
    expect(runText({ workersBefore: 1 }).at(-1)).to.equal("          after the run there is 1 worker again");
  });

  it("fits a terminal of about 80 columns, whatever the numbers are", () => {
    const number = fc.nat({ max: 10_000_000 });
    const some = fc.record({
      users: fc.nat({ max: 99_999 }),
      requests: number,
      rps: fc.double({ min: 0, max: 99_999, noNaN: true }),
    });
    fc.assert(
      fc.property(some, fc.boolean(), fc.nat({ max: 30 }), number, (numbers, going, workers, elapsed) => {
        const run = runLine({
          ...numbers,
          targetUsers: 99_999,
          failures: numbers.requests,
          elapsed,
          going,
          runTime: null,
        });
        const cost = { region: "ap-southeast-2", perHour: 123.4567, soFar: 98_765.43, since: "" };
        for (const line of text({ run, pods: pods(workers), workersBefore: 1000, cost }).split("\n")) {
          expect(line.length, line).to.be.at.most(82);
        }
      }),
    );
  });

  it("has colours on a terminal only", () => {
    const start = "\u001b[";
    expect(statusText(report({ troubles: ["x"] }), "", true)).to.include(start);
    expect(statusText(report({ troubles: ["x"] }), "", false)).to.not.include(start);
  });
});
