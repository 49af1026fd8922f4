import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "chai";
import type { Browser, Page } from "playwright-core";
import { freePort } from "../../runner/places/network";
import { becomesTrue, Dashboard, openBrowser } from "../support/browser";
import { prepareLocust, stopCommands } from "../support/cli";
import { waitUntilNone } from "../support/processes";
import { finished, removeProjects, runsIn } from "../support/project";

describe("Locust's web UI, opened by the address that `loadtest dashboard` prints", function () {
  this.timeout(40_000);
  let browser: Browser;
  let dashboard: Dashboard;
  let page: Page;
  /** Requests of the web UI that were not answered well. */
  const bad: string[] = [];

  before(async function () {
    browser = await openBrowser(this);
    await prepareLocust();
    dashboard = await Dashboard.open(await freePort());
    page = await browser.newPage({ viewport: { width: 1280, height: 800 } });
    page.setDefaultTimeout(10_000);
    page.on("response", (response) => {
      if (response.status() >= 400) bad.push(`${response.request().method()} ${response.url()}: ${response.status()}`);
    });
    page.on("pageerror", (error) => bad.push(error.message));
  });
  after(async () => {
    await browser?.close();
    await stopCommands();
    removeProjects();
  });
  afterEach(() => expect(bad).to.deep.equal([]));

  const button = (name: string) => page.getByRole("button", { name, exact: true });
  const tab = (name: string) => page.getByRole("tab", { name });
  const requestsShown = async () =>
    Number(await page.getByRole("row", { name: /^GET/ }).locator("td").nth(2).textContent());
  const waitForRequests = async (probe: (count: number) => boolean) => {
    const deadline = performance.now() + 12_000;
    while (!probe(await requestsShown())) {
      if (performance.now() > deadline) throw new Error(`the web UI shows ${await requestsShown()} requests`);
      await page.waitForTimeout(200);
    }
  };

  it("opens, and the token is gone from the address", async () => {
    await page.goto(dashboard.address);
    await button("Start").waitFor();
    expect(page.url()).to.equal(`${dashboard.origin}/`);
    expect(await page.title()).to.equal("Locust");
    expect(await page.content()).to.not.include(dashboard.token);
    expect(await page.evaluate("document.cookie")).to.equal("");
    expect(await page.getByText("Only to look at").count()).to.equal(0);
  });

  it("starts a test from the form, and shows its requests", async () => {
    await page.getByLabel("Number of users").fill("4");
    await page.getByLabel("Ramp up").fill("4");
    await button("Start").click();
    await dashboard.until(({ state, run, users }) => state === "running" && run === 1 && users === 4);
    await waitForRequests((count) => count > 4);
    const { host, requests } = await dashboard.status();
    expect(requests).to.be.greaterThan(4);
    expect(await page.locator("header").textContent())
      .to.match(/Status\s*running/i)
      .and.include(host);
    await tab("Charts").click();
    // The charts are painted, and go on with each answer.
    const canvas = page.locator("canvas").first();
    await canvas.waitFor();
    const painted = (await page.evaluate('document.querySelector("canvas").toDataURL()')) as string;
    expect(painted).to.match(/^data:image/);
    await becomesTrue(page, `document.querySelector("canvas").toDataURL() !== ${JSON.stringify(painted)}`);
    await tab("Workers").click();
    await page.getByRole("cell", { name: "running", exact: true }).nth(1).waitFor();
  });

  it("changes the users of the running test", async () => {
    await button("Edit").click();
    await page.getByLabel("Number of users").fill("6");
    await button("Update").click();
    await dashboard.until(({ targetUsers, users, run }) => targetUsers === 6 && users === 6 && run === 1);
  });

  it("hands out CSV files and the report", async () => {
    await tab("Download Data").click();
    for (const [name, content] of [
      ["Download requests CSV", "Type,Name,Request Count"],
      ["Download failures CSV", "Method,Name,Error"],
      ["Download exceptions CSV", "Count,Message,Traceback"],
    ] as const) {
      const waiting = page.waitForEvent("download");
      await page.getByRole("link", { name }).click();
      expect(readFileSync(await (await waiting).path(), "utf8"), name).to.include(content);
    }
    const opening = page.waitForEvent("popup");
    await page.getByRole("link", { name: "Download Report" }).click();
    const report = await opening;
    await report.getByText("Locust Test Report").waitFor();
    expect(await report.content()).to.not.include(dashboard.token);
    await report.close();
  });

  it("turns dark and back", async () => {
    const background = () => page.evaluate("getComputedStyle(document.body).backgroundColor");
    const before = await background();
    const toggle = page.locator("header button").last();
    await toggle.click();
    await becomesTrue(page, `getComputedStyle(document.body).backgroundColor !== ${JSON.stringify(before)}`);
    await toggle.click();
    await becomesTrue(page, `getComputedStyle(document.body).backgroundColor === ${JSON.stringify(before)}`);
  });

  it("stops the test, and the run was kept", async () => {
    await button("Stop").click();
    await dashboard.until(({ state, users }) => state === "stopped" && users === 0);
    await dashboard.command.waitFor(/^PASSED \(exit code 0\)$/m);
    const [name = "", ...others] = runsIn(dashboard.project.results);
    expect(others).to.deep.equal([]);
    const record = finished(join(dashboard.project.results, name));
    expect(record).to.include({ verdict: "passed", endedBy: "page" });
    expect(record.totals?.requests).to.equal((await dashboard.status()).requests);
  });

  it("starts a second test right after the stop, and sets its numbers back", async () => {
    await dashboard.idle();
    await button("New").click();
    await page.getByLabel("Number of users").fill("2");
    await button("Start").click();
    await dashboard.until(({ state, run, users }) => state === "running" && run === 2 && users === 2);
    await tab("Statistics").click();
    await waitForRequests((count) => count > 3);
    const resetting = page.waitForResponse(`${dashboard.origin}/stats/reset`);
    await button("Reset").click();
    expect((await resetting).status()).to.equal(200);
    await dashboard.until(({ requests }) => requests < 4);
    await button("Stop").click();
    await dashboard.idle();
    await dashboard.command.waitFor(/exit code[\s\S]*exit code/);
    expect(runsIn(dashboard.project.results)).to.have.length(2);
  });

  it("takes a form that the web UI itself posts", async () => {
    const posting = page.waitForResponse(`${dashboard.origin}/stats/reset`);
    await page.evaluate(`(() => {
      const form = document.body.appendChild(document.createElement("form"));
      Object.assign(form, { method: "POST", action: "/stats/reset" }).submit();
    })()`);
    expect((await posting).status()).to.equal(200);
  });

  it("is only to look at without the token, and says so", async () => {
    const stranger = await browser.newPage();
    await stranger.goto(`${dashboard.origin}/`);
    const banner = stranger.getByRole("note");
    await banner.waitFor();
    expect(await banner.textContent())
      .to.include("Only to look at")
      .and.include("loadtest dashboard");
    await stranger.getByRole("button", { name: "New", exact: true }).click();
    await stranger.getByRole("button", { name: "Start", exact: true }).click();
    const alert = stranger.getByRole("alert");
    await alert.waitFor();
    expect(await alert.textContent()).to.equal(
      "Refused: this needs the run's token. To get in, open the address that `loadtest dashboard` prints.",
    );
    expect(await dashboard.status()).to.include({ run: 2, users: 0, state: "stopped" });
    const old = await stranger.goto(`${dashboard.origin}/?token=of-yesterday`);
    expect(old?.status()).to.equal(403);
    expect(await stranger.locator("body").textContent()).to.include("This token is not the run's.");
    await stranger.context().close();
  });

  it("ends with everything on Ctrl-C", async () => {
    page.removeAllListeners();
    dashboard.command.signal("SIGINT");
    const end = await dashboard.command.ended;
    expect(end.code, end.stderr).to.equal(0);
    await waitUntilNone(dashboard.command.marker, 1000);
    await page.goto(dashboard.address).then(
      () => expect.fail("the web UI still opens"),
      (error: Error) => expect(error.message).to.include("ERR_CONNECTION_REFUSED"),
    );
  });
});
