import { mkdirSync } from "node:fs";
import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import { connect } from "node:net";
import { delimiter, join } from "node:path";
import { expect } from "chai";
import { UsageError } from "../../../../../runner/errors";
import { ClusterUnreachable } from "../../../../../runner/places/kubernetes/api/cluster";
import { connectCluster } from "../../../../../runner/places/kubernetes/api/connect";
import { caught, FakeApi, kubeconfigFor } from "./fake-api";
import { kubeconfigFolder, secret } from "./kubeconfigs";

const namespace = "locust";

describe("the way to a cluster", function () {
  // The client takes half a second to load.
  this.timeout(20_000);
  const { path, file } = kubeconfigFolder();

  function config(names: readonly string[], current?: string, server = "https://k8s.example.com:6443"): string {
    return JSON.stringify({
      clusters: names.map((name) => ({ name, cluster: { server } })),
      users: names.map((name) => ({ name, user: { token: secret } })),
      contexts: names.map((name) => ({ name, context: { cluster: name, user: name } })),
      ...(current === undefined ? {} : { "current-context": current }),
    });
  }

  describe("by a kubeconfig", () => {
    it("takes the current context, or the one that is asked for", async () => {
      const text = config(["dev", "prod"], "dev");
      const cluster = await connectCluster({ kubeconfig: text, namespace }, {});
      expect(cluster).to.include({ namespace, context: "dev", server: "k8s.example.com:6443" });
      expect((await connectCluster({ kubeconfig: text, context: "prod", namespace }, {})).context).to.equal("prod");
      const kubeconfigFile = file("two", text);
      expect((await connectCluster({ kubeconfigFile, namespace }, { KUBECONFIG: "/none" })).context).to.equal("dev");
    });

    it("reads several files as kubectl does: the first that has a name decides, and those that are missing do not count", async () => {
      const first = file("first", config(["a"], undefined, "https://first"));
      const second = file("second", config(["a", "b"], "a", "https://second"));
      const third = file("third", config(["c"], "c", "https://third"));
      const env = { KUBECONFIG: ["", "/none", first, second, third].join(delimiter) };
      const cluster = await connectCluster({ namespace }, env);
      expect([cluster.context, cluster.server]).to.deep.equal(["a", "first"]);
      expect((await connectCluster({ namespace, context: "c" }, env)).server).to.equal("third");
    });

    it("looks in the home folder at last", async () => {
      mkdirSync(join(path(), ".kube"));
      file(".kube/config", config(["home"], "home"));
      expect((await connectCluster({ namespace }, { HOME: path() })).context).to.equal("home");
    });

    it("finds certificates beside the file, and says which one is missing", async () => {
      const user = { "client-certificate": "me.crt", "client-key": "me.key" };
      const kubeconfigFile = file("beside", kubeconfigFor("https://k8s.example.com", user));
      const error = await caught(connectCluster({ kubeconfigFile, namespace }, {}));
      expect(error).to.be.instanceOf(UsageError);
      expect(error.message).to.equal(`the kubeconfig names ${join(path(), "me.crt")}, which cannot be read`);
    });

    const mistakes: readonly [string, () => Parameters<typeof connectCluster>, string | RegExp][] = [
      [
        "a file that is missing",
        () => [{ kubeconfigFile: "/no/kubeconfig", namespace }, {}],
        "the kubeconfig /no/kubeconfig does not exist",
      ],
      ["a folder", () => [{ kubeconfigFile: path(), namespace }, {}], /^the kubeconfig \S+ cannot be read \(EISDIR\)$/],
      [
        "KUBECONFIG with files that are all missing",
        () => [{ namespace }, { KUBECONFIG: `/no/a${delimiter}/no/b` }],
        "KUBECONFIG names /no/a and /no/b, which does not exist",
      ],
      [
        "nothing at all",
        () => [{ namespace }, { HOME: "/no/home" }],
        /^there is no kubeconfig: neither KUBECONFIG nor \/no\/home\/\.kube\/config\./,
      ],
      [
        "what is no YAML",
        () => [{ kubeconfig: `users:\n- name: x\n  user: {token: ${secret}\n`, namespace }, {}],
        /^the cluster's kubeconfig is not YAML: line \d$/,
      ],
      ["an empty text", () => [{ kubeconfig: "", namespace }, {}], "the cluster's kubeconfig is not a kubeconfig"],
      [
        "a text that is no map",
        () => [{ kubeconfig: secret, namespace }, {}],
        /^the kubeconfig has no current context: .* \(it has none\)$/,
      ],
      [
        "an unknown context",
        () => [{ kubeconfig: config(["dev", "prod"], "dev"), context: "test", namespace }, {}],
        "the kubeconfig has no context test: it has dev, prod",
      ],
      [
        "no current context",
        () => [{ kubeconfig: config(["dev", "prod"]), namespace }, {}],
        "the kubeconfig has no current context: choose one with --context (it has dev, prod)",
      ],
      [
        "a current context that is not there",
        () => [{ kubeconfig: config(["dev"], "gone"), namespace }, {}],
        "the kubeconfig has no context gone: it has dev",
      ],
      [
        "a cluster that is not there",
        () => [
          {
            kubeconfig: JSON.stringify({ contexts: [{ name: "a", context: { cluster: "b" } }] }),
            context: "a",
            namespace,
          },
          {},
        ],
        "context a is for cluster b, which the kubeconfig does not have",
      ],
      [
        "a user that is not there",
        () => [{ kubeconfig: config(["a"], "a").replace('"user":"a"', '"user":"b"'), namespace }, {}],
        /^context a is for user b, which the kubeconfig does not have/,
      ],
      [
        "a server that is no address",
        () => [{ kubeconfig: config(["a"], "a", "k8s.example.com"), namespace }, {}],
        "the server of cluster a in the kubeconfig is not an https address",
      ],
    ];
    for (const [what, call, says] of mistakes) {
      it(`refuses ${what}, in one line that tells no credentials`, async () => {
        const error = await caught(connectCluster(...call()));
        expect(error).to.be.instanceOf(UsageError);
        if (typeof says === "string") expect(error.message).to.equal(says);
        else expect(error.message).to.match(says);
        expect(error.message).to.not.include(secret).and.not.include("\n");
      });
    }
  });

  describe("through the network", () => {
    it("is asked of by name where HTTPS_PROXY says so, for calls and for port-forwards", async () => {
      const asked: string[] = [];
      const sockets: Socket[] = [];
      const proxy = createServer().on("connect", (request: IncomingMessage, socket: Socket) => {
        asked.push(request.url ?? "");
        sockets.push(socket);
        socket.end("HTTP/1.1 403 Forbidden\r\n\r\n");
      });
      await new Promise<void>((resolve) => proxy.listen(0, "127.0.0.1", resolve));
      const address = `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`;
      const kubeconfig = kubeconfigFor("https://k8s.example.com:6443");
      const cluster = await connectCluster({ kubeconfig, namespace }, { HTTPS_PROXY: address });
      const error = await caught(cluster.call("list the pods", () => cluster.core.listNamespacedPod({ namespace })));
      const { openForward } = await import("../../../../../runner/places/kubernetes/port-forward/forward.js");
      const broken: Error[] = [];
      const forward = await openForward({
        ...{ cluster, port: 8089, target: async () => "master" },
        onBroken: (one) => broken.push(one),
      });
      const client = connect(forward.port, "127.0.0.1").on("error", () => undefined);
      await new Promise((resolve) => client.once("close", resolve));
      await forward.close();
      await new Promise((resolve) => proxy.close(resolve));
      expect(asked).to.deep.equal(["k8s.example.com:6443", "k8s.example.com:6443"]);
      for (const one of [error, ...broken]) {
        expect(one).to.be.instanceOf(ClusterUnreachable);
        expect(one.message).to.match(/the proxy before it answered 403$/);
      }
      expect(broken).to.have.length(1);
    });

    it("sends no credentials without TLS", async () => {
      const api = await FakeApi.start();
      let seen: object = { authorization: "not called" };
      api.onCall = ({ headers }, response) => {
        seen = headers;
        response.setHeader("content-type", "application/json").end('{"items":[]}');
      };
      const cluster = await api.cluster();
      await cluster.call("list the pods", () => cluster.core.listNamespacedPod({ namespace }));
      await api.close();
      expect(seen).to.not.have.property("authorization");
    });
  });
});
