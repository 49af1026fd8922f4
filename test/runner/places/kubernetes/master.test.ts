import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import type { V1Pod } from "@kubernetes/client-node";
import { expect } from "chai";
import { RunnerError, UsageError } from "../../../../runner/errors";
import { MasterLink, type MasterWatch } from "../../../../runner/places/kubernetes/master";
import { ScriptedLocust } from "../../engine/scripted";
import { caught, refuse } from "./api/fake-api";
import { FakeNamespace, names } from "./fake-namespace";
import { pod, readyPod } from "./pods";

const owner = `set-${names.control}`;
const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
const never = new AbortController().signal;

describe("the way to the master in a cluster", () => {
  let namespace: FakeNamespace;
  let locust: ScriptedLocust;
  const links: MasterLink[] = [];

  beforeEach(async () => {
    [namespace, locust] = [await FakeNamespace.start(), new ScriptedLocust()];
    await locust.start();
    namespace.forwardTo(locust.port);
  });
  afterEach(async () => {
    await Promise.all(links.splice(0).map((link) => link.close()));
    await Promise.all([namespace.close(), locust.close()]);
  });

  async function open(): Promise<MasterLink> {
    const { cluster, deployed } = namespace;
    const link = await MasterLink.open({ cluster, deployed, control: names.control, webPort: 8089 });
    links.push(link);
    return link;
  }
  const setMaster = (...pods: V1Pod[]) => namespace.pods.set(names.control, pods);

  it("leads into its pod, with the token of the Secret", async () => {
    expect(await (await open()).status(never)).to.deep.equal(locust.status);
    expect(namespace.forwarded).to.deep.equal(["locust-control-1"]);
    expect([...locust.tokens]).to.deep.equal(["Bearer secret-token"]);
  });

  it("is not there without the Secret", async () => {
    namespace.onCall = ({ url }, response) => {
      if (url?.includes("/secrets/") !== true) return false;
      response.writeHead(200, { "content-type": "application/json" }).end('{"data":{"other":"eA=="}}');
      return true;
    };
    expect((await caught(open())).message).to.equal("Secret the-token in namespace load has no token: run pulumi up");
  });

  it("leads into the pod that is ready, and not into one that leaves or was evicted", async () => {
    setMaster(
      readyPod({ name: "leaving", owner, deleted: new Date() }),
      pod({ name: "evicted", owner, status: { phase: "Failed" } }),
      pod({ name: "starting", owner }),
      readyPod({ name: "ready", owner }),
    );
    await (await open()).status(never);
    expect(namespace.forwarded).to.deep.equal(["ready"]);
  });

  it("waits for an answer, for as long as it may take", async () => {
    setMaster();
    const way = await open();
    setTimeout(() => setMaster(readyPod({ name: "late", owner })), 300);
    expect((await way.status(never, 5000)).script).to.equal("script1.py");
    setMaster();
    const error = await caught((await open()).status(never, 200));
    expect(error).to.be.instanceOf(RunnerError).with.property("exitCode", 4);
    expect(error.message).to.equal("Locust's master does not answer: it has no pod now");
  });

  it("says why the pod is not ready that gives none", async () => {
    const message =
      'Traceback (most recent call last):\n  File "/loadtest/scripts/shop.py", line 3\nValueError: no shop\n';
    const ended = { exitCode: 1, reason: "Error", message };
    const container = { state: { waiting: { reason: "CrashLoopBackOff" } }, lastState: { terminated: ended } };
    setMaster(pod({ name: "crashed", owner, container }));
    namespace.api.onUpgrade = (socket) => void socket.destroy();
    const error = await caught((await open()).status(never, 200));
    expect(error).to.be.instanceOf(UsageError);
    expect(error.message).to.match(
      /^Locust's master does not answer: crashed: .*shop\.py, line 3: ValueError: no shop$/,
    );
  });

  it("says at once that the API server does not let it in", async () => {
    const message =
      'pods "locust-control-1" is forbidden: User "ci" cannot create resource "pods/portforward" in API group "" in the namespace "load"';
    const body = JSON.stringify({ kind: "Status", code: 403, message });
    namespace.api.onUpgrade = (socket) =>
      socket.end(`HTTP/1.1 403 Forbidden\r\ncontent-length: ${body.length}\r\n\r\n${body}`);
    expect((await caught((await open()).status(never))).message).to.equal(
      "Locust's master does not answer: cannot forward port 8089 of pod locust-control-1: context test is not allowed " +
        "to create pods/portforward in namespace load (its user is ci)",
    );
  });

  it("says at once that the master says no", async () => {
    const old = createServer((_, response) => response.writeHead(404).end("<p>not found"));
    await new Promise<void>((resolve) => old.listen(0, "127.0.0.1", resolve));
    namespace.forwardTo((old.address() as AddressInfo).port);
    expect((await caught((await open()).status(never))).message).to.equal(
      "Locust answered 404 to /loadtest/status: <p>not found (was the test deployed by another version? pulumi up makes " +
        "it anew)",
    );
    old.close();
  });

  it("stops waiting with exit code 130 where it is interrupted", async () => {
    setMaster();
    const stop = new AbortController();
    setTimeout(() => stop.abort(), 100);
    const error = await caught((await open()).status(stop.signal));
    expect(error).to.be.instanceOf(RunnerError).with.property("exitCode", 130);
  });

  describe("is watched", () => {
    const watches: MasterWatch[] = [];
    afterEach(() => {
      for (const watch of watches.splice(0)) watch.stop();
    });

    async function lost(change: () => void): Promise<string | undefined> {
      const watch = await (await open()).watch(30);
      watches.push(watch);
      change();
      await pause(300);
      return watch.lost.aborted ? (watch.lost.reason as Error).message : undefined;
    }
    const ended = (reason: string, exitCode: number, message?: string) =>
      setMaster(
        readyPod({
          ...{ name: "locust-control-1", owner },
          container: {
            restartCount: 1,
            lastState: { terminated: { reason, exitCode, ...(message === undefined ? {} : { message }) } },
          },
        }),
      );

    it("and is not lost while nothing changes, or its pod is not ready for a while", async () => {
      expect(await lost(() => undefined)).to.equal(undefined);
      expect(await lost(() => setMaster(pod({ name: "locust-control-1", owner })))).to.equal(undefined);
    });

    it("and is lost when another pod takes its place", async () => {
      expect(await lost(() => setMaster(readyPod({ name: "locust-control-2", owner })))).to.equal(
        "its pod locust-control-1 is gone",
      );
    });

    it("and is lost when its pod leaves, or is evicted", async () => {
      const leaving = readyPod({ name: "locust-control-1", owner, deleted: new Date() });
      expect(await lost(() => setMaster(leaving))).to.equal("its pod locust-control-1 is gone");
      setMaster(readyPod({ name: "locust-control-1", owner }));
      const evicted = pod({ name: "locust-control-1", owner, status: { phase: "Failed", reason: "Evicted" } });
      expect(await lost(() => setMaster(evicted))).to.equal("its pod locust-control-1 is gone");
    });

    it("and is lost when its container was restarted, with the reason", async () => {
      expect(await lost(() => ended("OOMKilled", 137))).to.equal("its container ended: OOMKilled, exit code 137");
      setMaster(readyPod({ name: "locust-control-1", owner }));
      const message = 'Traceback (most recent call last):\n  File "/s/a.py", line 7, in check\nKeyError: 1\n';
      expect(await lost(() => ended("Error", 1, message))).to.equal(
        "its container ended: Error, exit code 1: a.py, line 7: KeyError: 1",
      );
    });

    it("and is lost when the test is taken down, or deployed anew", async () => {
      const gone = "its Deployment was deleted, or replaced by pulumi up";
      const { control } = namespace;
      const become = (metadata: object) =>
        void namespace.deployments.set(names.control, { ...control, metadata: { ...control.metadata, ...metadata } });
      // Its pod is there for a moment longer.
      expect(await lost(() => become({ deletionTimestamp: new Date() }))).to.equal(gone);
      become({});
      expect(await lost(() => become({ uid: "another" }))).to.equal(gone);
      expect(await lost(() => void namespace.deployments.delete(names.control))).to.equal(gone);
    });

    it("also as what was deployed after the command had begun", async () => {
      const way = await open();
      const { control } = namespace;
      namespace.deployments.set(names.control, { ...control, metadata: { ...control.metadata, uid: "another" } });
      const watch = await way.watch(30);
      watches.push(watch);
      await pause(200);
      expect(watch.lost.aborted).to.equal(false);
    });

    it("and is not lost by a restart of before", async () => {
      ended("OOMKilled", 137);
      expect(await lost(() => undefined)).to.equal(undefined);
    });

    it("and is not lost while the API server is away, or refuses", async () => {
      const away = await lost(() => {
        namespace.away = true;
      });
      expect(away).to.equal(undefined);
      namespace.away = false;
      const refused = await lost(() => {
        namespace.onCall = (_, response) => {
          refuse(response, 503, "busy");
          return true;
        };
      });
      expect(refused).to.equal(undefined);
    });

    it("only where there is one", async () => {
      setMaster();
      expect((await caught((await open()).watch())).message).to.equal("Locust's master has no pod now");
    });

    it("until it is stopped", async () => {
      expect(
        await lost(() => {
          watches[0]?.stop();
          setMaster();
        }),
      ).to.equal(undefined);
      const calls = namespace.calls;
      await pause(100);
      expect(namespace.calls).to.equal(calls);
    });
  });
});
