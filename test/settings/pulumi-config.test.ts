import { Config, Output, RunError, runtime, unsecret } from "@pulumi/pulumi";
import { expect } from "chai";
import { SettingsError } from "../../settings/errors";
import { parseSettings } from "../../settings/parse";
import { type ProgramSettings, readConfig } from "../../settings/pulumi-config";
import type { Rule } from "../../settings/rules";

const name = "serverless-load-testing";

function plainOf<T>(output: Output<T>): Promise<T> {
  return new Promise((resolve) => output.apply(resolve));
}

describe("readConfig", () => {
  before(async () => {
    await runtime.setMocks(
      { newResource: ({ inputs }) => ({ id: "id", state: inputs }), call: ({ inputs }) => inputs },
      name,
      "dev",
      false,
    );
  });
  after(() => runtime.setAllConfig({}));

  const read = (values: Record<string, string>, secrets: readonly string[] = []): ProgramSettings => {
    const full = (key: string) => (key.includes(":") ? key : `${name}:${key}`);
    runtime.setAllConfig(
      Object.fromEntries(Object.entries(values).map(([key, value]) => [full(key), value])),
      secrets.map(full),
    );
    return readConfig();
  };
  const errorOf = (values: Record<string, string>, secrets: readonly string[] = []): Error & { cause?: unknown } => {
    try {
      read(values, secrets);
    } catch (error) {
      if (RunError.isInstance(error)) return error;
      throw error;
    }
    throw new Error("This config is right.");
  };

  it("has every default", () => {
    const { secretEnvironment, ...settings } = read({});
    const { secretEnvironment: _, ...expected } = parseSettings({}, "test");
    expect(settings).to.deep.equal(expected);
    expect(secretEnvironment).to.equal(undefined);
  });

  it("reads the texts that Pulumi hands on, and only those of the project", () => {
    const settings = read({
      "aws:region": "us-east-2",
      "other:users": "9",
      workerReplicas: "8",
      kubernetesVersion: "1.35",
      targetHost: "",
      podSubnetIds: "[]",
      thresholds: '["p95<500"]',
      environment: '{"A":1}',
    });
    expect(settings).to.deep.include({
      users: 100,
      workerReplicas: 8,
      kubernetesVersion: "1.35",
      thresholds: [{ text: "p95<500", metric: "p95", operator: "<", limit: 500 }],
      environment: { A: "1" },
    });
    expect(settings).to.not.have.any.keys("targetHost", "podSubnetIds");
  });

  it("reads another project's config when told to", () => {
    runtime.setAllConfig({ "shop:users": "5", [`${name}:users`]: "6" });
    expect(readConfig([], new Config("shop")).users).to.equal(5);
  });

  it("keeps secrets secret", async () => {
    const { secretEnvironment } = read({ secretEnvironment: '{"TOKEN":"hunter2","N":1}' }, ["secretEnvironment"]);
    if (!Output.isInstance(secretEnvironment)) throw new Error("Secrets are an output.");
    expect(await secretEnvironment.isSecret).to.equal(true);
    expect(await plainOf(unsecret(secretEnvironment))).to.deep.equal({ TOKEN: "hunter2", N: "1" });
  });

  it("ends with everything that is wrong, in a way that Pulumi shows without a stack trace", () => {
    const error = errorOf({ users: "many", replicas: "1", kubeContext: "kind", workerMemory: "9000" });
    expect(error.message.split("\n")[0]).to.equal("4 settings are wrong (the stack's config):");
    const { cause } = error;
    if (!(cause instanceof SettingsError)) throw new Error("The cause is a SettingsError.");
    expect(error.message).to.equal(cause.message);
    expect(cause.problems.map(({ key }) => key)).to.deep.equal(["replicas", "users", "kubeContext", "workerMemory"]);
  });

  it("applies the program's own rules after those of every stack, and tells all together", () => {
    runtime.setAllConfig({ [`${name}:users`]: "0", [`${name}:namespace`]: "kube-system" });
    const seen: unknown[] = [];
    const rule: Rule = ({ valid, wrong }) => {
      seen.push(valid.namespace, [...wrong]);
      return [{ key: "script", value: valid.script, allowed: "another" }];
    };
    expect(() => readConfig([rule])).to.throw(
      [
        "3 settings are wrong (the stack's config):",
        '  users is "0": must be an integer above 0',
        '  namespace is "kube-system": must be a namespace of its own, which is destroyed with the stack',
        '  script is "script1.py": must be another',
      ].join("\n"),
    );
    expect(seen).to.deep.equal([undefined, ["users", "namespace"]]);
  });

  it("does not show a secret that is wrong", () => {
    const { message } = errorOf({ secretEnvironment: '{"LOCUST_HOST":"hunter2"}', token: "hunter2" });
    expect(message).to.include("secretEnvironment.LOCUST_HOST").and.include("token is not a setting");
    expect(message).to.not.include("hunter2");
  });

  it("refuses secrets where they would become plain, and does not show them", () => {
    const { message } = errorOf({ environment: '{"1A":"hunter2"}', users: "0", spawnRate: "0" }, [
      "environment",
      "users",
    ]);
    expect(message.split("\n").slice(1)).to.deep.equal([
      '  environment is "[secret]": must be plain text, as only secretEnvironment may be encrypted',
      '  users is "[secret]": must be plain text, as only secretEnvironment may be encrypted',
      '  spawnRate is "0": must be a number above 0',
    ]);
  });
});
