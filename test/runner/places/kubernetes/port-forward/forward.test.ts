import { once } from "node:events";
import type { Duplex } from "node:stream";
import { setTimeout as pause } from "node:timers/promises";
import { expect } from "chai";
import { RunnerError, UsageError } from "../../../../../runner/errors";
import { ClusterRefused, ClusterUnreachable } from "../../../../../runner/places/kubernetes/api/cluster";
import { openForward } from "../../../../../runner/places/kubernetes/port-forward/forward";
import { caught } from "../api/fake-api";
import { data, echo, forwarding, problem, rest, until } from "./forwarding";

describe("a port that leads into a pod", () => {
  const there = forwarding();
  const { open, client, broken } = there;

  it("keeps what is sent before the pod is reached, in order", async () => {
    there.api.onUpgrade = (_, go) => setTimeout(go, 100);
    there.api.onForward = echo;
    await open();
    const socket = client();
    socket.write("one ");
    await pause(20);
    socket.write("two");
    let got = "";
    socket.on("data", (chunk) => {
      got += chunk;
    });
    await until("the echo", () => got === "one two");
    expect(there.api.calls).to.deep.equal(["/api/v1/namespaces/locust/pods/master-1/portforward?ports=8089"]);
  });

  it("asks for the pod anew for each connection", async () => {
    const pods = ["master-1", "master-2"];
    there.api.onForward = (side) => side.close(1000);
    await open({ target: async () => pods.shift() ?? "none" });
    await rest(client());
    await rest(client());
    expect(there.api.calls.map((path) => /pods\/([^/]+)/.exec(path)?.[1])).to.deep.equal(["master-1", "master-2"]);
    expect(broken).to.deep.equal([]);
  });

  it("ends the client's connection as the pod does, with all that it said", async () => {
    there.api.onForward = (side) => {
      side.send(data("x".repeat(200_000)));
      side.send(data("end"));
      side.close(1000);
    };
    await open();
    const { data: got, how } = await rest(client());
    expect(got).to.equal(`${"x".repeat(200_000)}end`);
    expect(how).to.equal("end");
    expect(broken).to.deep.equal([]);
  });

  it("resets the client where the way to the pod breaks, so that half an answer does not look whole", async () => {
    there.api.onForward = (side) => {
      side.send(data("HTTP/1.0 200 OK\r\n\r\nhalf"), () => side.terminate());
    };
    await open();
    expect((await rest(client())).how).to.equal("ECONNRESET");
    expect(broken[0]).to.be.instanceOf(ClusterUnreachable);
    expect(broken[0]?.message).to.match(
      /^the connection to pod master-1 broke: the API server at 127\.0\.0\.1:\d+ is gone$/,
    );
  });

  it("resets the client, and says why, where nothing listens in the pod", async () => {
    there.api.onForward = (side) => {
      side.send(
        problem(
          "error forwarding port 8089 to pod abc, uid : failed: dial tcp4 127.0.0.1:8089: connect: connection refused",
        ),
      );
      side.close(1000);
    };
    await open();
    expect((await rest(client())).how).to.equal("ECONNRESET");
    expect(broken.map(({ message }) => message)).to.deep.equal(["nothing listens on port 8089 of pod master-1"]);
  });

  it("resets the client, and says why, where there is no pod", async () => {
    await open({
      target: async () => {
        throw new RunnerError("Locust's master has no pod now");
      },
    });
    expect((await rest(client())).how).to.equal("ECONNRESET");
    expect(broken.map(({ message }) => message)).to.deep.equal(["Locust's master has no pod now"]);
    expect(there.api.calls).to.deep.equal([]);
  });

  it("tells what the API server said", async () => {
    const body = '{"kind":"Status","message":"pods \\"master-1\\" not found","code":404}';
    there.api.onUpgrade = (socket) =>
      socket.end(`HTTP/1.1 404 Not Found\r\ncontent-length: ${body.length}\r\n\r\n${body}`);
    await open();
    expect((await rest(client())).how).to.equal("ECONNRESET");
    expect(broken[0]).to.be.instanceOf(ClusterRefused).with.property("status", 404);
    expect(broken[0]?.message).to.equal('cannot forward port 8089 of pod master-1: pods "master-1" not found');
  });

  it("gives up on an API server that does not open the way, or is not there", async () => {
    there.api.onUpgrade = () => undefined;
    await open({ timing: { connect: 100 } });
    expect((await rest(client())).how).to.equal("ECONNRESET");
    expect(broken[0]?.message).to.match(/^cannot forward port 8089 of pod master-1: .* no answer within 0\.1 s$/);
    await there.api.close();
    await rest(client());
    expect(broken[1]).to.be.instanceOf(ClusterUnreachable);
    expect(broken[1]?.message).to.match(/connection refused$/);
  });

  it("survives a client that is gone before the pod is reached", async () => {
    let go: (() => void) | undefined;
    there.api.onUpgrade = (_socket: Duplex, open_) => {
      go = open_;
    };
    await open();
    const socket = client();
    await until("the upgrade", () => go !== undefined);
    socket.resetAndDestroy();
    await pause(50);
    go?.();
    await until("no way", () => there.api.forwards.size === 0);
    expect(broken).to.deep.equal([]);
  });

  it("ends everything at once, also what is not open yet", async () => {
    let upgrades = 0;
    there.api.onForward = echo;
    there.api.onUpgrade = (_, go) => {
      if (upgrades++ === 0) go();
    };
    const forward = await open();
    const first = client();
    first.write("hello");
    await once(first, "data");
    // Not before: which of two that come at once asks first is open.
    const second = client();
    await until("two upgrades", () => upgrades === 2);
    const ends = Promise.all([rest(first), rest(second)]);
    const begun = performance.now();
    await Promise.all([forward.close(), forward.close()]);
    expect((await ends).map(({ how }) => how)).to.deep.equal(["ECONNRESET", "ECONNRESET"]);
    expect(performance.now() - begun).to.be.below(500);
    await until("no way", () => there.api.forwards.size === 0);
    expect(broken).to.deep.equal([]);
    expect(String(await caught(once(client(), "connect")))).to.match(/ECONNREFUSED/);
  });

  it("refuses a port that is taken, in one line", async () => {
    const forward = await open();
    const error = await caught(
      openForward({
        cluster: await there.api.cluster(),
        port: 8089,
        target: async () => "x",
        listenPort: forward.port,
      }),
    );
    expect(error).to.be.instanceOf(UsageError);
    expect(error.message).to.equal(`port ${forward.port} for Locust's web UI is taken; choose another with --port`);
  });
});
