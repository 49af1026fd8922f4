import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "chai";
import { parse } from "yaml";
import { type CommandEnd, root, startCommand } from "../support/cli";
import { apply, kubectl, podsOf } from "../support/cluster";
import { ownTest } from "../support/deployed";
import { finished, onlyRun, temporaryFolder } from "../support/project";

const account = "loadtest";

interface Rule {
  readonly apiGroups: readonly string[];
  readonly resources: readonly string[];
  readonly verbs: readonly string[];
}

/** The Role that docs/operating.md shows. */
function roleOfThePage(): { readonly metadata: { readonly name: string }; readonly rules: readonly Rule[] } {
  const page = readFileSync(join(root, "docs", "operating.md"), "utf8");
  const [, yaml = ""] = /```yaml\n([\s\S]*?kind: Role\n[\s\S]*?)```/.exec(page) ?? [];
  return parse(yaml);
}

describe("the Role of docs/operating.md", function () {
  this.timeout(120_000);
  const { namespace } = ownTest("operate-role", { workerReplicas: "1" });
  const role = roleOfThePage();
  let folder: string;
  let results: string;

  before(() => {
    folder = temporaryFolder();
    results = join(folder, "results");
    kubectl(namespace, ["create", "serviceaccount", account]);
    writeKubeconfig(kubectl(namespace, ["create", "token", account]));
    kubectl(namespace, [
      ...["create", "rolebinding", account],
      ...["--role", role.metadata.name, "--serviceaccount", `${namespace}:${account}`],
    ]);
  });

  function allow(rules: readonly Rule[]): void {
    apply(namespace, { ...role, rules });
  }

  /** The test cluster, for an account that has a token and nothing else. */
  function writeKubeconfig(token: string): void {
    const args = ["config", "view", "--raw", "--minify", "--flatten", "--output", "json"];
    const { clusters } = JSON.parse(kubectl(namespace, args)) as { clusters: readonly { readonly name: string }[] };
    const kubeconfig = {
      ...{ apiVersion: "v1", kind: "Config", "current-context": account, clusters },
      contexts: [{ name: account, context: { cluster: clusters[0]?.name, user: account } }],
      users: [{ name: account, user: { token } }],
    };
    writeFileSync(join(folder, "kubeconfig"), JSON.stringify(kubeconfig));
  }

  function run(command: string, ...args: readonly string[]): Promise<CommandEnd> {
    const where = ["--kubeconfig", join(folder, "kubeconfig"), "--namespace", namespace];
    return startCommand([command, ...args, ...where], { cwd: folder }).ended;
  }

  it("is needed: without it, commands say in a line what they may not do", async () => {
    const { code, stderr } = await run("status");
    expect(code).to.equal(4);
    expect(stderr).to.match(
      /^loadtest: cannot read Deployment \S+: context loadtest is not allowed to get deployments/,
    );
  });

  it("is enough for every command", async () => {
    allow(role.rules);
    const load = ["--users", "2", "--run-time", "5s", "--results", results];
    const commands: (readonly [string, ...string[]])[] = [
      ["status"],
      ["scale", "2"],
      ["logs", "--worker"],
      ["run", ...load, "--workers", "1", "--script", "script2.py"],
      ["start", ...load],
      ["report", "--wait", "--results", results],
      ["start", ...load, "--run-time", "5m"],
      ["stop", "--results", results],
      ["scale", "1"],
    ];
    for (const command of commands) {
      const { code, stdout, stderr } = await run(...command);
      expect(code, `${command.join(" ")}\n${stdout}\n${stderr}`).to.equal(0);
      expect(stderr, command.join(" ")).to.not.match(/not allowed|forbidden|warning/i);
    }
    expect(kubectl(namespace, ["get", "leases", "--output", "name"])).to.equal("");
    expect(podsOf(namespace, "worker")).to.have.length(1);
  });

  it("is enough to tell why pods are not ready", async () => {
    // The master, one worker, and the target.
    kubectl(namespace, ["create", "quota", "small", "--hard=pods=3"]);
    const { code, stderr } = await run("scale", "3", "--ready-timeout", "8s");
    kubectl(namespace, ["delete", "quota", "small"]);
    expect(code).to.equal(4);
    expect(stderr)
      .to.match(/quota/i)
      .and.not.match(/not allowed/);
    expect((await run("scale", "1")).code).to.equal(0);
  });

  it("is more than a run without --script needs, as its comments say", async () => {
    const narrow = temporaryFolder();
    const without = (rule: Rule) =>
      !rule.resources.some((name) => ["replicasets", "events", "configmaps", "deployments/scale"].includes(name));
    allow(role.rules.filter(without));
    const { code, stdout, stderr } = await run("run", "--users", "2", "--run-time", "5s", "--results", narrow);
    expect(code, `${stdout}\n${stderr}`).to.equal(0);
    expect(finished(onlyRun(narrow)).verdict).to.equal("passed");
  });
});
