import { readFileSync } from "node:fs";
import { join } from "node:path";
import * as pulumi from "@pulumi/pulumi";
import { expect } from "chai";
import { stopTimeoutSeconds } from "../../../settings/locust";
import { root } from "../../support/cli";
import { environmentOf, option, workloads } from "../../support/locust-deployment";

describe("LocustDeployment", function () {
  // The first test loads the SDKs.
  this.timeout(30_000);

  describe("pods", () => {
    it("pass Pod Security level restricted, with nothing writable but home and /tmp", async () => {
      for (const { pod, container } of Object.values(await workloads())) {
        expect(pod.securityContext).to.deep.equal({
          runAsNonRoot: true,
          runAsUser: 1000,
          runAsGroup: 1000,
          seccompProfile: { type: "RuntimeDefault" },
        });
        expect(container.securityContext).to.deep.equal({
          allowPrivilegeEscalation: false,
          capabilities: { drop: ["ALL"] },
          readOnlyRootFilesystem: true,
          runAsNonRoot: true,
        });
        const writable = container.volumeMounts.filter(({ readOnly }) => !readOnly).map(({ mountPath }) => mountPath);
        expect(writable).to.have.members(["/home/locust", "/tmp"]);
        expect(pod.volumes.filter(({ emptyDir }) => emptyDir).map(({ name }) => name)).to.have.members(["home", "tmp"]);
        expect(environmentOf({ pod, container, deployment: {} })).to.include({
          HOME: "/home/locust",
          TMPDIR: "/tmp",
          PYTHONDONTWRITEBYTECODE: "1",
        });
      }
    });

    it("get neither an API token nor variables of other services", async () => {
      for (const { pod } of Object.values(await workloads())) {
        expect(pod.automountServiceAccountToken).to.equal(false);
        expect(pod.enableServiceLinks).to.equal(false);
      }
    });

    it("have time to let users end their task and to report", async () => {
      for (const { pod } of Object.values(await workloads())) {
        expect(pod.terminationGracePeriodSeconds)
          .to.be.above(stopTimeoutSeconds + 5)
          .and.below(60);
      }
    });

    it("request what they may use, in the API server's own form", async () => {
      const { control, worker } = await workloads({
        ...{ controlCpu: 0.5, controlMemory: 1024, workerCpu: 2, workerMemory: 1792 },
      });
      for (const { container } of [control, worker]) {
        expect(container.resources.requests).to.deep.equal(container.resources.limits);
      }
      expect(control.container.resources.limits).to.include({ cpu: "500m", memory: "1Gi" });
      expect(worker.container.resources.limits).to.include({ cpu: "2", memory: "1792Mi" });
      const { limits } = (await workloads({ workerCpu: 0.07 })).worker.container.resources;
      expect(limits).to.include({ cpu: "70m" });
    });

    it("run the image and the pull policy that are asked for", async () => {
      for (const { container } of Object.values(await workloads())) {
        expect(container).to.include({ image: "docker.io/locustio/locust:2.47.0", imagePullPolicy: "IfNotPresent" });
      }
      const own = { image: pulumi.output("registry.test/locust@sha256:1"), imagePullPolicy: "Always" };
      for (const { container } of Object.values(await workloads(own))) {
        expect(container).to.include({ image: "registry.test/locust@sha256:1", imagePullPolicy: "Always" });
      }
    });

    it("trace to a collector with the image that can, unless they are given one", async () => {
      const otelEndpoint = "http://collector.otel:4318";
      for (const { container } of Object.values(await workloads({ otelEndpoint }))) {
        expect(container.image).to.equal("docker.io/locustio/locust-otel:2.47.0");
        expect(container.args).to.include("--otel");
        expect(container.env).to.deep.include({ name: "OTEL_EXPORTER_OTLP_ENDPOINT", value: otelEndpoint });
      }
      for (const { container } of Object.values(await workloads({ otelEndpoint, image: "own:1" }))) {
        expect(container.image).to.equal("own:1");
      }
    });

    it("say in their status what they have last said in their log, where they fail", async () => {
      for (const { container } of Object.values(await workloads())) {
        expect(container.terminationMessagePolicy).to.equal("FallbackToLogsOnError");
      }
    });

    it("carry the labels by which they are found", async () => {
      for (const [role, { deployment }] of Object.entries(await workloads())) {
        const { matchLabels } = deployment.spec.selector;
        expect(matchLabels).to.deep.equal({
          "app.kubernetes.io/name": "locust",
          "app.kubernetes.io/component": role,
        });
        expect(deployment.spec.template.metadata.labels).to.include(matchLabels);
        expect(deployment.metadata.labels).to.include({ "app.kubernetes.io/managed-by": "pulumi", ...matchLabels });
      }
    });

    it("are probed: the master under a name that the guard knows, a worker until it says that it is ready", async () => {
      const { control, worker } = await workloads();
      for (const probe of ["startupProbe", "readinessProbe", "livenessProbe"] as const) {
        expect(control.container[probe].httpGet).to.deep.equal({
          path: "/worker-count",
          port: "web",
          httpHeaders: [{ name: "Host", value: "localhost" }],
        });
      }
      const [, , name, file] = worker.container.startupProbe.exec.command;
      expect(file).to.equal("/proc/1/comm");
      expect(readFileSync(join(root, "locust", "plugin", "loadtest", "worker.py"), "utf8")).to.include(`"${name}"`);
      expect(worker.container).to.not.have.any.keys("readinessProbe", "livenessProbe");
    });
  });

  describe("Locust", () => {
    it("is started as on one's own machine, by what is beside the plugin", async () => {
      for (const { container } of Object.values(await workloads())) {
        expect(container.command).to.deep.equal(["python", "-P", "/loadtest/plugin/loadtest/__main__.py"]);
      }
    });

    it("loads the plugin and the script, beside the script's data", async () => {
      const { control, worker } = await workloads({ script: "script2.py" });
      for (const pod of [control, worker]) {
        expect(environmentOf(pod).LOADTEST_SCRIPT).to.equal('{"script":"script2.py","arguments":{}}');
        expect(pod.container.workingDir).to.equal("/loadtest/scripts");
      }
    });

    it("gets the load", async () => {
      const { control } = await workloads({
        ...{ users: 321, spawnRate: 2.5, runTime: "7m", targetHost: "https://shop.test/" },
        ...{ autostart: true, workerReplicas: 6 },
      });
      expect(option(control, "--users")).to.equal("321");
      expect(option(control, "--spawn-rate")).to.equal("2.5");
      expect(option(control, "--run-time")).to.equal("7m");
      expect(option(control, "--host")).to.equal("https://shop.test");
      expect(option(control, "--expect-workers")).to.equal("6");
      expect(control.container.args).to.include("--autostart");
      expect((await workloads()).control.container.args).to.not.include.members(["--autostart", "--host"]);
    });

    it("gets the rate of iterations, and its Deployments say so", async () => {
      const { control } = await workloads({ arrivalRate: "5/s:1m 9/s:1m", arrivalSpacing: "poisson" });
      expect(option(control, "--arrival-rate")).to.equal("5/s:1m 9/s:1m");
      expect(option(control, "--arrival-spacing")).to.equal("poisson");
      const description = control.deployment.metadata.annotations["serverless-load-testing/test"];
      expect(JSON.parse(description)).to.include({ arrivalRate: "5/s:1m 9/s:1m", arrivalSpacing: "poisson" });
      expect((await workloads()).control.container.args).to.not.include("--arrival-rate");
    });

    it("gets the environment, letter by letter", async () => {
      const environment = { PLAIN: "a b", DOLLARS: "$(HOME) $$ $x", TMPDIR: "/home/locust" };
      for (const pod of Object.values(await workloads({ environment }))) {
        // Kubernetes makes one $ of two, and leaves no $(HOME) to replace.
        expect(environmentOf(pod)).to.include({ PLAIN: "a b", DOLLARS: "$$(HOME) $$$$ $$x", TMPDIR: "/home/locust" });
      }
    });
  });
});
