import { expect } from "chai";
import fc from "fast-check";
import { RunnerError, UsageError } from "../../../../../runner/errors";
import {
  ApiAnswer,
  CallTimeout,
  ClusterRefused,
  ClusterUnreachable,
  explainFailure,
} from "../../../../../runner/places/kubernetes/api/failures";

const facts = { context: "dev", server: "k8s.example.com:6443" };
const explain = (error: unknown, what = "list the pods") => explainFailure(error, what, facts);
const status = (code: number, message?: string) =>
  new ApiAnswer(code, JSON.stringify({ kind: "Status", code, message }));
const system = (code: string, message = "no", more: object = {}) =>
  Object.assign(new Error(message), { code, ...more });

describe("why a call of the cluster failed", () => {
  it("tells who may not do what, and where", () => {
    const message =
      'pods is forbidden: User "arn:aws:sts::1:assumed-role/ops/me" cannot list resource "pods" in API group "" in the namespace "locust"';
    const error = explain(status(403, message));
    expect(error).to.be.instanceOf(ClusterRefused).with.property("status", 403);
    expect(error.message).to.equal(
      "cannot list the pods: context dev is not allowed to list pods in namespace locust (its user is arn:aws:sts::1:assumed-role/ops/me)",
    );
    const subresource =
      'deployments.apps "w" is forbidden: User "u" cannot patch resource "deployments/scale" in API group "apps" in the namespace "x"';
    expect(explain(status(403, subresource)).message).to.include(
      "not allowed to patch deployments/scale in namespace x",
    );
    const wide = 'nodes is forbidden: User "u" cannot list resource "nodes" in API group "" at the cluster scope';
    expect(explain(status(403, wide)).message).to.include("not allowed to list nodes in the whole cluster");
  });

  it("repeats what a quota or an admission controller says", () => {
    const message = 'pods "x" is forbidden: exceeded quota: small, requested: cpu=2, used: cpu=1, limited: cpu=2';
    expect(explain(status(403, message)).message).to.equal(`cannot list the pods: ${message}`);
  });

  const answers: readonly [number, string | undefined, string][] = [
    [401, "Unauthorized", "the credentials of context dev are not accepted; have they expired?"],
    [403, undefined, "context dev is not allowed to do that"],
    [404, 'pods "x" not found', 'pods "x" not found'],
    [404, undefined, "the API server at k8s.example.com:6443 answered 404"],
    [409, "the object has been modified", "the object has been modified"],
    [422, "spec.replicas: Invalid value: -1", "spec.replicas: Invalid value: -1"],
    [429, "too many requests", "the API server at k8s.example.com:6443 is too busy: too many requests"],
    [500, "etcd\n  is away", "the API server at k8s.example.com:6443 failed with 500: etcd is away"],
    [503, undefined, "the API server at k8s.example.com:6443 failed with 503"],
  ];
  for (const [code, message, says] of answers) {
    it(`reads well for ${code}${message === undefined ? " without a message" : ""}`, () => {
      const error = explain(status(code, message));
      expect(error).to.be.instanceOf(ClusterRefused).with.property("status", code);
      expect(error.message).to.equal(`cannot list the pods: ${says}`);
      expect(error.exitCode).to.equal(4);
    });
  }

  it("tells nothing of a body beyond its message", () => {
    const bodies = [
      "<html>secret</html>",
      JSON.stringify({ kind: "Secret", data: { token: "secret" } }),
      { message: 7, token: "secret" },
      undefined,
      null,
    ];
    for (const body of bodies) {
      expect(explain({ code: 502, body, message: "secret" }).message).to.equal(
        "cannot list the pods: the API server at k8s.example.com:6443 failed with 502",
      );
    }
  });

  const unreachable: readonly [unknown, string][] = [
    [system("ECONNREFUSED"), "connection refused"],
    [new Error("fetch", { cause: system("ENOTFOUND") }), "its name is not known"],
    [system("ETIMEDOUT"), "no answer"],
    [system("EPIPE"), "EPIPE"],
    [new CallTimeout(10_000), "no answer within 10 s"],
    [system("CERT_HAS_EXPIRED"), "its certificate has expired"],
    [system("ERR_TLS_CERT_ALTNAME_INVALID", "Host: x. is not in the cert"), "its certificate is for another name"],
    [
      system("UNABLE_TO_VERIFY_LEAF_SIGNATURE"),
      "its certificate is not signed by the authority that the kubeconfig names",
    ],
    [system("DEPTH_ZERO_SELF_SIGNED_CERT"), "its certificate is not signed by the authority that the kubeconfig names"],
    [new Error("request to https://x failed, reason: Bad response: 407"), "the proxy before it answered 407"],
    [new Error("Premature close"), "the connection was cut"],
  ];
  for (const [error, why] of unreachable) {
    it(`says that the API server cannot be reached: ${why}`, () => {
      const explained = explain(error);
      expect(explained).to.be.instanceOf(ClusterUnreachable);
      expect(explained.message).to.equal(
        `cannot list the pods: the API server at k8s.example.com:6443 cannot be reached: ${why}`,
      );
    });
  }

  it("does not blame the network for files, nor for answers of something else", () => {
    const file = system("ENOENT", "no such file", { path: "/keys/client.crt", syscall: "open" });
    expect(explain(file)).to.not.be.instanceOf(ClusterUnreachable);
    expect(explain(file).message).to.equal("cannot list the pods: /keys/client.crt cannot be read");
    expect(explain(system("ERR_OSSL_PEM_NO_START_LINE")).message).to.equal(
      "cannot list the pods: a certificate or key that the kubeconfig names is not one",
    );
    expect(explain(new SyntaxError('Unexpected token "secret"')).message).to.equal(
      "cannot list the pods: what answers at k8s.example.com:6443 is no Kubernetes API server",
    );
  });

  it("leaves alone what is explained already", () => {
    const known = new UsageError("this is it");
    expect(explain(known)).to.equal(known);
  });

  it("makes one line of whatever is thrown", () => {
    const value = fc.jsonValue();
    const anything = fc.oneof(
      value,
      fc.constant({ toString: {} }),
      fc
        .tuple(fc.string(), fc.oneof(value, fc.integer({ min: 400, max: 599 })), value)
        .map(([message, code, body]) => Object.assign(new Error(message), { code, body })),
    );
    fc.assert(
      fc.property(anything, (thrown) => {
        const error = explain(thrown);
        expect(error).to.be.instanceOf(RunnerError);
        expect(error.message.startsWith("cannot list the pods: ")).to.equal(true);
        expect(error.message).to.not.match(/[\n\r]/);
        expect(error.message.length).to.be.below(450);
      }),
    );
  });
});
