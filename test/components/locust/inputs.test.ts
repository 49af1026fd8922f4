import { once } from "node:events";
import { type AddressInfo, createServer } from "node:net";
import * as pulumi from "@pulumi/pulumi";
import { expect } from "chai";
import type { LocustDeploymentArgs } from "../../../components/locust/locust-deployment";
import { connectionProblem } from "../../../components/locust/warnings";
import { kinds, make, named, option, refused, workload } from "../../support/locust-deployment";
import { isKnown, known, mockEngine } from "../../support/mock-engine";

/** What some arguments in JavaScript end with. */
const refusedAny = (args: unknown) => refused(args as LocustDeploymentArgs);

describe("LocustDeployment", function () {
  // The first test loads the SDKs.
  this.timeout(30_000);

  describe("arguments that are outputs", () => {
    it("are a target, an environment and a namespace", async () => {
      const { engine, locust } = await make({
        targetHost: pulumi.interpolate`http://${pulumi.output("lb.test")}/`,
        environment: { REGION: pulumi.output("us-east-2"), WORD: "a" },
        namespace: pulumi.output("shop"),
      });
      for (const role of ["control", "worker"]) {
        expect(option(workload(engine, role), "--host")).to.equal("http://lb.test");
        expect(workload(engine, role).container.env).to.deep.include({ name: "REGION", value: "us-east-2" });
        expect(workload(engine, role).deployment.metadata.namespace).to.equal("shop");
      }
      expect(named(engine, kinds.namespace, "test-namespace").inputs.metadata.name).to.equal("shop");
      expect(await known(locust.namespaceName)).to.equal("shop");
      const { namespace, load } = await known(pulumi.output(locust.loadtest));
      expect([namespace, load.targetHost]).to.deep.equal(["shop", "http://lb.test"]);
    });

    it("leave a preview with all else that it knows", async () => {
      const later = pulumi.output(pulumi.unknown as unknown as string);
      const { engine, locust } = await make({ targetHost: later }, true);
      expect(await isKnown(locust.loadtest.load.targetHost as pulumi.Output<string>)).to.equal(false);
      expect(await isKnown(locust.loadtest.script)).to.equal(true);
      expect(workload(engine, "worker").container.image).to.include("locustio/locust");
    });

    it("are told where only a plain value can be", async () => {
      expect(await refusedAny({ users: pulumi.output(5) })).to.include(
        "users is an Output: must be an integer above 0, known when the program runs",
      );
      expect(await refusedAny({ scriptArguments: { a: pulumi.output("x") } })).to.include('{"a":"an Output"}');
    });
  });

  describe("arguments from JavaScript", () => {
    const wrong: readonly [unknown, string][] = [
      [{ workers: 3 }, "workers is not an argument (did you mean workerReplicas?)"],
      [{ metricsLogSeconds: 0 }, "metricsLogSeconds is 0: must be a number of seconds from 1 to 86400"],
      [{ targethost: "http://a.test" }, "targethost is not an argument (did you mean targetHost?)"],
      [{ namespace: 5 }, "namespace is 5: must be a name of at most 63"],
      [{ users: "20" }, 'users is "20": must be an integer above 0'],
      [{ httpClient: "quick" }, 'httpClient is "quick": must be "auto", "requests" or "fast"'],
      [{ environment: { LOADTEST_HTTP_CLIENT: "fast" } }, "must be named without LOADTEST_ at the front"],
      [{ targetHost: null }, "targetHost is null: must be an http or https URL"],
      [null, "args is null: must be an object of arguments"],
      [{ secretEnvironment: "hunter2" }, "secretEnvironment is"],
      [{ volumes: [{ name: "tmp", emptyDir: {} }] }, "volumes is"],
      [
        { cluster: { kubeconfig: "{}", clusterName: "a" }, workerResources: {} },
        "workerResources is {}: must be left out on Fargate",
      ],
      [
        { namespace: "shop", cluster: { kubeconfig: "{}", clusterName: "mine", namespaces: ["default", "locust"] } },
        'namespace is "shop": must be one of those whose pods run on Fargate, the cluster\'s namespaces: default, locust',
      ],
      [{ image: "a", imageMirror: "b" }, 'imageMirror is "b": must be left out with image'],
      [
        { targetHost: "http://b.test", allowedHosts: ["a.test"] },
        'targetHost is "http://b.test": must be on one of allowedHosts: a.test',
      ],
      [{ tolerations: [{ key: "load", efect: "NoSchedule" }] }, "tolerations[0] is "],
      [
        { tolerations: [{ operator: "Sometimes" }] },
        'tolerations[0].operator is "Sometimes": must be as in Kubernetes',
      ],
    ];
    for (const [args, message] of wrong) {
      it(`are refused: ${JSON.stringify(args)}`, async () => {
        expect(await refusedAny(args))
          .to.include(message)
          .and.not.include("hunter2");
      });
    }
  });

  it("refuses a second one in a namespace", async () => {
    await mockEngine(() => ({}), true);
    const { LocustDeployment } = await import("../../../components/locust/locust-deployment.js");
    new LocustDeployment("one", { namespace: "shop" });
    new LocustDeployment("other", { namespace: "shop-2" });
    expect(() => new LocustDeployment("two", { namespace: "shop" })).to.throw(
      'namespace is "shop": must be a namespace of its own: LocustDeployment one is in this one',
    );
    await pulumi.runtime.disconnect();
  });

  it("gives its pods what Kubernetes has beside", async () => {
    const { engine } = await make({
      serviceAccountRoleArn: pulumi.output("arn:aws:iam::123456789012:role/shop"),
      nodeSelector: { pool: "load" },
      tolerations: [{ key: "load", operator: "Exists" }],
      imagePullSecrets: ["login"],
      podLabels: { team: "load", "app.kubernetes.io/name": "mine" },
      podAnnotations: { owner: "me" },
      volumes: [{ name: "data", configMap: { name: "data" } }],
      volumeMounts: [{ name: "data", mountPath: "/data" }],
      workerResources: { requests: { cpu: "100m" } },
    });
    expect(engine.one("kubernetes:core/v1:ServiceAccount").inputs.metadata).to.deep.include({
      name: "locust",
      annotations: { "eks.amazonaws.com/role-arn": "arn:aws:iam::123456789012:role/shop" },
    });
    const { deployment, pod, container } = workload(engine, "worker");
    expect(pod).to.deep.include({ serviceAccountName: "locust", nodeSelector: { pool: "load" } });
    expect(pod).to.deep.include({ imagePullSecrets: [{ name: "login" }], automountServiceAccountToken: false });
    const { labels, annotations } = deployment.spec.template.metadata;
    expect(labels).to.include({ team: "load", "app.kubernetes.io/name": "locust" });
    expect(annotations).to.include({ owner: "me" }).and.have.property("loadtest/master");
    expect(pod.volumes.map(({ name }) => name)).to.include.members(["data", "scripts"]);
    expect(container.volumeMounts).to.deep.include({ name: "data", mountPath: "/data" });
    expect(container.resources).to.deep.include({
      requests: { cpu: "100m", memory: "768Mi", "ephemeral-storage": "1Gi" },
      limits: { cpu: "500m", memory: "768Mi", "ephemeral-storage": "1Gi" },
    });
  });

  it("has Prometheus find the master, and no worker, where it is asked for", async () => {
    const annotationsOf = async (args: LocustDeploymentArgs, role: "control" | "worker") =>
      workload((await make(args)).engine, role).deployment.spec.template.metadata.annotations;
    const scraped = {
      "prometheus.io/scrape": "true",
      "prometheus.io/port": "8089",
      "prometheus.io/path": "/metrics",
    };
    const args = { prometheusScrape: true, podAnnotations: { owner: "me", "prometheus.io/port": "1" } };
    expect(await annotationsOf(args, "control")).to.deep.equal({ ...scraped, owner: "me" });
    expect(await annotationsOf({ prometheusScrape: true }, "worker")).to.have.all.keys("loadtest/master");
    expect(await annotationsOf({}, "control")).to.equal(undefined);
  });

  it("goes to a cluster by a provider of its own, and tells what the cluster costs", async () => {
    const cluster = { kubeconfig: "{}", clusterName: "mine", hourlyCost: 0.12468 };
    const { engine, locust } = await make({ cluster });
    expect(engine.one("pulumi:providers:kubernetes").name).to.equal("test-cluster");
    expect(engine.one(kinds.service).provider).to.include("::test-cluster::");
    const { platform, clusterName, cost } = await known(pulumi.output(locust.loadtest));
    expect({ platform, clusterName }).to.deep.equal({ platform: "eks-fargate", clusterName: "mine" });
    expect(cost).to.deep.equal({ currency: "USD", region: "us-east-2", fixedPerHour: 0.1247, perHour: 0.1864 });
  });

  describe("on Fargate", () => {
    const cluster = { kubeconfig: "{}", clusterName: "mine", nat: { gateways: 3, addresses: 3 } };

    it("warns of more users than NAT holds, and of more pods than Docker Hub gives pulls, also in a preview", async () => {
      const args = { cluster, targetHost: "http://203.0.113.10", users: 400_000, workerReplicas: 500 };
      for (const preview of [false, true]) {
        const { locust } = await make(args, preview);
        const [nat = "", pulls = "", ...others] = await known(locust.warnings);
        // Nothing is there, in the network of documentation; but some networks answer for everybody.
        if (preview && others.length > 0) expect(others.shift()).to.include("203.0.113.10 does not answer here: ");
        expect(nat).to.include("165000").and.include("set natAddressesPerGateway to 3");
        expect(pulls).to.include("501 pods pull docker.io/locustio/locust").and.include("imageSource to ecr");
        expect(others).to.deep.equal([]);
      }
    });

    it("warns of nothing that fits, nor where the NAT gateways or the target are not known", async () => {
      const many = { users: 400_000, workerReplicas: 500, imageMirror: "registry.test/locust@sha256:1" };
      const silent = [
        { cluster, targetHost: "http://203.0.113.10" },
        { ...many, cluster, targetHost: "http://[2001:db8::1]" },
        { ...many, cluster, targetHost: "http://10.0.0.1" },
        { ...many, cluster: { ...cluster, nat: { gateways: 0, addresses: 0 } }, targetHost: "http://203.0.113.10" },
        { ...many, cluster: { kubeconfig: "{}", clusterName: "mine" }, targetHost: "http://203.0.113.10" },
      ];
      for (const args of silent) {
        const { locust } = await make(args);
        expect(await known(locust.warnings)).to.deep.equal([]);
      }
    });

    it("tries a target of the Internet in previews, and says nothing of what only pods may reach", async () => {
      const server = createServer().listen(0, "127.0.0.1");
      await once(server, "listening");
      const target = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
      expect(await connectionProblem(target)).to.equal(undefined);
      server.close();
      await once(server, "close");
      expect(await connectionProblem(target)).to.include("ECONNREFUSED");
      for (const hidden of ["http://10.0.0.1", "http://shop.load-test.svc:8080"]) {
        expect(await known((await make({ targetHost: hidden }, true)).locust.warnings), hidden).to.deep.equal([]);
      }
      for (const preview of [true, false]) {
        const warnings = await known((await make({ targetHost: target }, preview)).locust.warnings);
        expect(warnings).to.have.length(preview ? 1 : 0);
        if (preview) expect(warnings[0]).to.include(`${target} is each pod itself`);
      }
    });

    it("takes a target that nobody knows for one address", async () => {
      for (const targetHost of [undefined, "http://no-such-name.invalid"]) {
        const { locust } = await make({ cluster, users: 400_000, ...(targetHost && { targetHost }) });
        expect((await known(locust.warnings))[0]).to.include("here taken for one");
      }
    });

    it("pulls a mirror as it would Locust's own image", async () => {
      const { engine } = await make({ cluster, imageMirror: pulumi.output("registry.test/locust@sha256:1") });
      const { container, deployment } = workload(engine, "worker");
      expect(container.image).to.equal("registry.test/locust@sha256:1");
      const description = JSON.parse(deployment.metadata.annotations["serverless-load-testing/test"]);
      expect(description).to.deep.include({ knownModules: true }).and.have.nested.property("versions.locust");
    });

    it("tells the command line its Region and NAT gateways", async () => {
      const more = { region: "eu-central-1", natGatewayIds: ["nat-1", "nat-2", "nat-3"] };
      const { locust } = await make({ cluster: { ...cluster, ...more }, natErrors: "warn" });
      const { region, nat, natGatewayIds, natErrors } = await known(pulumi.output(locust.loadtest));
      expect({ region, nat, natGatewayIds, natErrors }).to.deep.equal({ ...more, nat: cluster.nat, natErrors: "warn" });
    });
  });
});
