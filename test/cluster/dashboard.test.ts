import { expect } from "chai";
import { kubectl, podsOf } from "../support/cluster";
import { sharedTest } from "../support/deployed";
import { listeners } from "../support/listeners";
import { finished, onlyRun, runsIn, temporaryFolder } from "../support/project";

describe("the dashboard of a deployed test", function () {
  this.timeout(120_000);
  const test = sharedTest();
  const { namespace } = test;

  /** Opens the address as a browser does: gives the cookie that it got. */
  async function enter(address: string): Promise<{ page: string; cookie: string }> {
    const response = await fetch(address, { redirect: "manual" });
    expect(response.status).to.equal(303);
    return { page: new URL(address).origin, cookie: (response.headers.get("set-cookie") ?? "").split(";")[0] ?? "" };
  }

  const form = (load: Record<string, string>) => new URLSearchParams({ user_count: "3", spawn_rate: "10", ...load });

  it("shows Locust's web UI on loopback only, keeps its runs, and survives a new master", async () => {
    const results = temporaryFolder();
    const command = test.start("dashboard", "--no-open", "--port", "18089", "--results", results);
    const [, address = ""] = await command.waitFor(/Locust's web UI: (http:\S+)/, 60_000);
    expect(address)
      .to.match(/^http:\/\/127\.0\.0\.1:18089\/\?token=/)
      .and.not.include(test.token);
    for (const { address: on } of listeners(command.pid)) expect(on).to.equal("127.0.0.1");
    const { page, cookie } = await enter(address);
    const start = (headers: Record<string, string>) =>
      fetch(`${page}/swarm`, { method: "POST", headers, body: form({ run_time: "6s" }) });
    expect((await start({})).status, "without the cookie").to.equal(403);
    expect((await start({ cookie, origin: "https://evil.example" })).status, "from another page").to.equal(403);
    expect(await (await start({ cookie })).json()).to.include({ success: true });
    await command.waitFor(/PASSED/, 40_000);
    expect(finished(onlyRun(results))).to.include({ place: "kubernetes", verdict: "passed" });

    const [pod] = podsOf(namespace, "control");
    kubectl(namespace, ["delete", "pod", String(pod?.metadata.name), "--grace-period=0", "--force"]);
    await command.waitFor(/master was replaced/, 40_000);
    await command.until(() => command.stderr.includes("comes back"), "the new one");
    let again: Response | undefined;
    const end = performance.now() + 60_000;
    while (again?.status !== 200 && performance.now() < end) {
      again = await start({ cookie }).catch(() => undefined);
      await new Promise((resolve) => setTimeout(resolve, 1000));
    }
    expect(again?.status, "the same address, at the new master").to.equal(200);
    command.signal("SIGINT");
    const { code } = await command.ended;
    expect(code).to.equal(0);
    expect(runsIn(results).length).to.be.within(1, 2);

    const next = test.start("dashboard", "--no-open", "--port", "18089", "--results", results);
    await next.waitFor(/Locust's web UI:/, 60_000);
    expect((await start({ cookie })).status, "the key of a command that has ended").to.equal(403);
    next.signal("SIGINT");
    expect((await next.ended).code).to.equal(0);
  });
});
