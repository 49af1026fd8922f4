import { expect } from "chai";
import type { LocustDeploymentArgs } from "../../components/locust/locust-deployment";
import { LocustClient } from "../../runner/engine/client";
import type { LocustStatus } from "../../runner/types";
import { deleteNamespace, isReady, kubectl, podsOf, until, withPort } from "../support/cluster";
import { LocustProgram } from "../support/locust-program";
import { inSteps, needs } from "../support/needs";

const namespace = `lt-locust-${process.pid}`;

const script = `
import os

from locust import HttpUser, constant, task

class Visitor(HttpUser):
    wait_time = constant(0.05)

    @task
    def front(self) -> None:
        self.client.get("/?" + os.environ["WORD"], name="/")
`;

const dollars = "$(HOME) $$ $x";

describe("LocustDeployment, on the real engine and a real cluster", function () {
  this.timeout(120_000);
  inSteps();
  let project: LocustProgram;
  let token: string;

  needs("pulumi", "cluster");
  before(() => {
    project = new LocustProgram(namespace);
    project.writeFile("visit.py", script);
  });
  after(function () {
    this.timeout(120_000);
    if (project === undefined) return;
    project.run("destroy", "--yes", "--skip-preview");
    project.remove();
    deleteNamespace(namespace);
  });

  /** What Pulumi did, by kind: `{ updated: 1, unchanged: 12 }`. */
  function up(args: LocustDeploymentArgs, ...options: string[]): Record<string, number> {
    project.writeConfig({ environment: { DOLLARS: dollars }, secretEnvironment: { WORD: "open-sesame" }, ...args });
    return project.upCounts(...options);
  }

  function master<T>(work: (client: LocustClient) => Promise<T>): Promise<T> {
    return withPort(namespace, "locust-control", 8089, (url) => work(new LocustClient({ url, token }, 10_000)));
  }

  const working = ({ workers }: LocustStatus) =>
    workers.filter(({ state, leaving }) => state !== "missing" && leaving !== true);

  function names(part: "control" | "worker"): string[] {
    return podsOf(namespace, part).map(({ metadata }) => metadata.name);
  }

  it("previews every object, and makes nothing", () => {
    project.writeConfig({ secretEnvironment: { WORD: "open-sesame" } });
    expect(project.mustRun("preview")).to.match(/\+ 1[34] to create/);
    expect(() => kubectl(namespace, ["get", "namespace", namespace])).to.throw("NotFound");
  });

  it("makes a load test whose workers are connected when it is done", async () => {
    const start = performance.now();
    up({});
    console.log(`      up: ${Math.round((performance.now() - start) / 1000)} s`);
    const outputs = JSON.parse(project.mustRun("stack", "output", "--json", "--show-secrets"));
    token = outputs.token;
    expect(
      kubectl(namespace, ["get", "secret", outputs.tokenSecretName, "--output", "jsonpath={.data.token}"]),
    ).to.equal(Buffer.from(token).toString("base64"));
    expect(kubectl(namespace, ["get", "namespace", namespace, "--output", "jsonpath={.metadata.labels}"])).to.include(
      '"pod-security.kubernetes.io/enforce":"restricted"',
    );
    for (const part of ["control", "worker"] as const) {
      const pods = podsOf(namespace, part);
      expect(pods.filter(isReady)).to.have.length(part === "control" ? 1 : 2);
    }
    // The connection that a worker's probe sees is a moment ahead of the master's answer.
    await master((client) => until("two workers", async () => working(await client.status()).length === 2, 5));
  });

  it("keeps the token out of what everybody may read, and others out of the web UI", () => {
    expect(project.mustRun("stack", "export")).to.not.include(token);
    expect(kubectl(namespace, ["get", "deployments,configmaps", "--output", "yaml"])).to.not.include(token);
    const webUi = `/api/v1/namespaces/${namespace}/services/locust-control:8089/proxy/worker-count`;
    expect(() => kubectl(namespace, ["get", "--raw", webUi])).to.throw(/forbidden|dashboard's/i);
  });

  it("hands variables on letter by letter", () => {
    expect(kubectl(namespace, ["exec", "deploy/locust-worker", "--", "printenv", "DOLLARS"])).to.equal(dollars);
  });

  it("changes nothing the second time, nor after a refresh", () => {
    expect(Object.keys(up({}))).to.deep.equal(["unchanged"]);
    expect(Object.keys(up({}, "--refresh"))).to.deep.equal(["unchanged"]);
  });

  it("counts what the target counts, also when a worker is taken away in the middle", async () => {
    const host = await startTarget(namespace);
    const [first] = names("worker");
    const status = await master(async (client) => {
      await client.swarm({ users: 10, spawnRate: 10, host });
      await until("load", async () => (await client.status()).requests > 20);
      kubectl(namespace, ["delete", "pod", String(first), "--wait=false"]);
      await until("a new worker", async () => {
        const workers = working(await client.status());
        return workers.length === 2 && workers.every(({ name, users }) => name !== first && users > 0);
      });
      await client.stop(20_000);
      await until("the last reports", async () => (await client.status()).drained);
      return client.status();
    });
    const served = kubectl(namespace, ["logs", "target"]).match(/GET \/\?open-sesame HTTP\/1\.1" 200/g) ?? [];
    expect(served).to.have.length.above(20);
    expect(status.requests).to.equal(served.length);
    expect(status.failures).to.equal(0);
  });

  it("changes one object, and no pod that stays, with workerReplicas", async () => {
    const before = names("worker");
    expect(up({ workerReplicas: 4 }))
      .to.include({ updated: 1 })
      .and.not.have.any.keys("replaced", "created", "deleted");
    expect(names("worker")).to.have.length(4).and.include.members(before);
    await master((client) => until("four workers", async () => working(await client.status()).length === 4, 5));
  });

  it("goes on after kubectl scale, and has the last word", () => {
    kubectl(namespace, ["scale", "deployment/locust-worker", "--replicas=1"]);
    expect(up({ workerReplicas: 4 }), "a program that has not changed").to.not.have.property("updated");
    expect(up({ workerReplicas: 2 })).to.include({ updated: 1 });
    expect(names("worker")).to.have.length(2);
  });

  it("gets its workers back after the master's pod is deleted", async () => {
    const start = performance.now();
    kubectl(namespace, ["delete", ...names("control").map((name) => `pod/${name}`), "--wait=false"]);
    await until("a new master", () => podsOf(namespace, "control").some(isReady));
    await master((client) => until("two workers", async () => working(await client.status()).length === 2));
    console.log(`      master back with its workers: ${Math.round((performance.now() - start) / 1000)} s`);
  });

  it("ends a worker at once that has not found its master", async () => {
    const deployment = kubectl(namespace, ["get", "deployment", "locust-worker", "--output", "json"]);
    const { spec } = JSON.parse(deployment.replaceAll('"locust-control"', '"no-such-master"')).spec.template;
    const pod = { apiVersion: "v1", kind: "Pod", metadata: { name: "lonely" }, spec };
    kubectl(namespace, ["create", "--filename", "-"], JSON.stringify(pod));
    await until("a start", () => /Starting Locust/.test(kubectl(namespace, ["logs", "lonely", "--ignore-errors"])));
    const start = performance.now();
    kubectl(namespace, ["delete", "pod", "lonely"]);
    expect(performance.now() - start).to.be.below(10_000);
  });

  it("keeps only the master with no workers", async () => {
    expect(up({ workerReplicas: 0 })).to.include({ updated: 1 });
    await master((client) => until("no worker", async () => working(await client.status()).length === 0));
    expect(names("worker")).to.deep.equal([]);
  });

  it("leaves nothing behind", () => {
    project.mustRun("destroy", "--yes", "--skip-preview");
    expect(() => kubectl(namespace, ["get", "namespace", namespace])).to.throw("NotFound");
  });
});

/** A web server beside Locust; gives its address. Its log has a line a request. */
async function startTarget(namespace: string): Promise<string> {
  const pod = {
    ...{ apiVersion: "v1", kind: "Pod", metadata: { name: "target" } },
    spec: {
      terminationGracePeriodSeconds: 0,
      securityContext: { runAsNonRoot: true, runAsUser: 1000, seccompProfile: { type: "RuntimeDefault" } },
      containers: [
        {
          ...{ name: "target", image: "docker.io/locustio/locust:2.47.0", imagePullPolicy: "IfNotPresent" },
          command: ["python", "-u", "-m", "http.server", "8000", "--directory", "/home/locust"],
          readinessProbe: { tcpSocket: { port: 8000 }, periodSeconds: 1 },
          securityContext: { allowPrivilegeEscalation: false, capabilities: { drop: ["ALL"] } },
        },
      ],
    },
  };
  kubectl(namespace, ["create", "--filename", "-"], JSON.stringify(pod));
  kubectl(namespace, ["wait", "--for=condition=Ready", "pod/target", "--timeout=30s"]);
  return `http://${kubectl(namespace, ["get", "pod", "target", "--output", "jsonpath={.status.podIP}"])}:8000`;
}
