import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { installPackage, packageName } from "../support/package";
import { root } from "../support/pulumi-cli";

const components = ["FargateCluster", "LoadTestNetwork", "LoadTestObservability", "LocustDeployment", "LocustImage"];

/** Uses every component and the type of its arguments. */
const consumer = `
import * as pulumi from "@pulumi/pulumi";
import {
  FargateCluster, type FargateClusterArgs,
  LoadTestNetwork, type LoadTestNetworkArgs, NetworkLayout,
  LocustDeployment, type LocustDeploymentArgs, ScriptDelivery,
  LocustImage, type LocustImageArgs,
} from "serverless-load-testing";

const networkArgs: LoadTestNetworkArgs = { layout: NetworkLayout.SingleAz };
const network = new LoadTestNetwork("load", networkArgs);
const clusterArgs: FargateClusterArgs = { ...network, namespaces: ["load"] };
const cluster = new FargateCluster("load", clusterArgs);
const imageArgs: LocustImageArgs = { context: "./load" };
const image = new LocustImage("load", imageArgs);
const locustArgs: LocustDeploymentArgs = { image: image.ref, scriptDelivery: ScriptDelivery.Image };
const locust = new LocustDeployment("load", locustArgs, { dependsOn: [cluster] });
// @ts-expect-error: a number
export const wrong = new LocustDeployment("wrong", { workerReplicas: "8" });
export const token: pulumi.Output<string> = locust.token;
export const component: pulumi.ComponentResource = network;
`;

/** Makes a LocustDeployment without an engine, and prints what was registered. */
const mocked = `
const pulumi = require("@pulumi/pulumi");
const registered = [];
pulumi.runtime.setMocks({
  call: ({ inputs }) => inputs,
  newResource: ({ type, name, inputs }) => {
    registered.push({ type, name, inputs });
    return { id: name, state: { ...inputs, metadata: { name, ...inputs.metadata }, result: "0123456789" } };
  },
}).then(async () => {
  const { LocustDeployment } = require("serverless-load-testing");
  new LocustDeployment("shop", { scriptsFolder: "load", script: "visit.py" });
  await pulumi.runtime.disconnect();
  console.log(JSON.stringify(registered));
});
`;

describe("the npm package, installed in another project", function () {
  this.timeout(120_000);
  let folder: string;
  let installed: string;

  before(() => {
    folder = mkdtempSync(join(tmpdir(), "loadtest-consumer-"));
    installed = installPackage(folder);
    write("package.json", '{ "name": "consumer", "version": "1.0.0", "private": true }');
    const compilerOptions = {
      ...{ target: "es2022", module: "nodenext", strict: true, noEmit: true },
      types: ["node"],
    };
    write("tsconfig.json", JSON.stringify({ compilerOptions: { ...compilerOptions, skipLibCheck: true } }));
  });
  after(() => {
    if (folder !== undefined) rmSync(folder, { recursive: true, force: true });
  });

  function write(name: string, text: string): void {
    writeFileSync(join(folder, name), text);
  }

  /** Runs a command in the project; gives what it printed. */
  function run(command: string, ...args: readonly string[]): string {
    const { status, stdout, stderr } = spawnSync(command, args, { cwd: folder, encoding: "utf8", timeout: 100_000 });
    if (status !== 0) throw new Error(`${command} ${args.join(" ")} ended with ${status}:\n${stdout}${stderr}`);
    return stdout;
  }

  it("has all that it needs, and no tests, pictures or benchmarks", () => {
    const files = readdirSync(installed, { recursive: true, encoding: "utf8" });
    expect(files).to.include.members([
      ...["PulumiPlugin.yaml", "README.md", "bin/loadtest.js", "schema/run.schema.json"],
      ...["dist/components/index.js", "dist/components/index.d.ts", "dist/runner/cli/main.js"],
      "dist/runner/results/report/browser/charts.js",
      ...["locust/Dockerfile", "locust/requirements.txt", "locust/constraints.txt", "locust/scripts/script1.py"],
      ...["locust/plugin/loadtest/__main__.py", "locust/.dockerignore"],
    ]);
    const unwanted =
      /(^|\/)(tests?|docs|bench|coverage|examples|__pycache__|node_modules)(\/|$)|\.(png|pyc|tgz)$|tsbuildinfo/;
    expect(files.filter((file) => unwanted.test(file))).to.deep.equal([]);
  });

  it("has the source of every compiled file that a debugger asks for", () => {
    const maps = readdirSync(join(root, "components"), { recursive: true, encoding: "utf8" })
      .filter((file) => file.endsWith(".ts"))
      .map((file) => join(installed, "dist", "components", file.replace(/ts$/, "js.map")));
    for (const map of maps) {
      const { sources } = JSON.parse(readFileSync(map, "utf8")) as { sources: string[] };
      for (const source of sources) expect(existsSync(join(map, "..", source)), `${map}: ${source}`).to.equal(true);
    }
  });

  it("shares Pulumi's SDK with its consumer", () => {
    const where = (from: string) =>
      run("node", "-p", `require.resolve("@pulumi/pulumi", { paths: [${JSON.stringify(from)}] })`);
    expect(where(installed)).to.equal(where(folder));
    const { dependencies } = JSON.parse(readFileSync(join(installed, "package.json"), "utf8"));
    // An exact version would be a second copy beside the consumer's own.
    for (const [name, range] of Object.entries(dependencies).filter(([name]) => name.startsWith("@pulumi/"))) {
      expect(range, name).to.match(/^\^\d/);
    }
  });

  it("has types for strict TypeScript", () => {
    write("consumer.ts", consumer);
    run("node_modules/.bin/tsc", "--noEmit");
  });

  it("loads with require and with import", () => {
    const print = "console.log(JSON.stringify(Object.keys(loaded).filter((key) => /^[A-Z]/.test(key)).sort()))";
    write("load.cjs", `const loaded = require("${packageName}"); ${print}`);
    write("load.mjs", `import * as loaded from "${packageName}"; ${print}`);
    write("named.mjs", `import { ${components.join(", ")} } from "${packageName}"; console.log(typeof LocustImage)`);
    const all = [...components, "NetworkLayout", "ScriptDelivery"].sort();
    expect(JSON.parse(run("node", "load.cjs"))).to.deep.equal(all);
    expect(JSON.parse(run("node", "load.mjs"))).to.include.members(all);
    expect(run("node", "named.mjs").trim()).to.equal("function");
  });

  it("makes a LocustDeployment with the plugin that it brings and the consumer's scripts", () => {
    mkdirSync(join(folder, "load"));
    write("load/visit.py", "from locust import HttpUser\n");
    write("mocked.cjs", mocked);
    const registered = JSON.parse(run("node", "mocked.cjs")) as { type: string; name: string; inputs: never }[];
    const files = (name: string) => {
      const map = registered.find((one) => one.type === "kubernetes:core/v1:ConfigMap" && one.name === name);
      return Object.keys((map?.inputs as { data: object } | undefined)?.data ?? {});
    };
    expect(files("shop-plugin")).to.include("__main__.py");
    expect(files("shop-scripts")).to.deep.equal(["visit.py"]);
    expect(registered.map(({ type }) => type)).to.include("serverless-load-testing:index:LocustDeployment");
  });

  it("brings the command", () => {
    expect(run("npx", "--no-install", "loadtest", "--help")).to.match(/Usage: loadtest/);
  });
});
