import { setTimeout as pause } from "node:timers/promises";
import { expect } from "chai";
import { type Cluster, ClusterRefused } from "../../../../../runner/places/kubernetes/api/cluster";
import { followLog } from "../../../../../runner/places/kubernetes/logs/follow";
import { poll } from "../../../../support/poll";
import { caught, FakeApi, refuse } from "../api/fake-api";
import { FakePod } from "../fake-pod";

describe("logs of pods", () => {
  describe("followed", () => {
    let api: FakeApi;
    let cluster: Cluster;
    let pod: FakePod;
    let got: string[];
    let stop: AbortController;
    beforeEach(async () => {
      [pod, got, stop] = [new FakePod(), [], new AbortController()];
      api = await FakeApi.start();
      api.onCall = (request, response) => pod.answer(request, response);
      cluster = await api.cluster();
    });
    afterEach(() => api.close());

    const follow = (options = {}) => followLog(cluster, "w", options, (line) => got.push(line), stop.signal);

    async function until(what: string, check: () => boolean): Promise<void> {
      const problem = () => `${what}: not within 4 s; got ${JSON.stringify(got)}`;
      await poll(check, { limit: 4000, every: 10, problem });
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
