import { join } from "node:path";
import { expect } from "chai";
import type { LocustDeploymentArgs } from "../../components/locust/locust-deployment";
import { deleteNamespace, isReady, kubectl, podsOf } from "../support/cluster";
import { LocustProgram } from "../support/locust-program";
import { inSteps, needs } from "../support/needs";

const namespace = `lt-rollouts-${process.pid}`;

const script = `
from locust import HttpUser, task

from lib.deep.paths import FRONT

class Visitor(HttpUser):
    @task
    def front(self) -> None:
        self.client.get(FRONT)
`;

const parts = ["control", "worker"] as const;
type Part = (typeof parts)[number];

describe("changes of the pods, on the real engine and a real cluster", function () {
  this.timeout(180_000);
  inSteps();
  let project: LocustProgram;

  needs("pulumi", "cluster");
  before(() => {
    project = new LocustProgram(namespace);
    // Pods that are ready have found it, at its path.
    project.writeFile("lib/deep/paths.py", 'FRONT = "/"\n');
    project.writeFile("lib/__init__.py", "");
    project.writeFile("visit.py", script);
    up({});
  });
  after(() => {
    if (project === undefined) return;
    project.run("destroy", "--yes", "--skip-preview");
    project.remove();
    deleteNamespace(namespace);
  });

  function up(args: LocustDeploymentArgs, ...options: string[]): Record<string, number> {
    project.writeConfig(args);
    return project.upCounts(...options);
  }

  function names(part: Part): string[] {
    return podsOf(namespace, part).map(({ metadata }) => metadata.name);
  }

  /** Does something, after which the pods of some parts are others, and all are ready; at once. */
  function expectNewPods(of: readonly Part[], change: () => void): void {
    const before = { control: names("control"), worker: names("worker") };
    change();
    for (const part of parts) {
      const pods = podsOf(namespace, part);
      expect(pods.filter(isReady), part).to.have.length(part === "control" ? 1 : 2);
      const kept = pods.filter(({ metadata }) => before[part].includes(metadata.name));
      expect(kept, `${part}s that stayed`).to.have.length(of.includes(part) ? 0 : pods.length);
    }
  }

  it("replace the Deployments, and one ConfigMap, with the script", () => {
    project.writeFile("visit.py", `${script}\n# changed\n`);
    const start = performance.now();
    expectNewPods(parts, () =>
      expect(up({})).to.include({ replaced: 3 }).and.not.have.any.keys("created", "updated", "deleted"),
    );
    console.log(`      roll: ${Math.round((performance.now() - start) / 1000)} s`);
  });

  for (const [what, args, of] of [
    ["a worker's size", { workerCpu: 0.15 }, ["worker"]],
    ["the master's size", { workerCpu: 0.15, controlMemory: 320 }, parts],
    ["the environment", { environment: { MORE: "1" }, workerCpu: 0.15, controlMemory: 320 }, parts],
    ["the image's pull policy", { imagePullPolicy: "Never" }, parts],
  ] as const) {
    it(`are shown in a preview, whose plan holds, and waited for, with ${what}`, () => {
      project.writeConfig(args);
      const plan = join(project.folder, "plan.json");
      expect(project.mustRun("preview", "--save-plan", plan)).to.include(`+-${of.length} to replace`);
      expectNewPods(of, () =>
        expect(project.upCounts("--plan", plan))
          .to.include({ replaced: of.length })
          // The sizes are written on the master's Deployment too, whose pod stays.
          .and.include(of.length < parts.length ? { updated: 1 } : {})
          .and.not.have.any.keys("deleted", ...(of.length < parts.length ? [] : ["updated"])),
      );
    });
  }

  it("fail where the script raises, naming the pods, whose status has their last words; and go on from there", () => {
    project.writeFile("visit.py", `${script}\nraise ValueError("no such shop")\n`);
    for (const attempt of ["with the change", "once more, without one"]) {
      project.writeConfig({}, "15s");
      const { code, output } = project.run("up", "--yes", "--skip-preview");
      expect(code, `${attempt}\n${output}`).to.be.above(0);
      for (const name of parts.flatMap(names)) expect(output, attempt).to.include(name);
    }
    const status = "jsonpath={.items[*].status.containerStatuses[*].lastState.terminated.message}";
    const words = kubectl(namespace, ["get", "pods", "--output", status]);
    expect(words).to.match(/visit\.py", line \d+[\s\S]*ValueError: no such shop/);
    project.writeFile("visit.py", `${script}\n# mended\n`);
    expectNewPods(parts, () => expect(up({})).to.include({ replaced: 3 }));
  });

  it("have the last word where somebody had both run something else", () => {
    const path = "/spec/template/spec/containers/0/args";
    for (const part of parts) {
      const patch = JSON.stringify([{ op: "replace", path, value: ["--version"] }]);
      kubectl(namespace, ["patch", `deployment/locust-${part}`, "--type=json", `--patch=${patch}`]);
    }
    expectNewPods(parts, () => expect(up({}, "--refresh")).to.include({ replaced: 2 }));
  });
});
