import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { expect } from "chai";
import { type Cluster, ClusterRefused } from "../../runner/places/kubernetes/api/cluster";
import { connectCluster } from "../../runner/places/kubernetes/api/connect";
import { followLog } from "../../runner/places/kubernetes/logs/follow";
import { readLog, saveLogs } from "../../runner/places/kubernetes/logs/logs";
import { type Forward, openForward } from "../../runner/places/kubernetes/port-forward/forward";
import { apply, kubectl, until } from "../support/cluster";
import { ownNamespace } from "../support/namespace";
import { needs } from "../support/needs";
import { Tunnel } from "../support/ways";
import { podName, startServer } from "./counting-server";

describe("logs of pods, on a real cluster", function () {
  this.timeout(90_000);
  const namespace = ownNamespace("logs");
  let cluster: Cluster;
  let forward: Forward;
  let pod: string;

  before(async () => {
    startServer(namespace);
    pod = podName(namespace);
    cluster = await connectCluster({ namespace });
    forward = await openForward({ cluster, port: 8089, target: async () => podName(namespace) });
  });
  after(() => forward?.close());

  const say = async (lines: number) => void (await (await fetch(`${forward.url}/log?${lines}`)).text());

  it("are read whole, by their time, and their last lines", async () => {
    expect(await readLog(cluster, pod)).to.equal("up\n");
    expect(await readLog(cluster, pod, { tailLines: 1 })).to.equal("up\n");
    expect(await readLog(cluster, pod, { sinceTime: new Date(Date.now() + 60_000) })).to.equal("");
    const error = await readLog(cluster, pod, { previous: true }).catch((caught) => caught);
    expect(error).to.be.instanceOf(ClusterRefused).with.property("status", 400);
    expect(error.message).to.match(
      /^cannot read the log of pod \S+: previous terminated container "locust" .* not found$/,
    );
  });

  it("are followed through cuts of the connection, each line once", async () => {
    const proxy = await Tunnel.start();
    const cutting = await connectCluster({ namespace }, proxy.env);
    const lines: string[] = [];
    const stop = new AbortController();
    const followed = followLog(cutting, pod, {}, (line) => lines.push(line), stop.signal);
    for (let round = 1; round <= 4; round++) {
      await say(250);
      await until("some lines", () => lines.length > 200 * round, 20);
      proxy.refusing = true;
      proxy.cut();
      await say(250);
      await pause(300);
      proxy.refusing = false;
    }
    const expected = [
      "up",
      ...Array.from({ length: 8 }, () => Array.from({ length: 250 }, (_, n) => `line ${n}`)).flat(),
    ];
    await until("all lines", () => lines.length >= expected.length, 20);
    await pause(500);
    stop.abort();
    await followed;
    await proxy.close();
    expect(lines.length).to.equal(expected.length);
    expect(lines.join("\n") === expected.join("\n"), "in order").to.equal(true);
  });

  it("begin with the last lines, and end with the container, whose last words are told", async () => {
    const lines: string[] = [];
    const followed = followLog(
      cluster,
      pod,
      { tailLines: 2 },
      (line) => lines.push(line),
      new AbortController().signal,
    );
    await until("two lines", () => lines.length === 2);
    await fetch(`${forward.url}/exit`).catch(() => undefined);
    await followed;
    expect(lines).to.deep.equal(["line 248", "line 249", "bye"]);
    const previous = () => readLog(cluster, pod, { previous: true }).catch(() => "");
    await until("another container", async () => (await previous()).slice(-12) === "line 249\nbye");
  });

  it("are saved, and those that are not there are told", async () => {
    const folder = mkdtempSync(join(tmpdir(), "logs-"));
    const warnings = await saveLogs(cluster, [pod, "no-such-pod"], folder);
    const saved = readFileSync(join(folder, `${pod}.log`), "utf8");
    rmSync(folder, { recursive: true, force: true });
    expect(saved.slice(0, 3)).to.equal("up\n");
    expect(warnings).to.deep.equal(['cannot read the log of pod no-such-pod: pods "no-such-pod" not found']);
  });

  it("are waited for while the pod has yet to start", async () => {
    const spec = {
      terminationGracePeriodSeconds: 0,
      restartPolicy: "Never",
      initContainers: [{ name: "wait", image: "docker.io/locustio/locust:2.47.0", command: ["sleep", "3"] }],
      containers: [{ name: "locust", image: "docker.io/locustio/locust:2.47.0", command: ["echo", "at last"] }],
    };
    const late = { apiVersion: "v1", kind: "Pod", metadata: { name: "late" }, spec };
    apply(namespace, late);
    const lines: string[] = [];
    await followLog(cluster, "late", {}, (line) => lines.push(line), new AbortController().signal);
    expect(lines).to.deep.equal(["at last"]);
  });
});

describe("a user that may do little, on a real cluster", function () {
  this.timeout(30_000);
  needs("cluster");

  it("is told what is not allowed, with its own token", async () => {
    const token = kubectl("default", ["create", "token", "default"]);
    const { clusters } = JSON.parse(kubectl("default", ["config", "view", "--raw", "--output", "json"]));
    const config = (secret: string) =>
      JSON.stringify({
        clusters: [{ ...clusters[0], name: "c" }],
        users: [{ name: "u", user: { token: secret } }],
        contexts: [{ name: "small", context: { cluster: "c", user: "u" } }],
        "current-context": "small",
      });
    const list = async (secret: string) => {
      const cluster = await connectCluster({ kubeconfig: config(secret), namespace: "default" });
      return cluster
        .call("list the pods", () => cluster.core.listNamespacedPod({ namespace: "default" }))
        .catch((error) => error);
    };
    expect((await list(token)).message).to.equal(
      "cannot list the pods: context small is not allowed to list pods in namespace default (its user is system:serviceaccount:default:default)",
    );
    expect((await list("wrong")).message).to.equal(
      "cannot list the pods: the credentials of context small are not accepted; have they expired?",
    );
  });
});
