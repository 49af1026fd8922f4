import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { expect } from "chai";
import type { Browser } from "playwright-core";
import { compareReport } from "../../runner/results/report/compare";
import { runReport } from "../../runner/results/report/report";
import { hostileRun, longSamples, madeRun } from "../runner/results/report/made";
import { openBrowser } from "../support/browser";
import { openFile } from "../support/page-file";

describe("the report of a hostile or a huge run", function () {
  this.timeout(30_000);
  let browser: Browser;

  before(async function () {
    browser = await openBrowser(this);
  });
  after(() => browser?.close());

  it("does what no stranger's name says", async () => {
    for (const content of [runReport(hostileRun()), compareReport({ before: hostileRun(), after: hostileRun() })]) {
      const { page, requests, complaints, close } = await openFile(browser, content);
      await page.locator("tbody th").first().hover();
      expect(await page.evaluate("window.pwned")).to.equal(undefined);
      expect(await page.evaluate("document.scripts.length")).to.equal(3);
      expect(await page.locator("img, [onerror], [onmouseover]").count()).to.equal(0);
      expect(await page.title()).to.include(`</script><script>window.pwned = "script"</script>`);
      expect(await page.locator("canvas").count()).to.be.above(4);
      expect([requests, complaints]).to.deep.equal([[], []]);
      await close();
    }
  });

  it("could not run or load anything if a name got through", async () => {
    let asked = 0;
    const server = createServer((_, response) => {
      asked += 1;
      response.end();
    }).listen(0, "127.0.0.1");
    await once(server, "listening");
    const address = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
    const intruder = `<script>window.pwned = 1</script><script src="${address}"></script><img src="${address}" onerror="window.pwned = 2"><link rel="stylesheet" href="${address}">`;
    const opened = await openFile(browser, runReport(madeRun()).replace("<header>", `${intruder}<header>`));
    expect(await opened.page.evaluate("window.pwned")).to.equal(undefined);
    expect(await opened.page.locator("canvas").count()).to.equal(5);
    expect(opened.complaints.length).to.be.at.least(4);
    for (const complaint of opened.complaints) expect(complaint).to.include("Content Security Policy");
    await opened.close();
    server.close();
    expect(asked).to.equal(0);
  });

  it("opens an hour with 200 workers in a moment", async () => {
    const content = runReport(madeRun({ samples: longSamples(3600, 200) }));
    const begin = performance.now();
    const { page, colours: drawn, close } = await openFile(browser, content);
    expect(performance.now() - begin).to.be.below(5000);
    expect((await drawn(4)).size).to.be.above(10);
    expect(await page.locator("canvas").count()).to.equal(5);
    await close();
  });
});
