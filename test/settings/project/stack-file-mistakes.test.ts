import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { expect } from "chai";
import { StackFileError } from "../../../settings/errors";
import { readStack } from "../../../settings/project/stack-files";
import { folderOf, writeFiles } from "../folder";

describe("mistakes with the files of stacks are one plain line", () => {
  const folder = folderOf({
    "Pulumi.yaml": "name: shop\nruntime: nodejs\n",
    "Pulumi.dev.yaml": "config: {}",
    "Pulumi.prod.yaml": "",
  });
  const read = (config: string) => {
    writeFiles(folder(), { "Pulumi.dev.yaml": config });
    return readStack({ directory: folder(), stack: "dev" });
  };
  const messageOf = (work: () => unknown): string => {
    try {
      work();
    } catch (error) {
      if (error instanceof StackFileError) return error.message;
      throw error;
    }
    throw new Error("These files are right.");
  };

  it("for a stack that does not exist", () => {
    expect(messageOf(() => readStack({ directory: folder(), stack: "qa" }))).to.equal(
      "Stack qa has no file Pulumi.qa.yaml; there is dev, prod.",
    );
    writeFiles(folder(), { "Pulumi.yaml": "name: shop\nstackConfigDir: stacks" });
    expect(messageOf(() => readStack({ directory: folder(), stack: "qa" }))).to.equal(
      "Stack qa has no file stacks/Pulumi.qa.yaml; no stack has a file yet.",
    );
  });

  it("for no project", () => {
    expect(messageOf(() => readStack({ directory: "/", stack: "dev" }))).to.equal(
      "There is no Pulumi.yaml in / or above it.",
    );
  });

  const broken: readonly (readonly [string, string, RegExp])[] = [
    ["a tab", "config:\n\tusers: 5\n", /^Pulumi\.dev\.yaml:2:1: [^\n]+$/],
    ["an open bracket", "config:\n  thresholds: [a\n", /^Pulumi\.dev\.yaml:3:1: [^\n]+$/],
    ["a key twice", "config:\n  users: 5\n  users: 6\n", /^Pulumi\.dev\.yaml:3:3: [^\n]+$/],
    ["a missing anchor", "config: {users: *a}", /^Pulumi\.dev\.yaml: [^\n]+$/],
    ["a list", "- users", /^Pulumi\.dev\.yaml must have keys and values\.$/],
    ["a list of settings", "config: [users]", /^Pulumi\.dev\.yaml must have keys and values under "config"\.$/],
  ];
  for (const [what, content, message] of broken) {
    it(`for ${what}`, () => {
      expect(messageOf(() => read(content))).to.match(message);
    });
  }

  it("for a folder in the place of a file", () => {
    mkdirSync(join(folder(), "Pulumi.qa.yaml"));
    expect(messageOf(() => readStack({ directory: folder(), stack: "qa" }))).to.equal(
      "Pulumi.qa.yaml cannot be read: EISDIR.",
    );
  });

  it("for a project without a name, or that is not YAML", () => {
    writeFiles(folder(), { "Pulumi.yaml": "runtime: nodejs" });
    expect(messageOf(() => read(""))).to.equal("Pulumi.yaml has no name for the project.");
    writeFiles(folder(), { "Pulumi.yaml": "name: [" });
    expect(messageOf(() => read(""))).to.match(/^Pulumi\.yaml:1:\d+: [^\n]+$/);
  });
});
