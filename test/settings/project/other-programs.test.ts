import { rmSync } from "node:fs";
import { join } from "node:path";
import { expect } from "chai";
import { StackFileError } from "../../../settings/errors";
import { readStack } from "../../../settings/project/stack-files";
import { folderOf, writeFiles } from "../folder";

describe("a project of another program", () => {
  const folder = folderOf({ "Pulumi.yaml": "name: shop", "Pulumi.dev.yaml": "config: {}", "Pulumi.prod.yaml": "" });
  const anothers = "name: shop\nconfig: {aws:region: us-east-2, spawnRate: {default: 2}}";
  const readIt = (stack?: string, overrides = {}) => readStack({ directory: folder(), stack, overrides });

  it("may have keys that are no settings, encrypted ones too", () => {
    writeFiles(folder(), {
      "Pulumi.yaml": anothers,
      "Pulumi.dev.yaml":
        "config: {shop:apiKey: {secure: abc}, shop:tiers: [a, b], shop:users: 12, shop:workerCpu: 0.1}",
    });
    const { settings, stack, warnings } = readIt();
    expect(settings).to.include({ users: 12, spawnRate: 2 });
    expect(stack).to.equal("dev");
    expect(warnings).to.deep.equal([]);
  });

  it("may have keys of the same names that mean something else", () => {
    const dev = "config: {environment: production, image: {repo: x}, users: {secure: abc}, runTime: 5m}";
    writeFiles(folder(), { "Pulumi.yaml": anothers, "Pulumi.dev.yaml": dev });
    expect(readIt().settings).to.deep.include({ environment: {}, users: 100, runTime: "5m" });
  });

  it("needs no stack dev, but the one that is asked for", () => {
    writeFiles(folder(), { "Pulumi.yaml": anothers });
    rmSync(join(folder(), "Pulumi.dev.yaml"));
    const { settings, stack } = readIt(undefined, { users: "20" });
    expect(settings.users).to.equal(20);
    expect(stack).to.equal(null);
    expect(() => readIt("dev")).to.throw(StackFileError, "Stack dev has no file Pulumi.dev.yaml; there is prod.");
  });
});
