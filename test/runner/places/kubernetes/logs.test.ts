import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import type { IncomingMessage, ServerResponse } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { expect } from "chai";
import { type Cluster, ClusterRefused, ClusterUnreachable } from "../../../../runner/places/kubernetes/cluster";
import { followLog, readLog, saveLogs } from "../../../../runner/places/kubernetes/logs";
import { caught, FakeApi, refuse } from "./fake-api";

const logPath = /^\/api\/v1\/namespaces\/locust\/pods\/([^/]+)\/log\?/;

describe("logs of pods", () => {
  let api: FakeApi;
  let cluster: Cluster;
  beforeEach(async () => {
    api = await FakeApi.start();
    cluster = await api.cluster();
  });
  afterEach(() => api.close());

  const queryOf = ({ url }: IncomingMessage) => Object.fromEntries(new URL(url ?? "", "http://x").searchParams);

  describe("read at once", () => {
    it("are asked for by what is wanted", async () => {
      const queries: object[] = [];
      api.onCall = (request, response) => {
        queries.push(queryOf(request));
        response.end("héllo\n");
      };
      expect(await readLog(cluster, "w-1")).to.equal("héllo\n");
      const sinceTime = new Date("2026-01-01T00:00:00Z");
      await readLog(cluster, "w-1", { sinceTime, limitBytes: 10, previous: true });
      expect(queries).to.deep.equal([
        { container: "locust" },
        { container: "locust", sinceTime: "2026-01-01T00:00:00.000Z", limitBytes: "10", previous: "true" },
      ]);
    });

    it("fail with what the API server says, or with a cut", async () => {
      api.onCall = (_, response) => refuse(response, 404, 'pods "w-1" not found');
      const refused = await caught(readLog(cluster, "w-1"));
      expect(refused).to.be.instanceOf(ClusterRefused);
      expect(refused.message).to.equal('cannot read the log of pod w-1: pods "w-1" not found');
      api.onCall = (_, response) => response.write("half", () => response.destroy());
      const cut = await caught(readLog(cluster, "w-1"));
      expect(cut).to.be.instanceOf(ClusterUnreachable);
      expect(cut.message).to.match(
        /^cannot read the log of pod w-1: the API server at \S+ cannot be reached: it closed/,
      );
    });
  });

  describe("saved", () => {
    let folder: string;
    beforeEach(() => {
      folder = join(mkdtempSync(join(tmpdir(), "logs-")), "logs");
    });
    afterEach(() => rmSync(join(folder, ".."), { recursive: true, force: true }));

    it("are a file each, eight at a time, and what is not there is told", async () => {
      let [now, most] = [0, 0];
      api.onCall = async (request, response) => {
        const pod = logPath.exec(request.url ?? "")?.[1] ?? "";
        most = Math.max(most, ++now);
        await pause(20);
        now--;
        if (pod === "w-3") return refuse(response, 404, 'pods "w-3" not found');
        if (pod === "w-4") return response.write("the beginning\n", () => response.destroy());
        response.end(`log of ${pod}\n`);
      };
      const pods = Array.from({ length: 20 }, (_, number) => `w-${number}`);
      const warnings = await saveLogs(cluster, pods, folder);
      expect(most).to.equal(8);
      expect(readdirSync(folder)).to.have.members(pods.filter((pod) => pod !== "w-3").map((pod) => `${pod}.log`));
      expect(readFileSync(join(folder, "w-19.log"), "utf8")).to.equal("log of w-19\n");
      expect(readFileSync(join(folder, "w-4.log"), "utf8")).to.equal("the beginning\n");
      expect(warnings).to.have.length(2);
      expect(warnings.join("\n"))
        .to.include('cannot read the log of pod w-3: pods "w-3" not found')
        .and.include("cannot read the log of pod w-4 to its end: ");
    });

    it("are the last 10 MB, from the beginning of a line", async () => {
      const lines = 120_000;
      api.onCall = async (_, response) => {
        for (let number = 0; number < lines; number += 1000) {
          const some = Array.from({ length: 1000 }, (_, more) => `${String(number + more).padStart(99, "x")}\n`);
          if (!response.write(some.join(""))) await new Promise((resolve) => response.once("drain", resolve));
        }
        response.end();
      };
      expect(await saveLogs(cluster, ["w"], folder)).to.deep.equal([]);
      const saved = join(folder, "w.log");
      expect(statSync(saved).size).to.be.within(10 * (1 << 20) - 100, 10 * (1 << 20));
      const all = readFileSync(saved, "utf8");
      expect(all.length % 100).to.equal(0);
      expect(all.slice(0, 100)).to.match(/^x+\d+\n$/);
      expect(all.slice(-7)).to.equal("119999\n");
    });

    it("are none where nothing answers, and each is told", async () => {
      await api.close();
      expect(await saveLogs(cluster, ["a", "b"], folder)).to.have.length(2);
      api = await FakeApi.start();
    });
  });

  describe("followed", () => {
    /** The log of one pod: its lines, and what becomes of those who follow it. */
    class FakePod {
      readonly lines: string[] = [];
      container = { containerID: "one", state: { running: {} } as object, lastState: {} as object };
      queries: Record<string, string>[] = [];
      there = true;
      before: string[] = [];
      readonly followers = new Set<ServerResponse>();
      /** Refuses to read the log. */
      refuse: ((response: ServerResponse) => void) | undefined;

      answer(request: IncomingMessage, response: ServerResponse): void {
        if (!this.there) refuse(response, 404, 'pods "w" not found');
        else if (logPath.test(request.url ?? "")) this.log(queryOf(request), response);
        else {
          const status = { phase: "Running", containerStatuses: [{ name: "locust", ...this.container }] };
          response.setHeader("content-type", "application/json").end(JSON.stringify({ status }));
        }
      }

      private log(query: Record<string, string>, response: ServerResponse): void {
        this.queries.push(query);
        if (this.refuse === undefined) this.send(query, response);
        else this.refuse(response);
      }

      private send(query: Record<string, string>, response: ServerResponse): void {
        const log = query.previous === "true" ? this.before : this.lines;
        const since = Math.floor(Date.parse(query.sinceTime ?? "1970-01-01T00:00:00Z") / 1000) * 1000;
        const from = log.filter((line) => Date.parse(line.split(" ")[0] ?? "") >= since);
        const tail = query.tailLines === undefined ? from : from.slice(from.length - Number(query.tailLines));
        response.writeHead(200);
        response.write(tail.map((line) => `${line}\n`).join(""));
        if ("running" in this.container.state && query.follow === "true") this.followers.add(response);
        else response.end();
      }

      write(text: string): void {
        const line = `${new Date().toISOString().slice(0, -1)}000000Z ${text}`;
        this.lines.push(line);
        for (const follower of this.followers) follower.write(`${line}\n`);
      }

      end(): void {
        this.container = { ...this.container, state: { terminated: {} } };
        this.cut((follower) => follower.end());
      }

      cut(how: (follower: ServerResponse) => void): void {
        for (const follower of this.followers) how(follower);
        this.followers.clear();
      }
    }

    let pod: FakePod;
    let got: string[];
    let stop: AbortController;
    beforeEach(() => {
      [pod, got, stop] = [new FakePod(), [], new AbortController()];
      api.onCall = (request, response) => pod.answer(request, response);
    });

    const follow = (options = {}) => followLog(cluster, "w", options, (line) => got.push(line), stop.signal);

    async function until(what: string, check: () => boolean): Promise<void> {
      const deadline = performance.now() + 4000;
      while (!check()) {
        if (performance.now() > deadline) throw new Error(`${what}: not within 4 s; got ${JSON.stringify(got)}`);
        await pause(10);
      }
    }

    it("come line by line, until the container ends", async () => {
      pod.write("one");
      const followed = follow();
      await until("the first line", () => got.length === 1);
      pod.write("two  words ");
      await until("the second line", () => got.length === 2);
      for (const follower of pod.followers) follower.write(`${new Date().toISOString()} last wor`);
      await pause(50);
      expect(got).to.deep.equal(["one", "two  words "]);
      pod.lines.push(`${new Date().toISOString()} last word`);
      pod.end();
      await followed;
      expect(got).to.deep.equal(["one", "two  words ", "last word"]);
    });

    it("go on after a cut, without a line lost or told twice", async () => {
      for (let number = 0; number < 5; number++) pod.write(`before ${number}`);
      const followed = follow();
      await until("the log", () => got.length === 5);
      // In the middle of a line, without an error, and with one.
      pod.cut((follower) => follower.write(`${new Date().toISOString()} bro`, () => follower.destroy()));
      pod.write("while away");
      await until("the line in between", () => got.includes("while away"));
      pod.cut((follower) => follower.end());
      pod.write("while away");
      await until("the same line again", () => got.length === 7);
      pod.write("after");
      await until("the last line", () => got.includes("after"));
      pod.end();
      await followed;
      const before = Array.from({ length: 5 }, (_, number) => `before ${number}`);
      expect(got).to.deep.equal([...before, "while away", "while away", "after"]);
      expect(pod.queries[0]).to.not.have.property("sinceTime");
      expect(pod.queries[1]).to.have.property("sinceTime");
    });

    it("begin with the last lines, and do not begin there again after a cut", async () => {
      for (let number = 0; number < 5; number++) pod.write(`${number}`);
      const followed = follow({ tailLines: 2 });
      await until("two lines", () => got.length === 2);
      pod.cut((follower) => follower.destroy());
      for (let number = 5; number < 9; number++) pod.write(`${number}`);
      await until("the rest", () => got.length === 6);
      pod.end();
      await followed;
      expect(got).to.deep.equal(["3", "4", "5", "6", "7", "8"]);
    });

    it("lose nothing where the connection breaks before the first line", async () => {
      const followed = follow({ tailLines: 0 });
      await until("a follower", () => pod.followers.size === 1);
      pod.cut((follower) => follower.destroy());
      pod.write("first");
      await until("the line", () => got.length === 1);
      pod.end();
      await followed;
      expect(got).to.deep.equal(["first"]);
    });

    it("wait for a container that has yet to start, and for an API server that fails for a moment", async () => {
      pod.container.containerID = "";
      pod.refuse = (response) =>
        refuse(response, 400, 'container "locust" in pod "w" is waiting to start: ContainerCreating');
      const followed = follow();
      await until("a question", () => pod.queries.length === 1);
      pod.refuse = (response) => refuse(response, 502, "the node is away");
      await until("another question", () => pod.queries.length === 2);
      pod.refuse = undefined;
      pod.container.containerID = "one";
      pod.write("up");
      await until("the line", () => got.length === 1);
      pod.end();
      await followed;
    });

    it("end with the pod, and with the container that was followed where another takes its place", async () => {
      const gone = follow();
      await until("a follower", () => pod.followers.size === 1);
      pod.there = false;
      pod.cut((follower) => follower.end());
      await gone;
      pod.there = true;
      pod.write("one");
      const restarted = follow();
      await until("the line", () => got.length === 1);
      pod.write("two");
      pod.before = [...pod.lines, `${new Date().toISOString()} died`];
      pod.lines.splice(0);
      pod.container.containerID = "two";
      pod.cut((follower) => follower.destroy());
      pod.write("not of this container");
      await restarted;
      expect(got).to.deep.equal(["one", "two", "died"]);
    });

    it("end when they are asked to, at any time", async () => {
      stop.abort();
      await follow();
      expect(api.calls).to.deep.equal([]);
      stop = new AbortController();
      const followed = follow();
      await until("a follower", () => pod.followers.size === 1);
      let closed = false;
      for (const follower of pod.followers) {
        follower.once("close", () => {
          closed = true;
        });
      }
      stop.abort();
      await followed;
      await until("the end of the connection", () => closed);
    });

    it("hand on what the reader of the lines throws", async () => {
      pod.write("one");
      const fail = () => {
        throw new Error("no more");
      };
      expect((await caught(followLog(cluster, "w", {}, fail, stop.signal))).message).to.equal("no more");
    });

    it("fail where there is no such pod, and where the log may not be read", async () => {
      pod.there = false;
      expect((await caught(follow())).message).to.equal('cannot read the log of pod w: pods "w" not found');
      pod.there = true;
      pod.refuse = (response) => refuse(response, 403, "no");
      expect(await caught(follow()))
        .to.be.instanceOf(ClusterRefused)
        .with.property("status", 403);
    });
  });
});
