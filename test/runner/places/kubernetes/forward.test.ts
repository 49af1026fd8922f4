import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { type Duplex, Readable } from "node:stream";
import { setTimeout as pause } from "node:timers/promises";
import { expect } from "chai";
import { RunnerError, UsageError } from "../../../../runner/errors";
import { ClusterRefused, ClusterUnreachable } from "../../../../runner/places/kubernetes/cluster";
import { type Forward, type ForwardOptions, openForward } from "../../../../runner/places/kubernetes/forward";
import { caught, FakeApi, type PodSide } from "./fake-api";

const megabyte = 1 << 20;

describe("a port that leads into a pod", () => {
  let api: FakeApi;
  let forward: Forward;
  let broken: Error[];
  const clients: Socket[] = [];

  async function open(options: Partial<ForwardOptions> = {}, api_ = api): Promise<Forward> {
    broken = [];
    const cluster = await api_.cluster();
    const target = async () => "master-1";
    forward = await openForward({ cluster, port: 8089, target, onBroken: (error) => broken.push(error), ...options });
    return forward;
  }

  function client(options: object = {}): Socket {
    const socket = connect({ port: forward.port, host: "127.0.0.1", ...options });
    clients.push(socket);
    return socket;
  }

  /** All that comes, and how it ended: `end`, or the code of an error. */
  async function rest(socket: Socket): Promise<{ data: string; how: string }> {
    const chunks: Buffer[] = [];
    let how = "";
    socket.on("data", (chunk) => chunks.push(chunk));
    socket.on("end", () => {
      how = "end";
    });
    socket.on("error", (error: NodeJS.ErrnoException) => {
      how = error.code ?? error.message;
    });
    await new Promise((resolve) => socket.once("close", resolve));
    return { data: Buffer.concat(chunks).toString(), how };
  }

  const data = (text: string) => Buffer.concat([Buffer.from([0]), Buffer.from(text)]);
  const problem = (text: string) => Buffer.concat([Buffer.from([1]), Buffer.from(text)]);
  const echo = (side: PodSide) => side.on("message", (frame) => side.send(Buffer.from(frame)));

  async function until(what: string, check: () => boolean, limit = 3000): Promise<void> {
    const deadline = performance.now() + limit;
    while (!check()) {
      if (performance.now() > deadline) throw new Error(`${what}: not within ${limit} ms`);
      await pause(10);
    }
  }

  beforeEach(async () => {
    api = await FakeApi.start();
  });
  afterEach(async () => {
    for (const socket of clients.splice(0)) socket.destroy();
    await forward.close();
    await api.close();
  });

  it("keeps what is sent before the pod is reached, in order", async () => {
    api.onUpgrade = (_, go) => setTimeout(go, 100);
    api.onForward = echo;
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
    expect(api.calls).to.deep.equal(["/api/v1/namespaces/locust/pods/master-1/portforward?ports=8089"]);
  });

  it("asks for the pod anew for each connection", async () => {
    const pods = ["master-1", "master-2"];
    api.onForward = (side) => side.close(1000);
    await open({ target: async () => pods.shift() ?? "none" });
    await rest(client());
    await rest(client());
    expect(api.calls.map((path) => /pods\/([^/]+)/.exec(path)?.[1])).to.deep.equal(["master-1", "master-2"]);
    expect(broken).to.deep.equal([]);
  });

  it("ends the client's connection as the pod does, with all that it said", async () => {
    api.onForward = (side) => {
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
    api.onForward = (side) => {
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
    api.onForward = (side) => {
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
    expect(api.calls).to.deep.equal([]);
  });

  it("tells what the API server said", async () => {
    const body = '{"kind":"Status","message":"pods \\"master-1\\" not found","code":404}';
    api.onUpgrade = (socket) => socket.end(`HTTP/1.1 404 Not Found\r\ncontent-length: ${body.length}\r\n\r\n${body}`);
    await open();
    expect((await rest(client())).how).to.equal("ECONNRESET");
    expect(broken[0]).to.be.instanceOf(ClusterRefused).with.property("status", 404);
    expect(broken[0]?.message).to.equal('cannot forward port 8089 of pod master-1: pods "master-1" not found');
  });

  it("gives up on an API server that does not open the way, or is not there", async () => {
    api.onUpgrade = () => undefined;
    await open({ timing: { connect: 100 } });
    expect((await rest(client())).how).to.equal("ECONNRESET");
    expect(broken[0]?.message).to.match(/^cannot forward port 8089 of pod master-1: .* no answer within 0\.1 s$/);
    await api.close();
    await rest(client());
    expect(broken[1]).to.be.instanceOf(ClusterUnreachable);
    expect(broken[1]?.message).to.match(/connection refused$/);
  });

  it("notices that the other side is gone without a word", async () => {
    const silent = await FakeApi.start({ autoPong: false });
    let side: PodSide | undefined;
    silent.onForward = (opened) => {
      side = opened;
      opened.send(data("hello"));
    };
    await open({ timing: { ping: 20, silence: 100 } }, silent);
    const begun = performance.now();
    expect(await rest(client())).to.deep.equal({ data: "hello", how: "ECONNRESET" });
    expect(performance.now() - begun).to.be.within(80, 1000);
    expect(broken[0]).to.be.instanceOf(ClusterUnreachable);
    expect(side).to.not.equal(undefined);
    await forward.close();
    await silent.close();
  });

  it("stays where the other side answers, however little there is to say", async () => {
    api.onForward = echo;
    await open({ timing: { ping: 20, silence: 100 } });
    const socket = client();
    await once(socket, "connect");
    await pause(400);
    socket.write("still here?");
    expect(String((await once(socket, "data"))[0])).to.equal("still here?");
  });

  it("stays where this process was busy for longer than that", async () => {
    api.onForward = echo;
    await open({ timing: { ping: 20, silence: 100 } });
    const socket = client();
    socket.write("one");
    await once(socket, "data");
    const end = performance.now() + 300;
    while (performance.now() < end);
    socket.write("two");
    expect(String((await once(socket, "data"))[0])).to.equal("two");
    expect(broken).to.deep.equal([]);
  });

  it("does not take a client that reads nothing for a way that is broken, and reads no more than a little for it", async () => {
    let side: PodSide | undefined;
    let sent = 0;
    const total = 50 * megabyte;
    api.onForward = (opened) => {
      side = opened;
      const chunk = Buffer.concat([Buffer.from([0]), Buffer.alloc(32_768, "x")]);
      const next = () => {
        if (sent >= total) return opened.close(1000);
        sent += chunk.length - 1;
        opened.send(chunk, next);
      };
      next();
    };
    await open({ timing: { ping: 20, silence: 100 } });
    const before = process.memoryUsage().rss;
    const socket = client();
    socket.pause();
    await once(socket, "connect");
    await pause(700);
    const stuck = sent;
    expect(stuck, "sent while the client did not read").to.be.within(1, 20 * megabyte);
    expect(side?.isPaused).to.equal(false);
    let got = 0;
    socket.on("data", (chunk) => {
      got += chunk.length;
    });
    socket.resume();
    await new Promise((resolve) => socket.once("close", resolve));
    expect(got).to.equal(total);
    expect(broken).to.deep.equal([]);
    expect(process.memoryUsage().rss - before, "memory").to.be.below(40 * megabyte);
  });

  it("reads no more from a client than the pod takes", async () => {
    let side: PodSide | undefined;
    let got = 0;
    api.onForward = (opened) => {
      side = opened;
      opened.on("message", (frame) => {
        got += frame.length - 1;
      });
      opened.pause();
    };
    await open();
    const [chunk, count] = [Buffer.alloc(65_536, "x"), 800];
    let taken = 0;
    const source = Readable.from(
      (function* () {
        for (; taken < count; taken++) yield chunk;
      })(),
    );
    source.pipe(client());
    await until("the way", () => side !== undefined);
    await pause(500);
    expect(got).to.equal(0);
    // The kernel's buffers of two connections, and a little of ours.
    expect(taken * chunk.length, "taken from the client").to.be.within(1, 20 * megabyte);
    side?.resume();
    await until("all of it", () => got === count * chunk.length, 8000);
  });

  it("closes the way when the client goes, and nothing is called broken", async () => {
    api.onForward = echo;
    await open({ timing: { linger: 1000 } });
    for (const leave of [(socket: Socket) => socket.resetAndDestroy(), (socket: Socket) => socket.destroy()]) {
      const socket = client();
      socket.write("hello");
      await once(socket, "data");
      expect(api.forwards.size).to.equal(1);
      leave(socket);
      await until("no way", () => api.forwards.size === 0, 500);
    }
    expect(broken).to.deep.equal([]);
  });

  it("still brings the answer to a client that has closed its side", async () => {
    api.onForward = (side) =>
      side.on("message", (frame) => {
        setTimeout(() => {
          side.send(Buffer.from(frame));
          side.close(1000);
        }, 200);
      });
    await open();
    const socket = client({ allowHalfOpen: true });
    socket.end("a question");
    expect(await rest(socket)).to.deep.equal({ data: "a question", how: "end" });
  });

  it("survives a client that is gone before the pod is reached", async () => {
    let go: (() => void) | undefined;
    api.onUpgrade = (_socket: Duplex, open_) => {
      go = open_;
    };
    await open();
    const socket = client();
    await until("the upgrade", () => go !== undefined);
    socket.resetAndDestroy();
    await pause(50);
    go?.();
    await until("no way", () => api.forwards.size === 0);
    expect(broken).to.deep.equal([]);
  });

  it("ends everything at once, also what is not open yet", async () => {
    let upgrades = 0;
    api.onForward = echo;
    api.onUpgrade = (_, go) => {
      if (upgrades++ === 0) go();
    };
    await open();
    const [first, second] = [client(), client()];
    first.write("hello");
    await once(first, "data");
    await until("two upgrades", () => upgrades === 2);
    const ends = Promise.all([rest(first), rest(second)]);
    const begun = performance.now();
    await Promise.all([forward.close(), forward.close()]);
    expect((await ends).map(({ how }) => how)).to.deep.equal(["ECONNRESET", "ECONNRESET"]);
    expect(performance.now() - begun).to.be.below(500);
    await until("no way", () => api.forwards.size === 0);
    expect(broken).to.deep.equal([]);
    expect(String(await caught(once(client(), "connect")))).to.match(/ECONNREFUSED/);
  });

  it("refuses a port that is taken, in one line", async () => {
    await open();
    const error = await caught(
      openForward({ cluster: await api.cluster(), port: 8089, target: async () => "x", listenPort: forward.port }),
    );
    expect(error).to.be.instanceOf(UsageError);
    expect(error.message).to.equal(`port ${forward.port} for Locust's page is taken; choose another with --port`);
  });
});
