import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "chai";
import { ClusterUnreachable } from "../../../../../runner/places/kubernetes/api/cluster";
import { connectCluster } from "../../../../../runner/places/kubernetes/api/connect";
import { caught, kubeconfigFor } from "./fake-api";
import { kubeconfigFolder, secret } from "./kubeconfigs";

const namespace = "locust";

describe("the way to a cluster", function () {
  // The client takes half a second to load.
  this.timeout(20_000);
  const { path, file } = kubeconfigFolder();

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
      const calls = join(path(), "calls");
      const later = new Date(Date.now() + 600_000).toISOString();
      const script = `echo "$1 $2 $WHO" >> ${calls}; echo "$KUBERNETES_EXEC_INFO" >> ${calls}; echo '${credential({ expirationTimestamp: later })}'`;
      const kubeconfig = withProgram(script, { env: [{ name: "WHO", value: "me" }] });
      const cluster = await connectCluster({ kubeconfig, namespace }, process.env);
      const all = await Promise.all([headers(cluster), headers(cluster), headers(cluster)]);
      for (const one of all) expect(one).to.include({ Authorization: `Bearer ${secret}` });
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
      const calls = join(path(), "expired");
      const past = new Date(Date.now() - 1000).toISOString();
      const kubeconfig = withProgram(
        `echo x >> ${calls}; sleep 0.1; echo '${credential({ expirationTimestamp: past })}'`,
      );
      const cluster = await connectCluster({ kubeconfig, namespace }, process.env);
      await Promise.all([headers(cluster), headers(cluster), headers(cluster)]);
      expect(readFileSync(calls, "utf8").trim().split("\n")).to.have.length(2);
    });

    it("finds a program with a path beside the kubeconfig", async () => {
      writeFileSync(join(path(), "beside.sh"), `#!/bin/sh\necho '${credential()}'\n`, { mode: 0o755 });
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
});
