import { setTimeout as pause } from "node:timers/promises";
import { expect } from "chai";
import { RunnerError } from "../../../../../runner/errors";
import { type Cluster, ClusterRefused, ClusterUnreachable } from "../../../../../runner/places/kubernetes/api/cluster";
import { freePort } from "../../../../../runner/places/network";
import { caught, FakeApi, kubeconfigFor, refuse } from "./fake-api";

const namespace = "locust";

describe("calls of a cluster", () => {
  let api: FakeApi;
  let cluster: Cluster;
  const list = () => cluster.core.listNamespacedPod({ namespace });
  const read = () => cluster.core.readNamespacedPod({ namespace, name: "x" });

  beforeEach(async () => {
    api = await FakeApi.start();
    cluster = await api.cluster();
  });
  afterEach(() => api.close());

  it("give what was asked for", async () => {
    api.onCall = (_, response) =>
      response.setHeader("content-type", "application/json").end('{"items":[{"metadata":{"name":"a"}}]}');
    const { items } = await cluster.call("list the pods", list);
    expect(items.map(({ metadata }) => metadata?.name)).to.deep.equal(["a"]);
    expect(api.calls).to.deep.equal(["/api/v1/namespaces/locust/pods"]);
  });

  it("fail as a refusal with what the API server said", async () => {
    api.onCall = (_, response) => refuse(response, 409, "the object has been modified");
    const error = await caught(cluster.call("change the lease", read));
    expect(error).to.be.instanceOf(ClusterRefused).with.property("status", 409);
    expect(error.message).to.equal("cannot change the lease: the object has been modified");
  });

  it("find nothing where there is nothing, and fail for another reason", async () => {
    api.onCall = (_, response) => refuse(response, 404, 'pods "x" not found');
    expect(await cluster.find("read pod x", read)).to.equal(undefined);
    api.onCall = (_, response) => refuse(response, 401, "Unauthorized");
    expect((await caught(cluster.find("read pod x", read))).message).to.equal(
      "cannot read pod x: the credentials of context test are not accepted; have they expired?",
    );
  });

  it("have a time limit, and let go of the connection", async () => {
    let closed = false;
    api.onCall = (request) =>
      request.once("close", () => {
        closed = true;
      });
    const error = await caught(cluster.call("list the pods", list, { timeout: 100 }));
    expect(error).to.be.instanceOf(ClusterUnreachable);
    expect(error.message).to.match(/: the API server at 127\.0\.0\.1:\d+ cannot be reached: no answer within 0\.1 s$/);
    await pause(50);
    expect(closed, "connection closed").to.equal(true);
  });

  it("have a time limit for the body too, and for what is no call", async () => {
    api.onCall = (_, response) => response.setHeader("content-type", "application/json").write('{"items":[');
    expect(await caught(cluster.call("list the pods", list, { timeout: 100 }))).to.be.instanceOf(ClusterUnreachable);
    const never = () => new Promise<never>(() => undefined);
    expect(await caught(cluster.call("wait", never, { timeout: 20 }))).to.be.instanceOf(ClusterUnreachable);
  });

  it("end when they are interrupted, also those within", async () => {
    let open = 0;
    api.onCall = (request) => {
      open++;
      request.once("close", () => open--);
    };
    const stop = new AbortController();
    const nested = () => cluster.call("list the pods", list);
    const ends = Promise.all([
      caught(cluster.call("look", nested, { signal: stop.signal })),
      caught(cluster.retry("look", nested, { for: 60_000, signal: stop.signal })),
    ]);
    await pause(100);
    expect(open).to.equal(2);
    stop.abort();
    for (const error of await ends) {
      expect(error).to.be.instanceOf(RunnerError).with.property("exitCode", 130);
      expect(error.message).to.equal("interrupted while trying to look");
    }
    await pause(50);
    expect(open).to.equal(0);
    expect((await caught(cluster.call("look", list, { signal: stop.signal }))).message).to.match(/^interrupted/);
    expect(api.calls).to.have.length(2);
  });

  it("fail plainly where something else answers", async () => {
    api.onCall = (_, response) => response.setHeader("content-type", "application/json").end("<html>log in</html>");
    expect((await caught(cluster.call("list the pods", list))).message).to.match(
      /^cannot list the pods: what answers at 127\.0\.0\.1:\d+ is no Kubernetes API server$/,
    );
  });

  describe("that are repeated", () => {
    it("go on until the API server is back", async () => {
      const port = await freePort();
      const { connectCluster } = await import("../../../../../runner/places/kubernetes/api/connect.js");
      const away = await connectCluster({ kubeconfig: kubeconfigFor(`http://127.0.0.1:${port}`), namespace }, {});
      let attempts = 0;
      const work = async () => {
        if (++attempts === 3) return "back";
        await away.call("list the pods", () => away.core.listNamespacedPod({ namespace }));
        return "never";
      };
      expect(await away.retry("look", work, { for: 5000 })).to.equal("back");
      expect(attempts).to.equal(3);
    });

    it("end with the last failure when the time is over", async () => {
      api.onCall = (request) => request.socket.destroy();
      const begun = performance.now();
      const error = await caught(cluster.retry("list the pods", list, { for: 600 }));
      expect(error).to.be.instanceOf(ClusterUnreachable);
      expect(performance.now() - begun).to.be.within(200, 1500);
      expect(api.calls.length).to.be.within(2, 3);
    });

    it("go on while the API server is busy, or fails itself", async () => {
      for (const status of [429, 500, 503]) {
        const before = api.calls.length;
        api.onCall = (_, response) => {
          if (api.calls.length === before + 1) refuse(response, status, "no");
          else response.setHeader("content-type", "application/json").end('{"items":[]}');
        };
        expect((await cluster.retry("list the pods", list, { for: 5000 })).items).to.deep.equal([]);
        expect(api.calls, String(status)).to.have.length(before + 2);
      }
      api.onCall = (_, response) => refuse(response, 503, "no");
      expect(await caught(cluster.retry("list the pods", list, { for: 300 })), "its last answer")
        .to.be.instanceOf(ClusterRefused)
        .with.property("status", 503);
    });

    it("end at once with any other answer", async () => {
      for (const [index, status] of [400, 401, 403, 404, 409, 422].entries()) {
        api.onCall = (_, response) => refuse(response, status, "no");
        expect(await caught(cluster.retry("list the pods", list, { for: 5000 }))).to.be.instanceOf(ClusterRefused);
        expect(api.calls).to.have.length(index + 1);
      }
    });
  });
});
