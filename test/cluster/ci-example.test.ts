import { readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { expect } from "chai";
import type { FinishedRecord } from "../../runner/results/run-record";
import { root } from "../support/cli";
import { ownTest } from "../support/deployed";
import { inSteps, needs } from "../support/needs";
import { finished, temporaryFolder, textIn } from "../support/project";
import { commandsIn, type JobEnd, readWorkflow, runJob, standIns } from "../support/workflow";

describe("examples/ci/load-test.yml, on a test that pulumi up has deployed", function () {
  this.timeout(300_000);
  inSteps();
  needs("jq");
  const load = { users: "4", spawnRate: "4", runTime: "15s" };
  const test = ownTest("operate-ci", { ...load, workerReplicas: "1", workerCpu: "0.1", controlCpu: "0.2" });
  let artifacts: string;
  let path: string;

  before(() => {
    artifacts = temporaryFolder();
    path = commandsIn(join(temporaryFolder(), "bin"), {
      // Its packages are here.
      npm: "",
      // The only run that GitHub would find.
      gh: "echo 7",
      npx: `[ "$1" = loadtest ] && shift && exec "${process.execPath}" "${join(root, "bin", "loadtest.js")}" "$@"`,
    });
  });

  /** Runs the workflow as if on a clean machine. */
  function run(event: "push" | "pull_request", preview: string): Promise<JobEnd> {
    const { folder, env } = test.stack;
    for (const left of ["results", "baseline"]) rmSync(join(folder, left), { recursive: true, force: true });
    rmSync(join(artifacts, "load-test-results"), { recursive: true, force: true });
    const [job] = Object.values(readWorkflow(join(root, "examples", "ci", "load-test.yml")).jobs);
    if (job === undefined) throw new Error("the workflow has a job");
    return runJob(job, {
      folder,
      context: {
        ...{ "github.event_name": event, "github.repository": "acme/shop", "github.token": "job-token" },
        ...{ "github.event.pull_request.head.repo.full_name": "acme/shop", "inputs.preview-url": "" },
        ...{ "vars.PULUMI_STACK": "local-cluster", "vars.PREVIEW_URL": preview },
        ...{ "vars.AWS_ROLE_ARN": "", "vars.AWS_REGION": "", "secrets.PULUMI_ACCESS_TOKEN": "" },
      },
      env: { ...env, PATH: path, KUBECONFIG: process.env.KUBECONFIG ?? "" },
      actions: standIns(folder, artifacts),
    });
  }

  /** The run that the artifact with the results holds. */
  function kept(): { record: FinishedRecord; directory: string } {
    const results = join(artifacts, "load-test-results");
    expect(textIn(results, "load-test.html")).to.match(/<html/i);
    const [name, ...others] = readdirSync(join(results, "results"));
    expect(others).to.deep.equal([]);
    const directory = join(results, "results", name ?? "");
    expect(readdirSync(directory)).to.include.members(["run.json", "junit.xml", "report.html", "requests.csv"]);
    return { record: finished(directory), directory };
  }

  it("keeps a run of main as the baseline", async () => {
    const { success, summary, steps } = await run("push", test.target);
    expect(success, JSON.stringify(steps, undefined, 2)).to.equal(true);
    expect(kept().record).to.include({ verdict: "passed", place: "kubernetes", stack: "local-cluster" });
    expect(readFileSync(join(artifacts, "load-test-baseline", "run.json"), "utf8")).to.include('"passed"');
    expect(summary)
      .to.match(/^## Load test: passed\n/)
      .and.match(/```text\nRequest \(times in ms\)/);
  });

  it("compares a pull request with it", async () => {
    const { success, steps } = await run("pull_request", test.target);
    const { record } = kept();
    expect(record.comparison).to.deep.include({ maxRegression: 0.1 });
    // Both are of the same target; how steady this machine is is not the workflow's affair.
    expect(success, JSON.stringify(steps, undefined, 2)).to.equal(record.exitCode === 0);
    expect(record.verdict).to.be.oneOf(["passed", "failed", "invalid"]);
    expect(record.asked.users).to.equal(4);
  });

  it("fails where the preview does not answer, keeps the results, and leaves the baseline", async () => {
    const baseline = readFileSync(join(artifacts, "load-test-baseline", "run.json"), "utf8");
    const { success, summary, steps } = await run("pull_request", test.target.replace(":8000", ":8001"));
    expect(success).to.equal(false);
    const failed = steps.filter(({ outcome }) => outcome === "failure").map(({ step }) => step);
    expect(failed).to.deep.equal(["Run the load test"]);
    const { record, directory } = kept();
    expect(record).to.include({ verdict: "failed", exitCode: 1 });
    expect(textIn(directory, "junit.xml")).to.match(/<failure/);
    expect(summary).to.match(/^## Load test: failed\n\n(- .*\n)*- .*fail_ratio/);
    expect(readFileSync(join(artifacts, "load-test-baseline", "run.json"), "utf8")).to.equal(baseline);
  });

  it("leaves the workers as they were", () => test.untilWorkers(1));
});
