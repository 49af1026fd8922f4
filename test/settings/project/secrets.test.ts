import { expect } from "chai";
import { readStack, type StackSettings } from "../../../settings/project/stack-files";
import { folderOf, writeFiles } from "../folder";
import { settingsErrorOf } from "../problems";

describe("encrypted values in a stack's file", () => {
  const folder = folderOf({ "Pulumi.yaml": "name: shop\nconfig: {platform: eks-fargate, layout: multi-az}" });
  const read = (config: string, overrides?: Record<string, unknown>): StackSettings => {
    writeFiles(folder(), { "Pulumi.dev.yaml": config });
    return readStack({ directory: folder(), stack: "dev", overrides });
  };
  const errorOf = (config: string) => settingsErrorOf(() => read(config));

  it("are left out of secretEnvironment, by name where there are names", () => {
    const { settings, secretNames, warnings } = read(
      "config: {secretEnvironment: {TOKEN: {secure: v1:abc}, B: {secure: v1:def}, PLAIN: x}}",
    );
    expect(settings.secretEnvironment).to.deep.equal({ PLAIN: "x" });
    expect(secretNames).to.deep.equal(["B", "TOKEN"]);
    expect(warnings).to.deep.equal([
      "B, TOKEN of secretEnvironment in Pulumi.dev.yaml are encrypted, so they are left out here.",
      'PLAIN of secretEnvironment in Pulumi.dev.yaml is not encrypted; "pulumi config set --secret --path ' +
        'secretEnvironment.PLAIN" does it.',
    ]);
  });

  it("are left out as a whole where all is encrypted", () => {
    const { settings, secretNames, warnings } = read("config: {secretEnvironment: {secure: v1:abc}}");
    expect(settings.secretEnvironment).to.deep.equal({});
    expect(secretNames).to.deep.equal([]);
    expect(warnings).to.deep.equal([
      "secretEnvironment in Pulumi.dev.yaml is encrypted as a whole, so its variables are left out here.",
    ]);
  });

  it("still have their names checked", () => {
    const error = errorOf("config: {secretEnvironment: {LOCUST_HOST: {secure: v1:abc}}}");
    expect(error.problems.map(({ key }) => key)).to.deep.equal(["secretEnvironment.LOCUST_HOST"]);
  });

  it("are refused elsewhere at any depth, once and together with the rest", () => {
    const error = errorOf(
      "config: {users: {secure: v1:abc}, environment: {A: {secure: v1:abc}}, thresholds: [{secure: v1:abc}, x]}",
    );
    expect(error.problems.map(({ key }) => key)).to.deep.equal([
      ...["users", "environment.A", "thresholds[0]", "thresholds[1]"],
    ]);
    expect(error.message).to.include('users is "[secret]": must be plain text, as only secretEnvironment may be');
    expect(error.message).to.not.include("v1:abc");
  });

  it("do not make a setting of a key that does not exist", () => {
    const error = errorOf("config: {tocken: {secure: v1:abc}}");
    expect(error.problems).to.deep.equal([{ key: "tocken", value: undefined, allowed: "a setting", unknown: true }]);
  });

  it("do not matter where the command line has a value", () => {
    const overrides = { users: 5, secretEnvironment: { A: "mine" } };
    const found = read("config: {users: {secure: v1:a}, secretEnvironment: {A: {secure: v1:b}}}", overrides);
    expect(found.settings).to.deep.include(overrides);
    expect(found).to.deep.include({ secretNames: [], warnings: [] });
  });
});
