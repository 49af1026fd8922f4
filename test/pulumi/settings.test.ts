import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "chai";
import { readStack } from "../../settings/project/stack-files";
import { needs } from "../support/needs";
import { PulumiProject } from "../support/pulumi";

describe("the program's settings, on the real engine", function () {
  this.timeout(180_000);
  let project: PulumiProject;

  needs("pulumi");
  before(() => {
    project = new PulumiProject();
    for (const stack of ["dev", "single-az"]) {
      const { code, output } = project.run("stack", "init", stack);
      expect(code, output).to.equal(0);
    }
  });
  after(() => project?.remove());

  for (const stack of ["dev", "single-az"]) {
    it(`previews ${stack} with its load`, () => {
      const { code, output } = project.run("preview", "-s", stack);
      expect(code, output).to.equal(0);
      const { settings } = readStack({ directory: project.folder, stack });
      expect(output).to.match(new RegExp(`users\\s*:\\s*${settings.users}\\b`));
      expect(output).to.match(new RegExp(`runTime\\s*:\\s*"${settings.runTime}"`));
    });
  }

  it("takes what pulumi config set writes, in the program and on the command line", () => {
    expect(project.run("config", "set", "-s", "dev", "users", "8").code).to.equal(0);
    expect(project.run("config", "set", "-s", "dev", "--path", "thresholds[0]", "p95<250").code).to.equal(0);
    expect(project.run("preview", "-s", "dev").output).to.match(/users\s*:\s*8\b/);
    const { settings } = readStack({ directory: project.folder, stack: "dev" });
    expect(settings.users).to.equal(8);
    expect(settings.thresholds.map(({ text }) => text)).to.deep.equal(["p95<250", "fail_ratio<0.01"]);
  });

  it("names every wrong setting at once, without a stack trace, and makes nothing", () => {
    const file = join(project.folder, "Pulumi.single-az.yaml");
    const before = readFileSync(file, "utf8");
    const wrong = { workerReplica: 3, workerReplicas: 1001, namespace: "Locust!", vpcCidr: "8.8.8.0/24" };
    const lines = Object.entries(wrong).map(([key, value]) => `  serverless-load-testing:${key}: ${value}\n`);
    writeFileSync(file, before.replace("config:\n", `config:\n${lines.join("")}`));
    const { code, output } = project.run("up", "-s", "single-az", "--yes", "--skip-preview");
    writeFileSync(file, before);
    expect(code).to.not.equal(0);
    for (const key of Object.keys(wrong)) expect(output).to.include(`${key} is`);
    expect(output).to.include("did you mean workerReplicas?");
    expect(output).to.not.match(/^\s+at .*:\d+:\d+/m);
    expect(
      JSON.parse(project.run("stack", "export", "-s", "single-az").output).deployment.resources ?? [],
    ).to.have.length.below(2);
  });
});
