import { join } from "node:path";
import { expect } from "chai";
import { freePort } from "../../runner/places/network";
import type { LocustStatus } from "../../runner/types";
import { type Command, prepareLocust, startCommand, stopCommands } from "../support/cli";
import { until, waitUntilNone } from "../support/processes";
import { finished, makeProject, onlyRun, type Project, removeProjects, runsIn, textIn } from "../support/project";

describe("loadtest dashboard", function () {
  this.timeout(60_000);
  let command: Command;
  let project: Project;
  let address: URL;
  let token: string;

  before(async () => {
    await prepareLocust();
    project = makeProject({}, ["users: 4", "workerReplicas: 1", "thresholds: [p95<2000]"]);
    const port = await freePort();
    const args = ["dashboard", "--local", "--demo", "--port", String(port), "--results", project.results];
    command = startCommand(args, { cwd: project.directory });
    const [, text = ""] = await command.waitFor(/^Locust's web UI: (http:\S+)$/m);
    address = new URL(text);
    token = address.searchParams.get("token") ?? "";
    expect(address.host).to.equal(`127.0.0.1:${port}`);
    expect(token).to.match(/^[\w-]{20,}$/);
  });
  after(async () => {
    await stopCommands();
    removeProjects();
  });

  const get = (path: string, headers: Record<string, string> = {}) =>
    fetch(new URL(path, address), { headers, redirect: "manual" });
  const post = (path: string, form: Record<string, string> = {}, headers: Record<string, string> = {}) =>
    fetch(new URL(path, address), { method: "POST", body: new URLSearchParams(form), headers, redirect: "manual" });

  it("prints an address whose token becomes a cookie, and then the web UI is there", async () => {
    const first = await get(address.href);
    expect(first.status).to.equal(303);
    const location = first.headers.get("location") ?? "";
    expect(location).to.not.include(token);
    const [cookie = ""] = (first.headers.get("set-cookie") ?? "").split(";");
    const page = await get(location, { cookie });
    expect(page.status).to.equal(200);
    expect(await page.text()).to.match(/<title>Locust/i);
  });

  it("refuses to start load without the token", async () => {
    const refused = await post("/swarm", { user_count: "4", spawn_rate: "4" });
    expect(refused.status).to.equal(403);
    expect((await get("/?token=wrong")).status).to.equal(403);
    expect(runsIn(project.results)).to.deep.equal([]);
  });

  it("keeps a run that is started in the web UI", async () => {
    const headers = { authorization: `Bearer ${token}` };
    const started = await post("/swarm", { user_count: "4", spawn_rate: "4" }, headers);
    expect(await started.json()).to.include({ success: true });
    await command.waitFor(/A run was started in the web UI: 4 users\./);
    await command.waitFor(/full load, 4\/4 users/);
    await new Promise((resolve) => setTimeout(resolve, 2500));
    expect((await post("/stop", {}, headers)).status).to.equal(200);
    await command.waitFor(/^PASSED \(exit code 0\)$/m);
    const directory = onlyRun(project.results);
    const record = finished(directory);
    expect(record).to.include({ verdict: "passed", exitCode: 0, endedBy: "page" });
    expect(record.asked).to.include({ users: 4, workers: 1 });
    expect(record.totals?.requests).to.be.greaterThan(8);
    expect(record.files).to.include.members(["junit.xml", "report.html", "requests.csv", "series.ndjson"]);
    for (const name of record.files) expect(textIn(directory, name)).to.not.include(token);
  });

  it("keeps a second run apart from the first", async () => {
    const headers = { authorization: `Bearer ${token}` };
    // Workers are off the list for a while after a stop, and a start in that time does nothing.
    await until(async () => {
      const { workers } = (await (await get("/loadtest/status")).json()) as LocustStatus;
      return workers.some(({ state }) => state === "ready");
    }, 20_000);
    await post("/swarm", { user_count: "2", spawn_rate: "2", run_time: "2s" }, headers);
    await until(() => runsIn(project.results).length === 2, 5000);
    const second = join(project.results, runsIn(project.results).sort()[1] ?? "");
    await command.waitFor(/PASSED[\s\S]*PASSED \(exit code 0\)/);
    expect(finished(second)).to.include({ verdict: "passed", endedBy: "page" });
    expect(finished(second).totals?.requests).to.be.greaterThan(1);
  });

  it("keeps a run with a rate of iterations, which may change as it goes on, and refuses what is none", async () => {
    const headers = { authorization: `Bearer ${token}` };
    const status = async () => (await (await get("/loadtest/status", headers)).json()) as LocustStatus;
    // Workers are off the list for a while after a stop, as above.
    await until(async () => (await status()).workers.some(({ state }) => state === "ready"), 20_000);
    const swarm = async (rate: string) => {
      const form = { user_count: "4", spawn_rate: "4", arrival_rate: rate, arrival_spacing: "even" };
      return (await (await post("/swarm", form, headers)).json()) as { success: boolean; message: string };
    };
    const wrong = await swarm("fast");
    expect(wrong.success).to.equal(false);
    expect(wrong.message).to.match(/^Arrival rate must be a rate such as 500 or 0\.5.*, not 'fast'$/);
    expect(await swarm("10")).to.include({ success: true });
    await until(async () => ((await status()).arrivals?.due ?? 0) > 20);
    expect((await swarm("")).message).to.contain("stop it first");
    expect(await swarm("40")).to.include({ success: true });
    await until(async () => ((await status()).arrivals?.due ?? 0) > 120);
    expect((await status()).arrivals).to.include({ asked: "40", rate: 40 });
    await post("/stop", {}, headers);
    await until(() => command.stdout.split("PASSED (exit code 0)").length > 3);
    const record = finished(join(project.results, runsIn(project.results).sort().at(-1) ?? ""));
    expect(record.asked.arrivals).to.deep.equal({ rate: "10", spacing: "even" });
    const { due = 0, started = 0, changes = [] } = record.integrity?.arrivals ?? {};
    expect(changes.map(({ from, to }) => [from, to])).to.deep.equal([["10", "40"]]);
    expect(record.warnings.join("\n")).to.match(/arrivals: the rate was changed from 10 to 40, \d+ s into the run/);
    expect(due).to.be.greaterThan(120);
    // The stop comes in mid-flight, and the master knows of it before the worker does.
    expect(Math.abs(started - due)).to.be.at.most(Math.max(5, 0.01 * due));
    expect(record.totals?.requests).to.equal(started);
  });

  it("ends with 0 on Ctrl-C, and leaves nothing running", async () => {
    command.signal("SIGINT");
    const end = await command.ended;
    expect(end.code, end.stderr).to.equal(0);
    await waitUntilNone(command.marker, 1000);
  });
});
