import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { expect } from "chai";
import { type Cluster, ClusterRefused, ClusterUnreachable } from "../../../../../runner/places/kubernetes/api/cluster";
import { readLog, saveLogs } from "../../../../../runner/places/kubernetes/logs/logs";
import { caught, FakeApi, refuse } from "../api/fake-api";
import { logPath, queryOf } from "../fake-pod";

describe("logs of pods", () => {
  let api: FakeApi;
  let cluster: Cluster;
  beforeEach(async () => {
    api = await FakeApi.start();
    cluster = await api.cluster();
  });
  afterEach(() => api.close());

  describe("read at once", () => {
    it("are asked for by what is wanted", async () => {
      const queries: object[] = [];
      api.onCall = (request, response) => {
        queries.push(queryOf(request));
        response.end("héllo\n");
      };
      expect(await readLog(cluster, "w-1")).to.equal("héllo\n");
      const sinceTime = new Date("2026-01-01T00:00:00Z");
      await readLog(cluster, "w-1", { sinceTime, tailLines: 10, previous: true });
      expect(queries).to.deep.equal([
        { container: "locust" },
        { container: "locust", sinceTime: "2026-01-01T00:00:00.000Z", tailLines: "10", previous: "true" },
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

    it("are also those of the containers before, beside those of now", async () => {
      api.onCall = (request, response) => response.end(`previous: ${queryOf(request).previous ?? "no"}\n`);
      await saveLogs(cluster, ["w"], folder);
      await saveLogs(cluster, ["w"], folder, { previous: true });
      expect(readFileSync(join(folder, "w.log"), "utf8")).to.equal("previous: no\n");
      expect(readFileSync(join(folder, "w.previous.log"), "utf8")).to.equal("previous: true\n");
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
});
