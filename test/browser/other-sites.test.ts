import { expect } from "chai";
import type { Browser, BrowserContext, Page } from "playwright-core";
import { freePort } from "../../runner/places/network";
import { Dashboard, openBrowser } from "../support/browser";
import { prepareLocust, stopCommands } from "../support/cli";
import { asking, OtherSite, wayNames } from "../support/other-site";
import { until } from "../support/processes";
import { removeProjects } from "../support/project";

/** Ways after which the page is another. */
const leaving = ["a form", "a form that only gets"];

/** The status, or 0 where the browser gives up. */
function endOf(way: string): number {
  // Locust answers 405 to a GET: a link may be followed, as it changes nothing.
  if (way === "a link in a new tab" || way === "a form that only gets") return 405;
  return ["an image", "a script"].includes(way) || way.startsWith("a CORS") ? 0 : 403;
}

describe("A page of another site, in a browser that also has the dashboard open", function () {
  this.timeout(20_000);
  let browser: Browser;
  let context: BrowserContext;
  let dashboard: Dashboard;
  let site: OtherSite;
  /** Takes what the dashboard must not: shows that a way of asking works, and what it carries. */
  let bait: OtherSite;
  let page: Page;
  /** How requests to the dashboard's routes that change something ended: a status, or 0 where the browser gave up. */
  let ends: { url: string; status: number }[] = [];

  before(async function () {
    this.timeout(60_000);
    browser = await openBrowser(this, ["--host-resolver-rules=MAP other.test 127.0.0.1"]);
    await prepareLocust();
    dashboard = await Dashboard.open(await freePort());
    [site, bait] = await Promise.all([OtherSite.open(), OtherSite.open()]);
    context = await browser.newContext();
    context.setDefaultTimeout(8000);
    context.on("response", (response) => ends.push({ url: response.url(), status: response.status() }));
    context.on("requestfailed", (request) => ends.push({ url: request.url(), status: 0 }));
    const own = await context.newPage();
    await own.goto(dashboard.address);
    await own.getByRole("button", { name: "Start" }).waitFor();
  });
  after(async () => {
    await browser?.close();
    for (const server of [site, bait]) server?.close();
    await stopCommands();
    removeProjects();
  });
  beforeEach(async () => {
    page = await context.newPage();
  });
  afterEach(async () => {
    const [own, ...others] = context.pages();
    expect(own?.url()).to.equal(`${dashboard.origin}/`);
    for (const other of others) {
      await other.waitForLoadState();
      await other.close();
    }
  });

  const sites = [
    { name: "another port of this machine", at: () => `http://127.0.0.1:${site.port}`, sameSite: true },
    { name: "another host", at: () => `http://other.test:${site.port}`, sameSite: false },
  ];

  /** Asks a server, from a page of the other site. */
  async function ask(way: string, from: string, url: string) {
    await page.goto(from);
    await page.evaluate(asking(way, url));
    if (leaving.includes(way)) await page.waitForURL((now) => now.href.startsWith(url));
  }

  function cannot(path: string, before: Readonly<Record<string, unknown>>) {
    for (const { name, at } of sites) {
      for (const way of wayNames) {
        it(`with ${way} from ${name}`, async () => {
          ends = [];
          const url = dashboard.origin + path;
          await ask(way, at(), url);
          const { status } = await until(() => ends.find((one) => one.url.split("?")[0] === url), 5000);
          expect(status).to.equal(endOf(way));
          expect(await dashboard.status()).to.include(before);
        });
      }
    }
    it("neither a moment later", async () => {
      await page.waitForTimeout(700);
      expect(await dashboard.status()).to.include(before);
    });
  }

  describe("can send", () => {
    for (const { name, at, sameSite } of sites) {
      for (const way of wayNames) {
        it(`${way} from ${name}`, async () => {
          bait.seen.length = 0;
          await ask(way, at(), `http://127.0.0.1:${bait.port}/swarm`);
          const { cookie } = await until(() => bait.seen.find(({ path }) => path.split("?")[0] === "/swarm"), 5000);
          // Cookies ignore ports: what this machine's other ports ask comes with the token.
          expect(cookie.includes(dashboard.token)).to.equal(sameSite && !/preflight|sandboxed/.test(way));
        });
      }
    }
  });

  describe("cannot start a test", () => {
    cannot("/swarm", { run: 0, state: "ready", users: 0, requests: 0 });
  });

  describe("with a test running", () => {
    before(async () => {
      await dashboard.post("/swarm", { user_count: "2", spawn_rate: "2" });
      await dashboard.until(({ state, users, requests }) => state === "running" && users === 2 && requests > 0);
    });
    const going = { run: 1, state: "running", users: 2, targetUsers: 2 };

    describe("cannot stop it", () => cannot("/stop", going));

    for (const { name, at } of sites) {
      for (const path of ["/stats/requests", "/logs", "/loadtest/status", "/"]) {
        it(`cannot read ${path} from ${name}`, async () => {
          await page.goto(at());
          ends = [];
          const text = await page.evaluate(
            `fetch("${dashboard.origin}${path}", { credentials: "include" }).then((r) => r.text(), (e) => "refused: " + e.name)`,
          );
          expect(text).to.equal("refused: TypeError");
          const opaque = await page.evaluate(
            `fetch("${dashboard.origin}${path}", { mode: "no-cors", credentials: "include" }).then((r) => r.type + r.status)`,
          );
          expect(opaque).to.equal("opaque0");
          const script = await page.evaluate(`new Promise((resolve) => {
            const script = Object.assign(document.createElement("script"), { src: "${dashboard.origin}${path}" });
            Object.assign(script, { onload: () => resolve("loaded"), onerror: () => resolve("refused") });
            document.head.append(script);
          })`);
          expect(script).to.equal("refused");
          // The dashboard's own page goes on asking meanwhile.
          const statuses = ends.filter(({ url, status }) => url === dashboard.origin + path && status !== 200);
          expect(statuses.map(({ status }) => status)).to.include(403);
        });
      }

      it(`cannot frame the web UI from ${name}`, async () => {
        await page.goto(at());
        const framing = page.waitForResponse(`${dashboard.origin}/`);
        const loaded = page.evaluate(`new Promise((resolve) => {
          const frame = document.createElement("iframe");
          Object.assign(frame, { src: "${dashboard.origin}/", onload: () => resolve("loaded") });
          document.body.append(frame);
        })`);
        expect((await framing).status()).to.equal(403);
        await loaded;
        expect(page.frames()).to.have.length(2);
        await until(() => page.frames()[1]?.url().startsWith("chrome-error:"), 5000);
      });

      it(`cannot look into the web UI that it opens from ${name}`, async () => {
        await page.goto(at());
        const opening = page.waitForEvent("popup");
        await page.evaluate(`void (window.opened = window.open("${dashboard.origin}/"))`);
        await (await opening).getByRole("button", { name: "Stop" }).waitFor();
        const seen = await page.evaluate(`(() => {
          try { return window.opened.document.title; } catch (error) { return error.name; }
        })()`);
        expect(seen).to.equal("SecurityError");
        expect(await dashboard.status()).to.include(going);
      });

      it(`may have a link with the token, as a terminal in the browser has, from ${name}`, async () => {
        await page.goto(at());
        const opening = page.waitForEvent("popup");
        await page.evaluate(`void window.open("${dashboard.address}")`);
        const opened = await opening;
        await opened.getByRole("button", { name: "Reset" }).waitFor();
        expect(opened.url()).to.equal(`${dashboard.origin}/`);
        expect(await opened.getByRole("note").count()).to.equal(0);
        const resetting = opened.waitForResponse(`${dashboard.origin}/stats/reset`);
        await opened.getByRole("button", { name: "Reset" }).click();
        expect((await resetting).status()).to.equal(200);
      });
    }
  });
});
