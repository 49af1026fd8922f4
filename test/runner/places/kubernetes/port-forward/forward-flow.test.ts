import { once } from "node:events";
import type { Socket } from "node:net";
import { Readable } from "node:stream";
import { setTimeout as pause } from "node:timers/promises";
import { expect } from "chai";
import { ClusterUnreachable } from "../../../../../runner/places/kubernetes/api/cluster";
import { FakeApi, type PodSide } from "../api/fake-api";
import { data, echo, forwarding, rest, until } from "./forwarding";

const megabyte = 1 << 20;

describe("a port that leads into a pod", () => {
  const there = forwarding();
  const { open, client, broken } = there;

  it("notices that the other side is gone without a word", async () => {
    const silent = await FakeApi.start({ autoPong: false });
    let side: PodSide | undefined;
    silent.onForward = (opened) => {
      side = opened;
      opened.send(data("hello"));
    };
    const forward = await open({ timing: { ping: 20, silence: 100 } }, silent);
    const begun = performance.now();
    expect(await rest(client())).to.deep.equal({ data: "hello", how: "ECONNRESET" });
    expect(performance.now() - begun).to.be.within(80, 1000);
    expect(broken[0]).to.be.instanceOf(ClusterUnreachable);
    expect(side).to.not.equal(undefined);
    await forward.close();
    await silent.close();
  });

  it("stays where the other side answers, however little there is to say", async () => {
    there.api.onForward = echo;
    await open({ timing: { ping: 20, silence: 100 } });
    const socket = client();
    await once(socket, "connect");
    await pause(400);
    socket.write("still here?");
    expect(String((await once(socket, "data"))[0])).to.equal("still here?");
  });

  it("stays where this process was busy for longer than that", async () => {
    there.api.onForward = echo;
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
    there.api.onForward = (opened) => {
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
    there.api.onForward = (opened) => {
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
    there.api.onForward = echo;
    await open({ timing: { linger: 1000 } });
    for (const leave of [(socket: Socket) => socket.resetAndDestroy(), (socket: Socket) => socket.destroy()]) {
      const socket = client();
      socket.write("hello");
      await once(socket, "data");
      expect(there.api.forwards.size).to.equal(1);
      leave(socket);
      await until("no way", () => there.api.forwards.size === 0, 500);
    }
    expect(broken).to.deep.equal([]);
  });

  it("still brings the answer to a client that has closed its side", async () => {
    there.api.onForward = (side) =>
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
});
