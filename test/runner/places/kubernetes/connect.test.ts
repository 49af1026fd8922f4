import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { expect } from "chai";
import { UsageError } from "../../../../runner/errors";
import { ClusterUnreachable } from "../../../../runner/places/kubernetes/cluster";
import { connectCluster } from "../../../../runner/places/kubernetes/connect";
import { caught, FakeApi, kubeconfigFor } from "./fake-api";

const namespace = "locust";
const secret = "do-not-tell";

describe("the way to a cluster", function () {
  // The client takes half a second to load.
  this.timeout(20_000);
  let folder: string;
  before(() => {
    folder = mkdtempSync(join(tmpdir(), "kubeconfig-"));
  });
  after(() => rmSync(folder, { recursive: true, force: true }));

  function file(name: string, text: string): string {
    const path = join(folder, name);
    writeFileSync(path, text);
    return path;
  }

  /** A kubeconfig with one context for each name; its user has a token. */
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
      mkdirSync(join(folder, ".kube"));
      file(".kube/config", config(["home"], "home"));
      expect((await connectCluster({ namespace }, { HOME: folder })).context).to.equal("home");
    });

    it("finds certificates beside the file, and says which one is missing", async () => {
      const user = { "client-certificate": "me.crt", "client-key": "me.key" };
      const kubeconfigFile = file("beside", kubeconfigFor("https://k8s.example.com", user));
      const error = await caught(connectCluster({ kubeconfigFile, namespace }, {}));
      expect(error).to.be.instanceOf(UsageError);
      expect(error.message).to.equal(`the kubeconfig names ${join(folder, "me.crt")}, which cannot be read`);
    });

    const mistakes: readonly [string, () => Parameters<typeof connectCluster>, string | RegExp][] = [
      [
        "a file that is missing",
        () => [{ kubeconfigFile: "/no/kubeconfig", namespace }, {}],
        "the kubeconfig /no/kubeconfig does not exist",
      ],
      ["a folder", () => [{ kubeconfigFile: folder, namespace }, {}], /^the kubeconfig \S+ cannot be read \(EISDIR\)$/],
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

  describe("with a program that gives credentials", () => {
    const server = "https://k8s.example.com";
    const credential = (more: object = {}) =>
      JSON.stringify({ kind: "ExecCredential", status: { token: secret, ...more } });

    /** A kubeconfig whose program is a shell script. */
    function withProgram(script: string, more: object = {}): string {
      const command = file("get-token", `#!/bin/sh\n${script}\n`);
      return kubeconfigFor(server, {
        exec: {
          apiVersion: "client.authentication.k8s.io/v1beta1",
          command: "sh",
          args: [command, "--cluster", "x"],
          ...more,
        },
      });
    }

    async function headers(cluster: Awaited<ReturnType<typeof connectCluster>>): Promise<object> {
      const options: { headers?: object } = {};
      await cluster.kubeConfig.applyToHTTPSOptions(options);
      return options.headers ?? {};
    }

    it("uses what it prints, and asks it once while that is valid", async () => {
      const calls = join(folder, "calls");
      const later = new Date(Date.now() + 600_000).toISOString();
      const script = `echo "$1 $2 $WHO" >> ${calls}; echo "$KUBERNETES_EXEC_INFO" >> ${calls}; echo '${credential({ expirationTimestamp: later })}'`;
      const kubeconfig = withProgram(script, { env: [{ name: "WHO", value: "me" }] });
      const cluster = await connectCluster({ kubeconfig, namespace }, process.env);
      const all = await Promise.all([headers(cluster), headers(cluster), headers(cluster)]);
      for (const one of all) expect(one).to.include({ Authorization: `Bearer ${secret}` });
      const { readFileSync } = await import("node:fs");
      const [args, info, ...more] = readFileSync(calls, "utf8").trim().split("\n");
      expect(args).to.equal("--cluster x me");
      expect(JSON.parse(info ?? "")).to.deep.equal({
        apiVersion: "client.authentication.k8s.io/v1beta1",
        kind: "ExecCredential",
        spec: { interactive: false },
      });
      expect(more, "more calls").to.deep.equal([]);
    });

    it("asks anew when they have expired, once for calls that begin together", async () => {
      const calls = join(folder, "expired");
      const past = new Date(Date.now() - 1000).toISOString();
      const kubeconfig = withProgram(
        `echo x >> ${calls}; sleep 0.1; echo '${credential({ expirationTimestamp: past })}'`,
      );
      const cluster = await connectCluster({ kubeconfig, namespace }, process.env);
      await Promise.all([headers(cluster), headers(cluster), headers(cluster)]);
      const { readFileSync } = await import("node:fs");
      expect(readFileSync(calls, "utf8").trim().split("\n")).to.have.length(2);
    });

    it("finds a program with a path beside the kubeconfig", async () => {
      writeFileSync(join(folder, "beside.sh"), `#!/bin/sh\necho '${credential()}'\n`, { mode: 0o755 });
      const kubeconfigFile = file("with-path", kubeconfigFor(server, { exec: { command: "./beside.sh" } }));
      expect(await headers(await connectCluster({ kubeconfigFile, namespace }, process.env))).to.include({
        Authorization: `Bearer ${secret}`,
      });
    });

    const failures: readonly [string, () => string, string][] = [
      [
        "is not there",
        () => kubeconfigFor(server, { exec: { command: "aws-is-not-here", args: ["eks", "get-token"] } }),
        "aws-is-not-here is not installed or not on the PATH; the cluster's kubeconfig needs it",
      ],
      [
        "may not be run",
        () => kubeconfigFor(server, { exec: { command: file("plain", "text") } }),
        "/plain, which the cluster's kubeconfig needs, is not a program that may be run",
      ],
      [
        "fails with a word",
        () =>
          withProgram(
            "echo '{}'; echo one >&2; echo 'The SSO session has expired. Run aws sso login' >&2; echo >&2; exit 255",
          ),
        "sh, which the cluster's kubeconfig needs, failed: The SSO session has expired. Run aws sso login",
      ],
      [
        "fails without a word",
        () => withProgram("exit 3"),
        "sh, which the cluster's kubeconfig needs, failed with exit code 3",
      ],
      [
        "prints something else",
        () => withProgram(`echo '${secret}'`),
        "sh, which the cluster's kubeconfig needs, printed no credentials",
      ],
      [
        "prints a credential without anything in it",
        () => withProgram("echo '{\"status\":{}}'"),
        "printed no credentials",
      ],
      [
        "asks for something",
        () => withProgram("read -r answer || { echo 'MFA code:' >&2; exit 1; }"),
        "failed: MFA code:",
      ],
    ];
    for (const [what, kubeconfig, says] of failures) {
      it(`says so where it ${what}`, async () => {
        const error = await caught(connectCluster({ kubeconfig: kubeconfig(), namespace }, process.env));
        expect(error.message).to.include(says).and.not.include(secret).and.not.include("\n");
        expect(error).to.have.property("exitCode", 4);
        expect(error).to.not.be.instanceOf(ClusterUnreachable);
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
      const { openForward } = await import("../../../../runner/places/kubernetes/forward.js");
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
