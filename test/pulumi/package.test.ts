import { chmodSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { delimiter, join } from "node:path";
import { expect } from "chai";
import { deleteNamespace, kubectl, podsOf } from "../support/cluster";
import { inSteps, needs } from "../support/needs";
import { installPackage, packageName } from "../support/package";
import { PulumiFolder, root } from "../support/pulumi-cli";

const namespace = `lt-remote-${process.pid}`;
const plugin = join("node_modules", packageName);

/** What a program in any language does: it names the type, and the plugin makes the component. */
const program = `
const pulumi = require("@pulumi/pulumi");

class LocustDeployment extends pulumi.ComponentResource {
  constructor(name, args, opts) {
    const outputs = { namespaceName: undefined, serviceName: undefined, webPort: undefined, token: undefined };
    super("serverless-load-testing:index:LocustDeployment", name, { ...outputs, ...args }, opts, true);
  }
}
const config = new pulumi.Config();
const { namespaceName, serviceName, webPort, token } = new LocustDeployment("remote", {
  namespace: config.require("namespace"),
  scriptsFolder: "load",
  script: "visit.py",
  scriptDelivery: config.get("scriptDelivery"),
  workerReplicas: 1,
  workerCpu: 0.1,
  controlCpu: 0.2,
  secretEnvironment: { WORD: pulumi.secret("open-sesame") },
});
module.exports = { namespaceName, serviceName, webPort, token };
`;

const component = `${packageName}:index:LocustDeployment`;

interface Described {
  readonly description?: string;
}
interface PackageSchema {
  readonly resources: Readonly<
    Record<
      string,
      Described & {
        readonly inputProperties: Record<string, Described>;
        readonly properties: Record<string, Described>;
      }
    >
  >;
  readonly types: Readonly<Record<string, { readonly enum?: readonly (Described & { readonly name: string })[] }>>;
}

function checkedIn(): PackageSchema {
  return JSON.parse(readFileSync(join(root, "schema", "package.schema.json"), "utf8"));
}

describe("the package as a plugin for other languages, on the real engine", function () {
  this.timeout(180_000);
  let project: PulumiFolder;
  const path = process.env.PATH ?? "";

  needs("pulumi");
  before(() => {
    project = new PulumiFolder({ linkModules: false });
    installPackage(project.folder);
    write(
      "Pulumi.yaml",
      `name: remote\nruntime: nodejs\nplugins:\n  providers:\n    - name: ${packageName}\n      path: ${plugin}\n`,
    );
    // No tsconfig.json here, as in a program in Python: the plugin must not need one.
    write("package.json", '{ "name": "remote", "version": "0.0.0", "private": true, "main": "index.js" }');
    write("index.js", program);
    write("load/visit.py", script);
    // The CLI installs a plugin's packages whenever it reads the schema; they are here.
    write("bin/npm", "#!/bin/sh\nexit 0\n");
    chmodSync(join(project.folder, "bin", "npm"), 0o755);
    process.env.PATH = `${join(project.folder, "bin")}${delimiter}${path}`;
  });
  after(() => {
    process.env.PATH = path;
    project?.remove();
  });

  function write(name: string, text: string): void {
    mkdirSync(join(project.folder, name, ".."), { recursive: true });
    writeFileSync(join(project.folder, name), text);
  }

  it("has the schema that is checked in", () => {
    const { output } = project.run("package", "get-schema", `./${plugin}`);
    const schema = JSON.parse(output.slice(output.indexOf("{\n"), output.lastIndexOf("}") + 1));
    const rewrite = '(cd / && pulumi package get-schema "$OLDPWD") > schema/package.schema.json && npm run format';
    expect(schema, `If that is meant: ${rewrite}`).to.deep.equal(checkedIn());
  });

  it("tells other languages what everything is", () => {
    const { resources, types } = checkedIn();
    expect(Object.keys(resources).map((token) => token.split(":").at(-1))).to.have.members([
      ...["FargateCluster", "LoadTestNetwork", "LoadTestObservability", "LocustDeployment", "LocustImage"],
    ]);
    const described: Record<string, Described> = {};
    for (const [token, type] of Object.entries(types)) {
      for (const value of type.enum ?? []) described[`${token} ${value.name}`] = value;
    }
    for (const [token, resource] of Object.entries(resources)) {
      described[token] = resource;
      for (const [name, property] of Object.entries({ ...resource.inputProperties, ...resource.properties })) {
        described[`${token} ${name}`] = property;
      }
    }
    for (const [what, { description }] of Object.entries(described)) {
      expect(description, what)
        .to.be.a("string")
        .and.not.match(/\{@|@example|@default|\[object/);
    }
  });

  it("has the arguments that the example in Python gives", () => {
    const { inputProperties } = checkedIn().resources[component] ?? {};
    const inputs = Object.keys(inputProperties ?? {}).map((name) =>
      name.replace(/[A-Z]/g, (c) => `_${c.toLowerCase()}`),
    );
    const python = readFileSync(join(root, "examples", "python", "__main__.py"), "utf8");
    const given = [...python.matchAll(/^ {4}(\w+)=/gm)].map(([, name]) => name);
    expect(given).to.include("scripts_folder");
    expect(inputs).to.include.members(given);
  });

  describe("a LocustDeployment that the plugin makes, in a real cluster", () => {
    inSteps();

    let begun = false;

    needs("cluster");
    before(() => {
      begun = true;
      project.mustRun("stack", "init", "test");
      project.mustRun("config", "set", "namespace", namespace);
    });
    after(() => {
      if (!begun) return;
      project.run("destroy", "--yes", "--skip-preview");
      deleteNamespace(namespace);
    });

    it("says what is wrong with its arguments", () => {
      project.mustRun("config", "set", "scriptDelivery", "carrier-pigeon");
      const { code, output } = project.run("preview");
      project.mustRun("config", "rm", "scriptDelivery");
      expect(code).to.not.equal(0);
      expect(output).to.include("scriptDelivery").and.include("carrier-pigeon");
    });

    it("makes pods that are ready, with the scripts of the program's folder", () => {
      project.up();
      expect(project.outputs()).to.deep.include({
        ...{ namespaceName: namespace, serviceName: "locust-control", webPort: 8089, token: "[secret]" },
      });
      for (const part of ["control", "worker"] as const) expect(podsOf(namespace, part), part).to.have.length(1);
      const scripts = ["exec", "deploy/locust-worker", "--", "cat", "/loadtest/scripts/visit.py"];
      expect(kubectl(namespace, scripts)).to.equal(script.trim());
      expect(kubectl(namespace, ["exec", "deploy/locust-worker", "--", "printenv", "WORD"])).to.equal("open-sesame");
      expect(project.mustRun("stack", "export")).to.not.include("open-sesame");
    });

    it("puts its parts below the component", () => {
      const children = project.resources().filter(({ type }) => type.startsWith("kubernetes:"));
      expect(children).to.have.length.above(8);
      for (const { parent, urn } of children) expect(parent, urn).to.match(/:index:LocustDeployment::remote$/);
    });

    it("leaves nothing behind", () => {
      project.mustRun("destroy", "--yes", "--skip-preview");
      expect(() => kubectl(namespace, ["get", "namespace", namespace])).to.throw("NotFound");
    });
  });
});

const script = `from locust import HttpUser, task


class Visitor(HttpUser):
    @task
    def front(self) -> None:
        self.client.get("/")
`;
