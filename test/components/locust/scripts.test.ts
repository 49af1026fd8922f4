import { mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import * as pulumi from "@pulumi/pulumi";
import { expect } from "chai";
import { environmentOf, kinds, make, named, refused, workload } from "../../support/locust-deployment";

describe("LocustDeployment", function () {
  // The first test loads the SDKs.
  this.timeout(30_000);

  describe("scripts", () => {
    let folder: string;
    before(() => {
      folder = mkdtempSync(join(tmpdir(), "loadtest-scripts-"));
      writeFileSync(join(folder, "load.py"), "# täglich\n");
      writeFileSync(join(folder, "users.csv"), "name\nann\n");
      writeFileSync(join(folder, "photo.jpg"), Buffer.from([0xff, 0xd8, 0x00]));
      writeFileSync(join(folder, ".env"), "SECRET=1\n");
      mkdirSync(join(folder, "__pycache__"));
    });
    after(() => rmSync(folder, { recursive: true, force: true }));

    it("are in a ConfigMap that is named after what is in it, with their data beside them", async () => {
      const { engine } = await make({ scriptsFolder: folder, script: "load.py" });
      const { data, binaryData, metadata, immutable } = named(engine, kinds.configMap, "test-scripts").inputs;
      expect(data).to.deep.equal({ "load.py": "# täglich\n", "users.csv": "name\nann\n" });
      expect(binaryData).to.deep.equal({ "photo.jpg": "/9gA" });
      expect(metadata.name).to.match(/^test-scripts-[0-9a-f]{8}$/);
      expect(immutable).to.equal(true);
    });

    it("leave out what is empty, which would look like a change after a refresh", async () => {
      const { engine } = await make();
      for (const { inputs } of engine.registered.filter(({ type }) => type === kinds.configMap)) {
        expect(inputs).to.have.property("data");
        expect(inputs).to.not.have.property("binaryData");
      }
    });

    it("are mounted beside the plugin, read-only", async () => {
      const { engine } = await make();
      const plugin = named(engine, kinds.configMap, "test-plugin").inputs;
      expect(Object.keys(plugin.data)).to.include.members(["__init__.py", "__main__.py", "guard.py", "metrics.json"]);
      expect(plugin.metadata.name).to.match(/^test-plugin-[0-9a-f]{8}$/);
      for (const role of ["control", "worker"]) {
        const { pod, container } = workload(engine, role);
        for (const [part, folder] of [
          ["plugin", "plugin/loadtest"],
          ["scripts", "scripts"],
        ]) {
          const volume = pod.volumes.find(({ configMap }) => configMap?.name.startsWith(`test-${part}-`));
          const mount = container.volumeMounts.find(({ name }) => name === volume?.name);
          expect(mount).to.include({ mountPath: `/loadtest/${folder}`, readOnly: true });
        }
      }
    });

    it("may have helpers in folders, which the pods see at their paths", async () => {
      for (const file of ["lib/__init__.py", "lib/deep/data.bin", "lib/.secret", "lib/__pycache__/x.pyc"]) {
        mkdirSync(dirname(join(folder, file)), { recursive: true });
        writeFileSync(join(folder, file), file.endsWith(".bin") ? Buffer.from([0xff]) : "");
      }
      const { engine } = await make({ scriptsFolder: folder, script: "load.py" });
      const { data, binaryData } = named(engine, kinds.configMap, "test-scripts").inputs;
      expect(Object.keys(data)).to.deep.equal(["lib..__init__.py", "load.py", "users.csv"]);
      expect(Object.keys(binaryData)).to.deep.equal(["lib..deep..data.bin", "photo.jpg"]);
      for (const role of ["control", "worker"]) {
        const volumes = workload(engine, role).pod.volumes.map(({ name, configMap }) => [name, configMap?.items]);
        expect(Object.fromEntries(volumes).scripts).to.deep.equal([
          { key: "lib..__init__.py", path: "lib/__init__.py" },
          { key: "load.py", path: "load.py" },
          { key: "users.csv", path: "users.csv" },
          { key: "lib..deep..data.bin", path: "lib/deep/data.bin" },
          { key: "photo.jpg", path: "photo.jpg" },
        ]);
        expect(Object.fromEntries(volumes).plugin).to.equal(undefined);
      }
      writeFileSync(join(folder, "lib", "all users.csv"), "");
      expect(await refused({ scriptsFolder: folder, script: "load.py" })).to.include('unlike "lib/all users.csv"');
      rmSync(join(folder, "lib"), { recursive: true });
    });

    it("are refused where Locust's own image lacks their packages, and not with another one", async () => {
      writeFileSync(join(folder, "calls.py"), "import os\nimport grpc\n");
      const args = { scriptsFolder: folder, script: "calls.py" };
      expect(await refused(args)).to.include(
        'script is "calls.py": must be one whose packages Locust\'s own image has, which lacks grpc (calls.py, line 2): ' +
          'put it into locust/requirements.txt and set scriptDelivery "image", or give LocustDeployment an image',
      );
      await make({ ...args, image: "mine:1" });
      await make({ ...args, environment: { PYTHONPATH: "/somewhere" } });
      rmSync(join(folder, "calls.py"));
    });

    it("stay in the image with scriptDelivery image, and the plugin comes by a ConfigMap", async () => {
      const { engine } = await make({
        scriptDelivery: "image",
        image: "mine:1",
        scriptsFolder: "nowhere",
        script: "my.py",
      });
      const configMaps = engine.registered.filter(({ type }) => type === kinds.configMap);
      expect(configMaps.map(({ name }) => name)).to.deep.equal(["test-plugin"]);
      const worker = workload(engine, "worker");
      expect(worker.pod.volumes.map(({ name }) => name)).to.have.members(["plugin", "home", "tmp"]);
      expect(worker.container.volumeMounts.map(({ name }) => name)).to.have.members(["plugin", "home", "tmp"]);
      expect(environmentOf(worker).LOADTEST_SCRIPT).to.equal('{"script":"my.py","arguments":{}}');
    });

    it("fit up to 1 MiB, and are pointed to the image above it", async () => {
      const used = readdirSync(folder).filter((name) => name.includes(".") && !name.startsWith("."));
      const room = 1024 * 1024 - used.reduce((sum, name) => sum + statSync(join(folder, name)).size, 0);
      writeFileSync(join(folder, "large.txt"), "x".repeat(room));
      await make({ scriptsFolder: folder, script: "load.py" });
      writeFileSync(join(folder, "large.txt"), "x".repeat(room + 1));
      const message = await refused({ scriptsFolder: folder, script: "load.py" });
      expect(message).to.include("scriptsFolder").and.include("1048577").and.include('scriptDelivery "image"');
      rmSync(join(folder, "large.txt"));
    });

    it("have names that a ConfigMap can have", async () => {
      writeFileSync(join(folder, "all users.csv"), "");
      expect(await refused({ scriptsFolder: folder, script: "load.py" })).to.include('unlike "all users.csv"');
      rmSync(join(folder, "all users.csv"));
    });
  });

  describe("wrong arguments", () => {
    it("are all named at once", async () => {
      const wrong = {
        ...{ namespace: "Load!", workerReplicas: -1, workerCpu: 99, controlMemory: 1.5, runTime: "soon", users: 0 },
        ...{
          targetHost: "ftp://shop.test",
          spawnRate: 0,
          scriptDelivery: "ftp" as "image",
          imagePullPolicy: "Sometimes",
        },
        ...{ image: "two words", createNamespace: "no" as unknown as boolean, token: "short", script: "../up.py" },
        ...{ environment: { LOCUST_HOST: "x" }, secretEnvironment: { "1A": pulumi.output("hidden-value") } },
      };
      const message = await refused(wrong);
      expect(message).to.include("LocustDeployment test");
      for (const key of Object.keys(wrong)) expect(message, key).to.match(new RegExp(`^ {2}${key}\\S* is `, "m"));
      expect(message).to.not.include("hidden-value").and.not.include('"short"');
    });

    for (const [what, args, expected] of [
      ["a folder that is not there", { scriptsFolder: "nowhere" }, "a folder that exists"],
      ["a script that is not there", { script: "script9.py" }, "one of script1.py"],
      ["an image with no scripts in it", { scriptDelivery: "image" }, "image is missing"],
      ["one variable twice", { environment: { A: "1" }, secretEnvironment: { A: "2" } }, "not given in both"],
    ] as const) {
      it(`are ${what}`, async () => expect(await refused(args)).to.include(expected));
    }

    it("are a name that no object could have", async () => {
      expect(await refused({}, "My Test")).to.include('name is "My Test"');
    });
  });
});
