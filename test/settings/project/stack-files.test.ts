import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { expect } from "chai";
import { parseSettings } from "../../../settings/parse";
import {
  findProject,
  isOwnProgram,
  listStacks,
  type ProjectPlace,
  readAwsConfig,
  readStack,
  type StackSettings,
} from "../../../settings/project/stack-files";
import { scriptExists } from "../../../settings/scripts/script";
import { folderOf, writeFiles } from "../folder";
import { settingsErrorOf } from "../problems";

const project = `name: shop
runtime: nodejs
config:
  platform: {type: string, default: eks-fargate}
  layout: {type: string, default: multi-az}
  aws:region: us-east-2
  users: {type: integer, default: 7, description: Users.}
  workerReplicas: {value: 3}
  spawnRate: 2
  shop:runTime: 5m
  kubeContext: {type: string, default: ""}
  targetHost: {type: string}
  secretEnvironment: {secret: true, default: {}}
`;

describe("stack files", () => {
  const folder = folderOf({ "Pulumi.yaml": project, "Pulumi.dev.yaml": "config: {}", "Pulumi.prod.yaml": "" });
  const read = (config: string, overrides?: Record<string, unknown>): StackSettings => {
    writeFiles(folder(), { "Pulumi.dev.yaml": config });
    return readStack({ directory: folder(), stack: "dev", overrides });
  };
  const errorOf = (config: string, overrides?: Record<string, unknown>) =>
    settingsErrorOf(() => read(config, overrides));
  const place = (): ProjectPlace => {
    const found = findProject(folder());
    if (found === undefined) throw new Error("There is a project.");
    return found;
  };

  describe("readAwsConfig", () => {
    it("gives the stack's Region and profile, else the project's", () => {
      writeFiles(folder(), { "Pulumi.dev.yaml": "config: {aws:region: eu-west-1, aws:profile: load, region: no}" });
      expect(readAwsConfig(place(), "dev")).to.deep.equal({ region: "eu-west-1", profile: "load" });
      expect(readAwsConfig(place(), "org/shop/dev")).to.deep.equal({ region: "eu-west-1", profile: "load" });
      expect(readAwsConfig(place(), "prod")).to.deep.equal({ region: "us-east-2" });
      expect(readAwsConfig(place(), "none")).to.deep.equal({ region: "us-east-2" });
    });

    it("takes values as Pulumi.yaml may declare them, and no secrets", () => {
      writeFiles(folder(), {
        "Pulumi.yaml": "name: shop\nconfig:\n  aws:region: {value: us-west-2}\n",
        "Pulumi.dev.yaml": "config: {aws:profile: {secure: AAA}}",
      });
      expect(readAwsConfig(place(), "dev")).to.deep.equal({ region: "us-west-2" });
    });
  });

  it("tell this program from one that imports its components", () => {
    expect(isOwnProgram(place())).to.equal(true);
    writeFiles(folder(), { "Pulumi.yaml": "name: shop\nconfig: {users: 3}\n" });
    expect(isOwnProgram(place())).to.equal(false);
  });

  it("with wrong settings still say which are right", () => {
    const { valid } = errorOf("config: {shop:users: 0, shop:workerReplicas: 4}");
    expect(valid).to.include({ workerReplicas: 4, spawnRate: 2 }).and.not.have.property("users");
  });

  describe("findProject", () => {
    it("finds the project of a folder in it", () => {
      mkdirSync(join(folder(), "a/b"), { recursive: true });
      const found = { directory: folder(), file: join(folder(), "Pulumi.yaml") };
      expect(findProject(folder())).to.deep.equal(found);
      expect(findProject(join(folder(), "a/b"))).to.deep.equal(found);
    });

    it("finds the nearest one, also with the other ending, and no folder of that name", () => {
      writeFiles(folder(), { "a/Pulumi.yml": "name: inner" });
      mkdirSync(join(folder(), "a/b/Pulumi.yaml"), { recursive: true });
      expect(findProject(join(folder(), "a/b"))?.file).to.equal(join(folder(), "a/Pulumi.yml"));
    });

    it("finds nothing where there is none", () => {
      expect(findProject("/")).to.equal(undefined);
    });
  });

  describe("listStacks", () => {
    it("lists the stacks that have a file, by name", () => {
      writeFiles(folder(), { "Pulumi.a.b.yaml": "", "Pulumi.c.yml": "", "Pulumi..yaml": "", "other.yaml": "" });
      expect(listStacks(place())).to.deep.equal(["a.b", "dev", "prod"]);
    });

    it("looks where the project says", () => {
      writeFiles(folder(), { "Pulumi.yaml": "name: shop\nstackConfigDir: stacks", "stacks/Pulumi.qa.yaml": "" });
      expect(listStacks(place())).to.deep.equal(["qa"]);
      writeFiles(folder(), { "Pulumi.yaml": "name: shop\nconfig: stacks" });
      expect(listStacks(place())).to.deep.equal(["qa"]);
      writeFiles(folder(), { "Pulumi.yaml": "name: shop\nstackConfigDir: nowhere" });
      expect(listStacks(place())).to.deep.equal([]);
    });
  });

  describe("readStack", () => {
    it("takes the project's defaults, in every form", () => {
      const { settings, ...rest } = read("config: {}");
      const expected = { users: 7, workerReplicas: 3, spawnRate: 2, runTime: "5m" };
      expect(settings).to.deep.equal(parseSettings(expected, "test"));
      expect(rest).to.deep.equal({
        projectDirectory: folder(),
        stack: "dev",
        source: "Pulumi.dev.yaml",
        secretNames: [],
        warnings: [],
      });
    });

    it("takes an empty file for no settings", () => {
      expect(readStack({ directory: folder(), stack: "prod" }).settings.users).to.equal(7);
    });

    it("takes keys with and without the project's name, and no others", () => {
      const { settings } = read(
        "config: {shop:users: 1, spawnRate: '5', shop:config:runTime: 1h, aws:region: eu-west-1, other:users: 9}",
      );
      expect(settings).to.include({ users: 1, spawnRate: 5, runTime: "1h" });
    });

    it("takes a value in the place of another as a whole", () => {
      writeFiles(folder(), { "Pulumi.yaml": "name: shop\nconfig: {environment: {default: {A: 1}}}" });
      expect(read("config: {environment: {B: 2}}").settings.environment).to.deep.equal({ B: "2" });
    });

    it("gives the command line's arguments of the script beside the stack's, and another script none of these", () => {
      const config = "config: {script: a.py, scriptArguments: {tenant: acme, size: 5, region: [eu, us], all: true}}";
      const below = { tenant: "acme", size: "5", region: '["eu","us"]', all: "true" };
      const given = (overrides: Record<string, unknown>) => read(config, overrides).settings.scriptArguments;
      expect(given({})).to.deep.equal(below);
      expect(given({ script: "a.py", scriptArguments: { size: "7" } })).to.deep.equal({ ...below, size: "7" });
      expect(given({ script: "b.py" })).to.deep.equal({});
      expect(given({ script: "b.py", scriptArguments: { x: "1" } })).to.deep.equal({ x: "1" });
      const wrong = "config: {scriptArguments: {users: 5}}";
      expect(errorOf(wrong, { scriptArguments: { size: "7" } }).problems).to.have.length(1);
    });

    it("takes a stack by its full name, from the project's folder for stacks", () => {
      writeFiles(folder(), {
        "Pulumi.yaml": "name: shop\nstackConfigDir: stacks",
        "stacks/Pulumi.qa.yaml": "config: {users: 5}",
      });
      const { settings, source } = readStack({ directory: folder(), stack: "acme/shop/qa" });
      expect(settings.users).to.equal(5);
      expect(source).to.equal("stacks/Pulumi.qa.yaml");
    });

    it("takes anchors and merged keys", () => {
      const { settings } = read("a: &a {users: 5}\nconfig: {<<: *a, environment: &e {A: 1}, secretEnvironment: {}}");
      expect(settings.users).to.equal(5);
    });

    it("takes a file that starts with a byte order mark", () => {
      expect(read("\uFEFFconfig: {users: 5}").settings.users).to.equal(5);
    });

    it("lets the command line win, and reports it with the files", () => {
      expect(read("config: {users: 0, spawnRate: 1}", { users: "5", runTime: undefined }).settings).to.include({
        users: 5,
        spawnRate: 1,
      });
      const error = errorOf("config: {users: 0, shop:sript: a.py}", { spawnRate: -1, host: "x" });
      expect(error.source).to.equal("Pulumi.dev.yaml");
      expect(error.problems.map(({ key, source }) => [key, source])).to.deep.equal([
        ["sript", undefined],
        ["host", "the command line"],
        ["users", undefined],
        ["spawnRate", "the command line"],
      ]);
    });

    it("reports a script that is not there with everything else, and where it is named", () => {
      const rules = [scriptExists(folder())];
      const readWith = (overrides: Record<string, unknown>) =>
        settingsErrorOf(() => readStack({ directory: folder(), stack: "dev", overrides, rules })).problems.map(
          ({ key, source }) => [key, source],
        );
      writeFiles(folder(), { "load/a.py": "", "Pulumi.dev.yaml": "config: {scriptsFolder: load, namespace: default}" });
      const missing = { script: "b.py", users: 0 };
      const commandLine = "the command line";
      expect(readWith(missing)).to.deep.equal([
        ["users", commandLine],
        ["namespace", undefined],
        ["script", commandLine],
      ]);
      expect(readWith({ script: "a.py" })).to.deep.equal([["namespace", undefined]]);
    });

    it("reports what is wrong in the project's own defaults", () => {
      writeFiles(folder(), { "Pulumi.yaml": project.replace("default: 7", "default: none") });
      expect(errorOf("config: {}").message).to.include('users is "none", from Pulumi.yaml: must be');
    });
  });
});
