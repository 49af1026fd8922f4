import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "chai";
import { parse } from "yaml";
import { configDeclarations } from "../../../settings/project/pulumi-yaml";
import { listStacks, readStack } from "../../../settings/project/stack-files";
import { settingsKeys } from "../../../settings/schema";
import { scriptExists } from "../../../settings/scripts/script";

const root = join(__dirname, "../../..");
const project = parse(readFileSync(join(root, "Pulumi.yaml"), "utf8"));

describe("Pulumi.yaml", () => {
  it("declares every setting, in the schema's order", () => {
    expect(Object.keys(project.config)).to.deep.equal([...settingsKeys]);
  });

  const declared = configDeclarations();
  for (const key of settingsKeys) {
    it(`declares ${key} with the schema's type, default, description and secrecy`, () => {
      expect(project.config[key]).to.deep.equal(declared[key]);
      // Pulumi requires every key that has no default, and does not take null for one.
      expect(project.config[key].default).to.not.be.oneOf([undefined, null]);
    });
  }

  it("gives no secret a type, which would make Pulumi require an encrypted value", () => {
    expect(declared.secretEnvironment).to.deep.equal({
      secret: true,
      default: {},
      description: declared.secretEnvironment?.description,
    });
  });

  it("runs index.ts under the product's name", () => {
    expect(project).to.include({ name: "serverless-load-testing", main: "index.ts" });
  });
});

describe("the stacks that come with the product", () => {
  it("are two", () => {
    expect(listStacks({ directory: root, file: join(root, "Pulumi.yaml") })).to.include.members(["dev", "single-az"]);
  });

  it("have a small load on several zones in dev", () => {
    const { settings, warnings } = readStack({ directory: root, stack: "dev", rules: [scriptExists(root)] });
    expect(settings).to.include({ layout: "multi-az", workerReplicas: 2, users: 20, spawnRate: 10, runTime: "10s" });
    expect(settings.thresholds.map(({ text }) => text)).to.deep.equal(["p95<500", "fail_ratio<0.01"]);
    expect(warnings).to.deep.equal([]);
  });

  it("have one zone in single-az", () => {
    const { settings } = readStack({ directory: root, stack: "single-az" });
    expect(settings).to.include({ layout: "single-az", users: 100, spawnRate: 10, runTime: "1m" });
  });
});
