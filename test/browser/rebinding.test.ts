import { once } from "node:events";
import { connect, createServer, type Server, type Socket } from "node:net";
import { expect } from "chai";
import type { Browser, Page } from "playwright-core";
import { freePort } from "../../runner/places/network";
import { Dashboard, openBrowser } from "../support/browser";
import { prepareLocust, stopCommands } from "../support/cli";
import { removeProjects } from "../support/project";

/** An attacker's address: serves a page, until its name leads to the dashboard instead. */
class Rebinder {
  bound = false;
  forwarded = 0;
  private readonly sockets = new Set<Socket>();

  private constructor(
    private readonly server: Server,
    port: number,
  ) {
    server.on("connection", (socket) => {
      this.sockets.add(socket.on("error", () => socket.destroy()));
      if (!this.bound) {
        const html = "<!doctype html><title>Prizes</title>";
        const head = `HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: ${html.length}\r\nConnection: close`;
        socket.once("data", () => socket.end(`${head}\r\n\r\n${html}`));
        return;
      }
      this.forwarded++;
      const there = connect(port, "127.0.0.1").on("error", () => socket.destroy());
      this.sockets.add(there);
      socket.pipe(there).pipe(socket);
    });
  }

  static async open(port: number): Promise<Rebinder> {
    const server = createServer().listen(port, "127.0.0.2");
    await once(server, "listening");
    return new Rebinder(server, port);
  }

  close(): void {
    this.server.close();
    for (const socket of this.sockets) socket.destroy();
  }
}

describe("A page whose host name is made to lead to the dashboard (DNS rebinding)", function () {
  this.timeout(20_000);
  let browser: Browser;
  let dashboard: Dashboard;
  let rebinder: Rebinder;
  let page: Page;

  before(async function () {
    this.timeout(60_000);
    browser = await openBrowser(this, ["--host-resolver-rules=MAP evil.test 127.0.0.2"]);
    await prepareLocust();
    const port = await freePort();
    rebinder = await Rebinder.open(port);
    dashboard = await Dashboard.open(port);
    const context = await browser.newContext();
    await (await context.newPage()).goto(dashboard.address);
    page = await context.newPage();
    await page.goto(`http://evil.test:${port}/`);
    expect(await page.title()).to.equal("Prizes");
    rebinder.bound = true;
  });
  after(async () => {
    await browser?.close();
    rebinder?.close();
    await stopCommands();
    removeProjects();
  });

  /** To the browser the dashboard is this page's own server now: it may read all that comes. */
  async function ask(path: string, init: string): Promise<{ status: number; text: string }> {
    return page.evaluate(
      `fetch("${path}", ${init}).then(async (response) => ({ status: response.status, text: await response.text() }))`,
    );
  }
  const post = `{ method: "POST", body: new URLSearchParams({ user_count: "50", spawn_rate: "50" }) }`;

  it("reaches it indeed", async () => {
    const before = rebinder.forwarded;
    const response = await fetch(`http://127.0.0.2:${new URL(dashboard.origin).port}/loadtest/status`);
    // Node sends the address as the host, which is none of the dashboard's either.
    expect(response.status).to.equal(403);
    expect(await response.text()).to.include("this name is not one of the dashboard's");
    // The browser may hold connections of its own.
    expect(rebinder.forwarded).to.be.greaterThan(before);
  });

  for (const path of [
    "/",
    "/stats/requests",
    "/logs",
    "/loadtest/status",
    "/stats/report",
    "/assets/favicon-light.png",
  ]) {
    it(`cannot read ${path}`, async () => {
      const before = rebinder.forwarded;
      const { status, text } = await ask(path, "{}");
      expect(status).to.equal(403);
      expect(text).to.include("this name is not one of the dashboard's").and.not.include("QuickUser");
      expect(rebinder.forwarded).to.be.at.least(Math.max(1, before));
    });
  }

  it("cannot start a test", async () => {
    expect((await ask("/swarm", post)).status).to.equal(403);
    expect(await dashboard.status()).to.include({ run: 0, state: "ready", users: 0 });
  });

  it("cannot stop a test or change it", async () => {
    await dashboard.post("/swarm", { user_count: "2", spawn_rate: "2" });
    const going = { run: 1, state: "running", users: 2, targetUsers: 2 };
    await dashboard.until(({ state, users }) => state === "running" && users === 2);
    for (const path of ["/stop", "/swarm", "/stats/reset"]) expect((await ask(path, post)).status, path).to.equal(403);
    expect(await dashboard.status()).to.include(going);
  });

  it("cannot guess at the token", async () => {
    const { status, text } = await ask(`/?token=${dashboard.token}`, "{}");
    // Not even the right one opens it under that name.
    expect(status).to.equal(403);
    expect(text).to.not.include(dashboard.token);
  });

  it("shows a person who opens that name what is wrong", async () => {
    const response = await page.goto(`${new URL(page.url()).origin}/`);
    expect(response?.status()).to.equal(403);
    expect(await page.locator("h1").textContent()).to.equal("Refused");
    expect(await page.locator("body").textContent()).to.include("loadtest dashboard");
  });
});
