import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { exitCodes } from "../../runner/types";
import { needs } from "../support/needs";
import { commandsIn, type JobEnd, readWorkflow, runJob, standIns } from "../support/workflow";

const workflow = readWorkflow(join(__dirname, "..", "..", "examples", "ci", "load-test.yml"));
const [job, ...otherJobs] = Object.values(workflow.jobs);
if (job === undefined || otherJobs.length > 0) throw new Error("the workflow has one job");
const scripts = job.steps.flatMap(({ run }) => run ?? []);

describe("examples/ci/load-test.yml", () => {
  it("takes every action at a released version", () => {
    const actions = job.steps.flatMap(({ uses }) => uses ?? []);
    expect(actions).to.have.length.above(4);
    for (const action of actions) expect(action).to.match(/^[\w-]+\/[\w-]+@(v\d+(\.\d+)*|[0-9a-f]{40})$/);
  });

  it("may read the repository and its artifacts, and ask for a token for AWS; nothing more", () => {
    expect(workflow.permissions).to.deep.equal({});
    expect(job.permissions).to.deep.equal({ contents: "read", actions: "read", "id-token": "write" });
    expect(job.steps[0]?.with).to.include({ "persist-credentials": false });
  });

  it("hands secrets to the steps that need them, as variables, and writes no value into a script", () => {
    for (const script of scripts) expect(script).to.not.include("${{");
    expect(JSON.stringify([workflow.env, job.env])).to.not.match(/secrets|token/);
    const withSecrets = job.steps.filter((step) => JSON.stringify(step).includes("secrets."));
    expect(withSecrets.map(({ name }) => name)).to.deep.equal(["Look for the stack", "Run the load test"]);
    for (const { env, ...rest } of withSecrets) expect(JSON.stringify(rest)).to.not.include("secrets.");
  });

  it("makes no two loads at once, and does not cut one off", () => {
    expect(workflow.concurrency).to.deep.equal({ group: "load-test", "cancel-in-progress": false });
    expect(job["timeout-minutes"]).to.be.within(5, 60);
  });

  it("has scripts that bash understands", () => {
    for (const input of scripts) {
      const { status, stderr } = spawnSync("bash", ["-n"], { input, encoding: "utf8" });
      expect(status, `${input}\n${stderr}`).to.equal(0);
    }
  });

  // A command of the same name that does as it is told: how the steps go together is looked at here, quickly. With the
  // real one in a real cluster they run in test/cluster/ci-example.test.ts.
  describe("with a stand-in for the command", function () {
    this.timeout(20_000);
    let folder: string;
    let artifacts: string;
    let path: string;

    needs("jq");
    beforeEach(() => {
      folder = mkdtempSync(join(tmpdir(), "loadtest-ci-"));
      artifacts = mkdtempSync(join(tmpdir(), "loadtest-artifacts-"));
      const commands = {
        npm: "",
        pulumi: "",
        gh: 'echo "$FOUND"',
        npx: `echo "$*" >> calls
case "$2" in
  run) if [ -n "$VERDICT" ]; then
         mkdir -p results/1-shop && echo "{}" > results/1-shop/run.json
         echo "{\\"verdict\\": \\"$VERDICT\\", \\"reasons\\": [\\"p95 is 700 ms\\"]}"
       else echo '{"error": "no worker is ready", "exitCode": 4}'
       fi;;
  report) echo "the table"; echo "<html>" > "$5";;
esac
exit "$CODE"`,
      };
      path = commandsIn(join(folder, "bin"), commands);
    });
    afterEach(() => {
      for (const made of [folder, artifacts]) if (made !== undefined) rmSync(made, { recursive: true, force: true });
    });

    interface Situation {
      readonly event: "push" | "pull_request";
      /** What the command gives; undefined where it could not run. */
      readonly verdict?: "passed" | "failed";
      readonly code: number;
      /** Id of the run with the baseline that is found, and whether that still has it. */
      readonly found?: string;
      readonly expired?: boolean;
      readonly context?: Readonly<Record<string, string>>;
    }

    function run({ event, verdict, code, found = "", expired = false, context = {} }: Situation): Promise<JobEnd> {
      const actions = standIns(folder, artifacts);
      if (found !== "" && !expired) {
        mkdirSync(join(artifacts, "load-test-baseline"));
        writeFileSync(join(artifacts, "load-test-baseline", "run.json"), "{}");
      }
      return runJob(job as NonNullable<typeof job>, {
        folder,
        context: {
          ...{ "github.event_name": event, "github.repository": "acme/shop", "github.token": "job-token" },
          ...{ "github.event.pull_request.head.repo.full_name": "acme/shop", "inputs.preview-url": "" },
          ...{ "vars.PULUMI_STACK": "acme/load/dev", "vars.PREVIEW_URL": "https://preview.example.com" },
          ...{ "vars.AWS_ROLE_ARN": "", "vars.AWS_REGION": "", "secrets.PULUMI_ACCESS_TOKEN": "pul-token" },
          ...context,
        },
        env: {
          PATH: path,
          ...{ VERDICT: verdict ?? "", CODE: String(code), FOUND: found },
        },
        actions: {
          ...actions,
          "actions/download-artifact": (inputs) => {
            expect(inputs).to.include({ name: "load-test-baseline", "run-id": found, "github-token": "job-token" });
            actions["actions/download-artifact"]?.(inputs);
          },
        },
      });
    }

    const kept = () => readdirSync(artifacts).sort();
    const calls = () =>
      existsSync(join(folder, "calls")) ? readFileSync(join(folder, "calls"), "utf8").split("\n") : [];
    const options = "--threshold p95<500 --threshold fail_ratio<1%";

    it("compares a pull request with the baseline of main, and keeps everything", async () => {
      const { success, summary, steps } = await run({ event: "pull_request", verdict: "passed", code: 0, found: "7" });
      expect(success, JSON.stringify(steps)).to.equal(true);
      expect(calls().slice(0, 2)).to.deep.equal([
        `loadtest run --stack acme/load/dev --host https://preview.example.com ${options} --baseline baseline ` +
          "--max-regression 10% --results results --json",
        "loadtest report results/1-shop --html load-test.html",
      ]);
      expect(readdirSync(join(artifacts, "load-test-results"))).to.have.members(["load-test.html", "results"]);
      expect(summary)
        .to.match(/^## Load test: passed\n\n- p95 is 700 ms\n/)
        .and.include("```text\nthe table\n```\n");
    });

    for (const [what, found, expired] of [
      ["nothing was kept from main", "", false],
      ["what was kept has expired", "7", true],
    ] as const) {
      it(`loads without a comparison when ${what}`, async () => {
        const { success } = await run({ event: "pull_request", verdict: "passed", code: 0, found, expired });
        expect(success).to.equal(true);
        expect(calls()[0]).to.include("loadtest run").and.not.include("--baseline");
      });
    }

    it("keeps a run of main as the baseline when it has passed", async () => {
      expect((await run({ event: "push", verdict: "passed", code: 0 })).success).to.equal(true);
      expect(kept()).to.deep.equal(["load-test-baseline", "load-test-results"]);
      expect(existsSync(join(artifacts, "load-test-baseline", "run.json"))).to.equal(true);
    });

    it("fails with the run, and keeps its results all the same, but no baseline", async () => {
      const { success, summary } = await run({ event: "push", verdict: "failed", code: exitCodes.failed });
      expect(success).to.equal(false);
      expect(kept()).to.deep.equal(["load-test-results"]);
      expect(summary).to.include("## Load test: failed").and.include("the table");
    });

    it("says why where it could not run, and keeps nothing", async () => {
      const { success, summary, steps } = await run({ event: "pull_request", code: exitCodes.error });
      expect(success).to.equal(false);
      expect(summary).to.equal("## Load test: not run\n\n- no worker is ready\n\n");
      const failed = steps.filter(({ outcome }) => outcome === "failure").map(({ step }) => step);
      expect(failed).to.deep.equal(["Run the load test"]);
      expect(kept()).to.deep.equal([]);
    });

    for (const name of ["PULUMI_STACK", "PREVIEW_URL"]) {
      it(`asks for ${name} before it loads anything`, async () => {
        const context = { [`vars.${name}`]: "" };
        const { success, steps } = await run({ event: "push", verdict: "passed", code: 0, context });
        expect(success).to.equal(false);
        const output = steps.find(({ outcome }) => outcome === "failure")?.output;
        expect(output).to.include(`Set the variable ${name}`);
        expect(calls()).to.deep.equal([]);
      });
    }

    it("loads what it is told to where somebody starts it", async () => {
      const context = { "inputs.preview-url": "https://pr-7.example.com" };
      await run({ event: "push", verdict: "passed", code: 0, context });
      expect(calls()[0]).to.include("--host https://pr-7.example.com ");
    });

    it("does nothing on a fork's pull request", async () => {
      const context = { "github.event.pull_request.head.repo.full_name": "mallory/shop" };
      const { success, steps } = await run({ event: "pull_request", verdict: "passed", code: 0, context });
      expect({ success, steps }).to.deep.equal({ success: true, steps: [] });
    });
  });
});
