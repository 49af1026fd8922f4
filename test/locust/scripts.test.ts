import { expect } from "chai";
import { type DemoTarget, startDemoTarget } from "../../runner/demo/target";
import { freePort, type Running, scripts, sleep, startLocust, stopAll, until } from "./processes";

const samples = ["script1.py", "script2.py", "script_requests.py", "script_shape.py", "script_shop.py"];

describe("The sample scripts", function () {
  this.timeout(60_000);
  let target: DemoTarget;

  beforeEach(async () => {
    target = await startDemoTarget({ port: 0 });
  });
  afterEach(async () => {
    await stopAll();
    await target.close();
  });

  it("run against the demo without a failure", async () => {
    const all: Running[] = [];
    for (const sample of samples) {
      const headless = ["--headless", "--only-summary", "--host", target.url, "--stop-timeout", "3"];
      const users = sample === "script_shape.py" ? [] : ["-u", "6", "-r", "6"];
      all.push(await startLocust(`${scripts}/${sample}`, [...headless, ...users]));
    }
    await Promise.all(
      all.map((locust) => until(async () => locust.output().includes("All users spawned"), "the users", locust)),
    );
    await sleep(3500);
    // Not SIGTERM: a headless Locust with a load shape has no handler for it yet.
    for (const { child } of all) child.kill("SIGINT");
    for (const [index, locust] of all.entries()) {
      const code = await locust.ended;
      const output = locust.output();
      expect(code, output).to.equal(0);
      const requests = Number(/Aggregated +(\d+) +0\(0.00%\)/.exec(output)?.[1] ?? 0);
      expect(requests, `${samples[index]}\n${output}`).to.be.greaterThan(3);
    }
    const { failures, byRoute } = target.counts();
    expect(failures).to.equal(0);
    expect(Object.keys(byRoute)).to.include.members(["GET /", "POST /login", "GET /products", "GET /products/:id"]);
    expect(byRoute["POST /login"]?.requests, "one login a user").to.equal(6);
  });

  it("stop a user of the shop who cannot log in", async () => {
    const other = await startDemoTarget({ port: await freePort() });
    const args = ["--headless", "--only-summary", "--host", `${other.url}/elsewhere`, "-u", "1", "-r", "1", "-t", "3s"];
    const locust = await startLocust(`${scripts}/script_shop.py`, args);
    expect(await locust.ended, locust.output()).to.equal(1);
    expect(locust.output()).to.include("A user stops: POST /login answered 404");
    expect(other.counts().byRoute).to.deep.equal({ unknown: { requests: 1, failures: 1 } });
    await other.close();
  });
});
