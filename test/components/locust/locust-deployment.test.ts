import * as pulumi from "@pulumi/pulumi";
import { expect } from "chai";
import type { LocustDeploymentArgs } from "../../../components/locust/locust-deployment";
import {
  environmentOf,
  kinds,
  make,
  named,
  option,
  revealed,
  workload,
  workloads,
} from "../../support/locust-deployment";
import { isKnown, known } from "../../support/mock-engine";

describe("LocustDeployment", function () {
  // The first test loads the SDKs.
  this.timeout(30_000);

  it("makes what its documentation says, as its children", async () => {
    const { engine } = await make({ secretEnvironment: { KEY: "value" } });
    const made = engine.registered.filter(({ custom }) => custom).map(({ type, name }) => `${type} ${name}`);
    expect(made).to.have.members([
      ...[`${kinds.namespace} test-namespace`, `${kinds.password} test-token`],
      ...[`${kinds.configMap} test-plugin`, `${kinds.configMap} test-scripts`],
      ...[`${kinds.secret} test-token`, `${kinds.secret} test-environment`],
      ...[`${kinds.deployment} test-control`, `${kinds.deployment} test-worker`, `${kinds.service} test-control`],
      ...[`${kinds.budget} test-control`, `${kinds.budget} test-worker`],
    ]);
    const urns = [...engine.states.keys()].filter((urn) => !urn.includes("pulumi:pulumi:Stack"));
    for (const urn of urns) expect(urn).to.include("serverless-load-testing:index:LocustDeployment");
  });

  it("tells where everything is, and the token as a secret", async () => {
    const { locust } = await make({ namespace: "load", script: "script2.py" });
    expect(await known(locust.namespaceName)).to.equal("load");
    expect(await known(locust.controlDeployment)).to.equal("locust-control");
    expect(await known(locust.workerDeployment)).to.equal("locust-worker");
    expect(await known(locust.serviceName)).to.equal("locust-control");
    expect(await known(locust.webPort)).to.equal(8089);
    expect(await known(locust.tokenSecretName)).to.match(/^test-token-[0-9a-f]{8}$/);
    expect(await known(locust.script)).to.equal("script2.py");
    expect(await known(locust.token)).to.equal("random-token");
    expect(await pulumi.isSecret(locust.token)).to.equal(true);
  });

  it("registers those outputs", async () => {
    const { engine, locust } = await make();
    const outputs = engine.states.get(await known(locust.urn)) ?? {};
    expect(Object.keys(outputs)).to.have.members([
      ...["namespaceName", "controlDeployment", "workerDeployment", "serviceName", "webPort"],
      ...["tokenSecretName", "token", "script", "warnings", "loadtest"],
    ]);
  });

  it("shows all in a preview", async () => {
    const { engine, locust } = await make({ token: pulumi.secret("a-token-of-mine") }, true);
    expect(engine.registered.filter(({ custom }) => custom)).to.have.length(9);
    for (const known of [locust.controlDeployment, locust.script, locust.webPort, locust.namespaceName, locust.token]) {
      expect(await isKnown(known)).to.equal(true);
    }
    const { deployment, container } = workload(engine, "worker");
    expect(deployment.metadata).to.include({ name: "locust-worker", namespace: "locust" });
    expect(container.image).to.equal("docker.io/locustio/locust:2.47.0");
  });

  describe("namespace", () => {
    it("is made with Pod Security level restricted", async () => {
      const { engine } = await make({ namespace: "load" });
      const { metadata } = named(engine, kinds.namespace, "test-namespace").inputs;
      expect(metadata.name).to.equal("load");
      for (const mode of ["enforce", "warn", "audit"]) {
        expect(metadata.labels[`pod-security.kubernetes.io/${mode}`]).to.equal("restricted");
      }
    });

    it("holds everything", async () => {
      const { engine } = await make({ namespace: "load", secretEnvironment: { KEY: "value" } });
      const objects = engine.registered.filter(
        ({ type }) => type.startsWith("kubernetes:") && type !== kinds.namespace,
      );
      expect(objects).to.have.length(9);
      for (const { inputs } of objects) expect(inputs.metadata.namespace).to.equal("load");
    });

    it("is left alone with createNamespace false", async () => {
      const { engine, locust } = await make({ namespace: "load", createNamespace: false });
      expect(engine.registered.map(({ type }) => type)).to.not.include(kinds.namespace);
      expect(await known(locust.namespaceName)).to.equal("load");
    });
  });

  describe("workloads", () => {
    it("have one master that is never beside another, and as many workers as asked for", async () => {
      const { control, worker } = await workloads({ workerReplicas: 7 });
      expect(control.deployment.spec).to.deep.include({ replicas: 1, strategy: { type: "Recreate" } });
      expect(worker.deployment.spec).to.deep.include({ replicas: 7, strategy: { type: "Recreate" } });
      expect((await workloads()).worker.deployment.spec.replicas).to.equal(2);
      expect((await workloads({ workerReplicas: 0 })).worker.deployment.spec.replicas).to.equal(0);
    });

    it("are replaced with their pods, as the provider waits for new Deployments only; their number changes in place", async () => {
      const options = new Map<string, pulumi.CustomResourceOptions>();
      const look: pulumi.ResourceTransformation = ({ type, name, opts }) => {
        if (type === kinds.deployment) options.set(name, opts);
        return undefined;
      };
      await make({}, false, { transformations: [look] });
      expect([...options.keys()]).to.have.members(["test-control", "test-worker"]);
      for (const { replaceOnChanges, deleteBeforeReplace, customTimeouts } of options.values()) {
        expect(replaceOnChanges).to.deep.equal(["spec.template"]);
        expect(deleteBeforeReplace, "the name is taken").to.equal(true);
        expect(customTimeouts?.create, "behind the Deployment's own deadline").to.equal("360s");
      }
    });

    it("have new workers with a new master, and not the other way round", async () => {
      const template = async (args: LocustDeploymentArgs, role: string) =>
        workload((await make(args)).engine, role).deployment.spec.template;
      const before = { control: await template({}, "control"), worker: await template({}, "worker") };
      expect(await template({}, "worker")).to.deep.equal(before.worker);
      expect(await template({ controlMemory: 512 }, "worker")).to.not.deep.equal(before.worker);
      expect(await template({ workerMemory: 1792 }, "control")).to.deep.equal(before.control);
      expect(await template({ workerReplicas: 7 }, "worker")).to.deep.equal(before.worker);
    });

    it("take back the number of workers from whoever scaled them, and the script of both from whoever changed it", async () => {
      for (const { deployment } of Object.values(await workloads())) {
        const { "serverless-load-testing/test": test, ...others } = deployment.metadata.annotations;
        expect(others).to.deep.equal({ "pulumi.com/patchForce": "true" });
        expect(JSON.parse(test)).to.include({ script: "script1.py" }).and.to.not.have.property("before");
      }
    });

    it("are evicted by one worker at a time, and the master not at all unless it is broken", async () => {
      const { engine } = await make();
      for (const [role, maxUnavailable] of Object.entries({ control: 0, worker: 1 })) {
        const { spec } = named(engine, kinds.budget, `test-${role}`).inputs;
        expect(spec).to.deep.equal({
          maxUnavailable,
          unhealthyPodEvictionPolicy: "AlwaysAllow",
          selector: workload(engine, role).deployment.spec.selector,
        });
      }
    });

    it("are found by a Service inside the cluster", async () => {
      const { engine } = await make();
      const { metadata, spec } = engine.one(kinds.service).inputs;
      expect(metadata.name).to.equal("locust-control");
      expect(spec.type).to.equal("ClusterIP");
      const control = workload(engine, "control");
      expect(spec.selector).to.deep.equal(control.deployment.spec.selector.matchLabels);
      expect(spec.ports.map(({ port }: { port: number }) => port)).to.deep.equal([8089, 5557]);
      for (const { port, targetPort } of spec.ports) {
        const found = control.container.ports.find(({ name }) => name === targetPort);
        expect(found?.containerPort).to.equal(port);
      }
      expect(option(workload(engine, "worker"), "--master-host")).to.equal("locust-control");
    });
  });

  describe("secrets", () => {
    it("reach the pods by name, which changes with their content and tells nothing of it", async () => {
      const secretEnvironment = pulumi.output({ API_KEY: pulumi.secret("12345") });
      const nameWith = async (args: Parameters<typeof make>[0]) =>
        named((await make(args)).engine, kinds.secret, "test-environment").inputs.metadata.name;
      const name = await nameWith({ secretEnvironment });
      expect(await nameWith({ secretEnvironment })).to.equal(name);
      expect(await nameWith({ secretEnvironment: { API_KEY: "12346" } })).to.not.equal(name);
      expect(await nameWith({ secretEnvironment, token: "another-token" }), "with a key of the token's").to.not.equal(
        name,
      );
      const { engine } = await make({ secretEnvironment });
      const { metadata, stringData, immutable } = named(engine, kinds.secret, "test-environment").inputs;
      expect(revealed(stringData)).to.deep.equal({ API_KEY: "12345" });
      expect(metadata.name)
        .to.equal(name)
        .and.match(/^test-environment-[0-9a-f]{8}$/);
      expect(immutable).to.equal(true);
      for (const role of ["control", "worker"]) {
        const { container } = workload(engine, role);
        expect(container.envFrom).to.deep.equal([{ secretRef: { name } }]);
      }
    });

    it("of the scripts are no object when there are none", async () => {
      const { engine } = await make();
      expect(engine.registered.filter(({ type }) => type === kinds.secret).map(({ name }) => name)).to.deep.equal([
        "test-token",
      ]);
      expect(workload(engine, "worker").container).to.not.have.property("envFrom");
    });

    it("hold the token, for the master only", async () => {
      const { engine } = await make();
      const { metadata, stringData } = named(engine, kinds.secret, "test-token").inputs;
      expect(revealed(stringData)).to.deep.equal({ token: "random-token" });
      expect(metadata.name).to.match(/^test-token-[0-9a-f]{8}$/);
      expect(environmentOf(workload(engine, "control")).LOADTEST_TOKEN).to.deep.equal({
        secretKeyRef: { name: metadata.name, key: "token" },
      });
      expect(environmentOf(workload(engine, "worker"))).to.not.have.property("LOADTEST_TOKEN");
    });

    it("hold a token of one's own, also in the outputs", async () => {
      for (const token of ["a-token-of-mine", pulumi.output("a-token-of-mine")]) {
        const { engine, locust } = await make({ token });
        expect(engine.registered.map(({ type }) => type)).to.not.include(kinds.password);
        const { stringData } = named(engine, kinds.secret, "test-token").inputs;
        expect(revealed(stringData)).to.deep.equal({ token: "a-token-of-mine" });
        expect(await pulumi.isSecret(locust.token)).to.equal(true);
        expect(JSON.stringify(workload(engine, "control"))).to.not.include("a-token-of-mine");
      }
    });
  });
});
