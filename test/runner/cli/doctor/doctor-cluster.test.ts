import { chmodSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "chai";
import type { DoctorOptions } from "../../../../runner/cli/doctor/doctor";
import { credentials, withEnvironment } from "../../../support/aws";
import { makeProject, type Project, removeProjects, temporaryFolder } from "../../../support/project";
import { FakeNamespace, names } from "../../places/kubernetes/fake-namespace";
import { waiting } from "../../places/kubernetes/pods";
import { output } from "../deployed-test/tests";
import { doctor } from "./look";

describe("loadtest doctor on a cluster", function () {
  this.timeout(20_000);
  let namespace: FakeNamespace;
  let options: DoctorOptions;

  let project: Project;
  let restore: () => void;

  before(async () => {
    project = makeProject();
    restore = withEnvironment({
      ...credentials,
      AWS_ENDPOINT_URL: "http://127.0.0.1:9",
      PATH: join(project.directory, "bin"),
    });
    namespace = await FakeNamespace.start();
    const kubeconfig = join(temporaryFolder(), "kubeconfig");
    writeFileSync(kubeconfig, namespace.api.kubeconfig);
    options = { kubeconfig, namespace: "load" };
  });

  after(async () => {
    restore();
    await namespace.close();
    removeProjects();
  });

  it("says whether the API server answers, and whether pods are ready", async () => {
    const found = await doctor(options, project.directory);
    expect([...found.keys()]).to.deep.equal(["Node", "API server", "pods"]);
    expect(found.get("API server")?.state).to.equal("ok");
    expect(found.get("pods")).to.deep.include({ state: "ok", text: "the master is ready; 2 of 2 workers are ready" });
  });

  it("finds it by the stack's outputs, as Pulumi gives them", async () => {
    const outputs = join(project.directory, "outputs.json");
    const { kubeconfig } = namespace.api;
    const loadtest = { ...output(), platform: "eks-fargate", namespace: "load" };
    writeFileSync(outputs, `${JSON.stringify({ loadtest, kubeconfig })}\n`);
    const pulumi = join(project.directory, "bin", "pulumi");
    mkdirSync(join(project.directory, "bin"));
    const script = `case "$1" in version) echo v3.259.0;; *) while read -r line; do echo "$line"; done < ${outputs};; esac`;
    writeFileSync(pulumi, `#!/bin/sh\n${script}\n`);
    chmodSync(pulumi, 0o755);
    const found = await doctor({}, project.directory);
    expect(found.get("Pulumi")).to.deep.include({ state: "ok", text: "v3.259.0" });
    expect(found.get("stack")?.text).to.match(/^dev is deployed: \S+\.py, \d+ workers$/);
    expect(found.get("API server")?.state).to.equal("ok");
    expect(found.get("pods")?.text).to.equal("the master is ready; 2 of 2 workers are ready");
  });

  it("says why pods are not ready", async () => {
    const pods = namespace.pods.get(names.worker) ?? [];
    const message = 'rpc error: failed to pull image "locust": not found';
    namespace.pods.set(names.worker, [
      ...pods.slice(1),
      waiting("ImagePullBackOff", message, { name: "locust-worker-1", owner: `set-${names.worker}` }),
    ]);
    const found = await doctor(options, project.directory);
    expect(found.get("pods")?.state).to.be.oneOf(["warning", "problem"]);
    expect(found.get("pods")?.text).to.match(/1 of 2 workers are ready: 1 without an image: locust-worker-1: /);
  });

  it("knows no pods of an API server that is away", async () => {
    namespace.away = true;
    const found = await doctor(options, project.directory);
    expect(found.get("API server")?.state).to.equal("problem");
    expect(found.get("pods")).to.deep.include({ state: "skipped", text: "the API server was not asked" });
  });
});
