import { expect } from "chai";
import { LocustClient, LocustRefused, MasterUnreachable } from "../../../runner/engine/client";
import { freePort } from "../../../runner/places/network";
import { sampleAt } from "../results/make";
import { ScriptedLocust } from "./scripted";

describe("Locust's client", () => {
  const caught = (work: Promise<unknown>): Promise<Error> =>
    work.then(
      () => new Error("nothing was thrown"),
      (error: Error) => error,
    );

  it("says that nothing answers", async () => {
    const port = await freePort();
    const error = await caught(new LocustClient({ url: `http://127.0.0.1:${port}`, token: "t" }).status());
    expect(error).to.be.instanceOf(MasterUnreachable);
    expect(error.message).to.equal(`no answer from http://127.0.0.1:${port}: ECONNREFUSED`);
  });

  describe("against a server", () => {
    let locust: ScriptedLocust;
    let client: LocustClient;
    beforeEach(async () => {
      locust = new ScriptedLocust();
      client = await locust.start();
    });
    afterEach(() => locust.close());

    it("gives up on a master that is silent", async () => {
      locust.silent = true;
      const begun = performance.now();
      expect(await caught(client.status())).to.be.instanceOf(MasterUnreachable);
      expect(performance.now() - begun).to.be.within(80, 1000);
    });

    it("rounds the run time up to whole seconds, and takes a refusal with status 200 for one", async () => {
      locust.onSwarm = (form) => ({ success: false, message: `run_time ${form.get("run_time")}` });
      const error = await caught(client.swarm({ users: 1, spawnRate: 0.5, runTime: 1.2 }));
      expect(error).to.be.instanceOf(LocustRefused);
      expect(error.message).to.equal("run_time 2s");
    });

    it("leaves out what is not given", async () => {
      await client.swarm({ users: 3, spawnRate: 1 });
      await client.swarm({ users: 3, spawnRate: 1, arrivals: null });
      await client.swarm({ users: 3, spawnRate: 1, arrivals: { rate: "5/s:1m 6:1m", spacing: "poisson" } });
      expect(locust.calls).to.deep.equal([
        "POST /swarm user_count=3&spawn_rate=1",
        "POST /swarm user_count=3&spawn_rate=1&arrival_rate=",
        "POST /swarm user_count=3&spawn_rate=1&arrival_rate=5%2Fs%3A1m+6%3A1m&arrival_spacing=poisson",
      ]);
    });

    it("gets the samples later than a moment", async () => {
      const { phase: _, ...sample } = sampleAt(0);
      const samples = [0, 1, 2.5].map((t) => ({ ...sample, t, state: "running" as const }));
      locust.series = { run: 2, interval: 1, samples };
      expect(await client.samples(-1)).to.deep.equal(locust.series);
      expect((await client.samples(1)).samples.map(({ t }) => t)).to.deep.equal([2.5]);
    });

    it("says that a run is kept, and passes on why it is not", async () => {
      await client.kept(3);
      expect(locust.calls).to.deep.equal(["POST /loadtest/kept run=3"]);
      expect(locust.tokens).to.deep.equal(new Set(["Bearer secret-token"]));
      locust.keepRefusal = "run 3 is still going on";
      const error = await caught(client.kept(3));
      expect(error).to.be.instanceOf(LocustRefused);
      expect(error.message).to.include("409").and.include("run 3 is still going on");
    });
  });
});
