import { createHash } from "node:crypto";
import { once } from "node:events";
import { Agent, type IncomingMessage, request } from "node:http";
import { buffer, json } from "node:stream/consumers";
import { setTimeout as pause } from "node:timers/promises";
import { expect } from "chai";
import { type Cluster, ClusterUnreachable } from "../../runner/places/kubernetes/api/cluster";
import { connectCluster } from "../../runner/places/kubernetes/api/connect";
import { type Forward, openForward } from "../../runner/places/kubernetes/port-forward/forward";
import { kubectl, until } from "../support/cluster";
import { ownNamespace } from "../support/namespace";
import { Tunnel } from "../support/ways";
import { podName, startServer, waitUntilReady } from "./counting-server";

const megabyte = 1 << 20;

describe("a port that leads into a pod, on a real cluster", function () {
  this.timeout(90_000);
  const namespace = ownNamespace("forward");
  let cluster: Cluster;
  let forward: Forward;
  let connections: number;
  let broken: Error[];

  before(async () => {
    startServer(namespace);
    cluster = await connectCluster({ namespace });
  });

  beforeEach(async () => {
    connections = 0;
    broken = [];
    forward = await openTo(8089);
  });
  afterEach(() => forward?.close());

  /** To the pod that is there when a connection comes, as the API says it. */
  function openTo(port: number): Promise<Forward> {
    const target = async () => {
      connections++;
      const { items } = await cluster.core.listNamespacedPod({ namespace });
      return items.find(({ metadata }) => metadata?.deletionTimestamp === undefined)?.metadata?.name ?? "none";
    };
    return openForward({ cluster, port, target, onBroken: (error) => broken.push(error) });
  }

  function ask(path: string, agent: Agent | undefined, body?: Buffer): Promise<IncomingMessage> {
    return new Promise((resolve, reject) => {
      const { port } = forward;
      const options = { host: "127.0.0.1", port, path, agent, method: body === undefined ? "GET" : "POST" };
      request(options, resolve).on("error", reject).end(body);
    });
  }

  const count = async (agent: Agent) => ((await json(await ask("/", agent))) as { count: number }).count;
  const sha = (data: Buffer) => createHash("sha256").update(data).digest("hex");

  it("serves one request after the other over one connection", async () => {
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    const first = await count(agent);
    const times: number[] = [];
    for (let number = 1; number <= 200; number++) {
      const begun = performance.now();
      expect(await count(agent)).to.equal(first + number);
      times.push(performance.now() - begun);
    }
    agent.destroy();
    times.sort((a, b) => a - b);
    console.log(`      a request: median ${times[100]?.toFixed(1)} ms, p99 ${times[198]?.toFixed(1)} ms`);
    expect(connections).to.equal(1);
    expect(times[100]).to.be.below(50);
  });

  it("serves many at once", async () => {
    const begun = performance.now();
    const all = await Promise.all(
      Array.from({ length: 20 }, async () => json(await ask("/", new Agent())) as Promise<{ count: number }>),
    );
    console.log(`      20 connections at once: ${Math.round(performance.now() - begun)} ms`);
    const counts = all.map((one) => one.count).sort((a, b) => a - b);
    expect(new Set(counts).size).to.equal(20);
    expect((counts[19] ?? 0) - (counts[0] ?? 0)).to.equal(19);
    expect(connections).to.equal(20);
    expect(broken).to.deep.equal([]);
  });

  it("brings 20 MB in both directions unharmed", async () => {
    const size = 20 * megabyte;
    const expected = Buffer.alloc(size, Buffer.from(Array.from({ length: 256 }, (_, byte) => byte)));
    let begun = performance.now();
    const got = await buffer(await ask(`/bytes?${size}`, undefined));
    console.log(`      20 MB from the pod: ${Math.round(performance.now() - begun)} ms`);
    expect(sha(got)).to.equal(sha(expected));
    begun = performance.now();
    expect(String(await buffer(await ask("/", undefined, expected)))).to.equal(sha(expected));
    console.log(`      20 MB to the pod: ${Math.round(performance.now() - begun)} ms`);
  });

  it("holds little of 50 MB for a client that does not read", async () => {
    const before = process.memoryUsage().rss;
    const response = await ask(`/bytes?${50 * megabyte}`, undefined);
    response.pause();
    await pause(2000);
    expect(process.memoryUsage().rss - before).to.be.below(30 * megabyte);
    let got = 0;
    for await (const chunk of response) got += chunk.length;
    expect(got).to.equal(50 * megabyte);
    expect(process.memoryUsage().rss - before).to.be.below(40 * megabyte);
    expect(broken).to.deep.equal([]);
  });

  it("breaks the connection at once where nothing listens, and says so", async () => {
    await forward.close();
    forward = await openTo(9999);
    const begun = performance.now();
    const error = await ask("/", undefined).catch((caught) => caught);
    expect(error).to.be.instanceOf(Error).with.property("code", "ECONNRESET");
    expect(performance.now() - begun).to.be.below(3000);
    expect(broken.map(({ message }) => message)).to.deep.equal([
      `nothing listens on port 9999 of pod ${podName(namespace)}`,
    ]);
  });

  it("breaks an answer off that the pod's end cuts, and reaches the pod that comes after it", async () => {
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    await count(agent);
    const former = podName(namespace);
    const response = await ask("/half", undefined);
    const body = buffer(response).then(
      (data) => `whole: ${data}`,
      (error) => error.code,
    );
    kubectl(namespace, ["delete", "pod", former, "--wait=false"]);
    const begun = performance.now();
    const how = await body;
    console.log(`      the end of the pod was seen after ${Math.round(performance.now() - begun)} ms: ${how}`);
    expect(how).to.equal("ECONNRESET");
    waitUntilReady(namespace);
    expect(podName(namespace)).to.not.equal(former);
    await until(
      "an answer",
      () =>
        count(agent).then(
          (got) => got === 1,
          () => false,
        ),
      5,
    );
    agent.destroy();
  });

  it("goes through a proxy, and notices that it lets nothing through any more", async () => {
    const proxy = await Tunnel.start();
    const proxied = await connectCluster({ namespace }, proxy.env);
    await forward.close();
    forward = await openForward({
      ...{ cluster: proxied, port: 8089, target: async () => podName(namespace) },
      onBroken: (error) => broken.push(error),
      timing: { ping: 200, silence: 1000 },
    });
    const response = await ask("/half", undefined);
    await once(response, "data");
    await pause(1500);
    expect(broken, "while it only takes its time").to.deep.equal([]);
    proxy.freeze();
    const begun = performance.now();
    const [error] = await once(response, "error");
    expect(error).to.have.property("code", "ECONNRESET");
    expect(performance.now() - begun).to.be.within(700, 2500);
    expect(broken[0]).to.be.instanceOf(ClusterUnreachable);
    expect(proxy.count).to.equal(1);
    await proxy.close();
  });

  it("names the API server's answer for a pod that is not there", async () => {
    await forward.close();
    forward = await openForward({
      ...{ cluster, port: 8089, target: async () => "no-such-pod" },
      onBroken: (error) => broken.push(error),
    });
    await ask("/", undefined).catch(() => undefined);
    expect(broken.map(({ message }) => message)).to.deep.equal([
      'cannot forward port 8089 of pod no-such-pod: pods "no-such-pod" not found',
    ]);
  });
});
