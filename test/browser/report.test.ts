import { join } from "node:path";
import { expect } from "chai";
import type { Browser, Page } from "playwright-core";
import { compareReport } from "../../runner/results/report/compare";
import { runReport } from "../../runner/results/report/report";
import { colours, type Scheme } from "../../runner/results/report/style";
import { hostileRun, madeRun } from "../runner/results/report/made";
import { reportOf } from "../runner/verdict/capacity/steps";
import { becomesTrue, openBrowser } from "../support/browser";
import { root } from "../support/cli";
import { each, type OpenPage, openFile, rgb } from "../support/page-file";

const pages = {
  report: { html: () => runReport(madeRun()), charts: 5 },
  compare: {
    html: () => compareReport({ before: madeRun({ name: "old" }), after: madeRun({ name: "new" }) }),
    charts: 7,
  },
} as const;
const schemes: readonly Scheme[] = ["light", "dark"];

describe("the report of a run in a browser", function () {
  this.timeout(30_000);
  let browser: Browser;
  let open: OpenPage | undefined;

  before(async function () {
    browser = await openBrowser(this);
  });
  after(() => browser?.close());
  afterEach(async () => {
    const { requests = [], complaints = [] } = open ?? {};
    await open?.close();
    open = undefined;
    expect(requests, "asked for").to.deep.equal([]);
    expect(complaints, "complained").to.deep.equal([]);
  });

  async function show(html: string, options: Parameters<typeof openFile>[2] = {}): Promise<OpenPage & { page: Page }> {
    open = await openFile(browser, html, options);
    return open;
  }

  /** The legend of each chart: labels and values. */
  async function legends(page: Page): Promise<Record<string, string>[]> {
    const read = `(legend) => Object.fromEntries([...legend.querySelectorAll(".u-series")]
      .map((row) => [row.querySelector(".u-label").textContent, row.querySelector(".u-value").textContent]))`;
    return (await each(page, ".u-legend", read)) as Record<string, string>[];
  }

  const firstWidth = async (page: Page) => (await each(page, "canvas", "(canvas) => canvas.clientWidth"))[0];

  for (const [name, { html, charts }] of Object.entries(pages)) {
    for (const colorScheme of schemes) {
      it(`draws every chart of the ${name}, ${colorScheme}`, async () => {
        const { page, colours: drawn } = await show(html(), { colorScheme });
        expect(await page.locator("canvas").count()).to.equal(charts);
        const palette = colours[colorScheme];
        for (let canvas = 0; canvas < charts; canvas += 1) {
          const found = await drawn(canvas);
          const lines = (["series-1", "series-2", "series-3", "text"] as const).map((line) => rgb(palette[line]));
          expect(
            lines.some((line) => found.has(line)),
            `a line of chart ${canvas}`,
          ).to.equal(true);
          expect(found.has(rgb(palette.grid)), `the grid of chart ${canvas}`).to.equal(true);
        }
        const background = await page.evaluate("getComputedStyle(document.body).backgroundColor");
        expect(background).to.equal(`rgb(${rgb(palette.background).replaceAll(",", ", ")})`);
      });
    }

    it(`fits the ${name} into 400 pixels, also with long names`, async () => {
      const long =
        name === "report" ? runReport(hostileRun()) : compareReport({ before: hostileRun(), after: madeRun() });
      for (const content of [html(), long]) {
        await open?.close();
        const { page } = await show(content, { viewport: { width: 400, height: 800 } });
        expect(await page.evaluate("document.documentElement.scrollWidth")).to.be.at.most(400);
        const widths = await each(page, "canvas", "(canvas) => canvas.clientWidth");
        for (const width of widths) expect(width).to.be.within(300, 400);
      }
    });
  }

  it("follows a change of the scheme while it is open", async () => {
    const { page, colours: drawn } = await show(pages.report.html(), { colorScheme: "light" });
    for (const colorScheme of ["dark", "light"] as const) {
      await page.emulateMedia({ colorScheme });
      await page.waitForTimeout(200);
      const other = colorScheme === "dark" ? "light" : "dark";
      for (let canvas = 0; canvas < pages.report.charts; canvas += 1) {
        const found = await drawn(canvas);
        expect(found.has(rgb(colours[colorScheme].grid)), `${colorScheme} grid of chart ${canvas}`).to.equal(true);
        for (const line of ["series-1", "series-2", "grid"] as const) {
          expect(found.has(rgb(colours[other][line])), `${other} ${line} of chart ${canvas}`).to.equal(false);
        }
      }
    }
  });

  it("is light on paper, and as wide as it", async () => {
    const { page, colours: drawn } = await show(pages.report.html(), { colorScheme: "dark" });
    await page.evaluate(`dispatchEvent(new Event("beforeprint"))`);
    await page.emulateMedia({ media: "print", colorScheme: "dark" });
    await page.waitForTimeout(200);
    expect(await page.evaluate("getComputedStyle(document.body).color")).to.equal(
      `rgb(${rgb(colours.light.text).replaceAll(",", ", ")})`,
    );
    expect((await drawn(0)).has(rgb(colours.light["series-1"]))).to.equal(true);
    expect(await firstWidth(page)).to.be.within(600, 700);
    await page.emulateMedia({ media: "screen", colorScheme: "dark" });
    await page.evaluate(`dispatchEvent(new Event("afterprint"))`);
    await page.waitForTimeout(200);
    expect((await drawn(0)).has(rgb(colours.dark["series-1"]))).to.equal(true);
    expect(await firstWidth(page)).to.be.above(1000);
  });

  it("shows in every legend what was at the cursor's moment", async () => {
    const { page } = await show(pages.report.html());
    expect((await legends(page))[0]).to.deep.equal({ time: "–", target: "–", running: "–" });
    const over = page.locator("#rate .u-over");
    const width = (await over.boundingBox())?.width ?? 0;
    await over.hover({ position: { x: (width * 41.2) / 60, y: 20 } });
    const at = madeRun().samples[41];
    expect(await legends(page)).to.deep.equal([
      { time: "00:41", target: "100", running: "100" },
      { time: "00:41", requests: `${at?.rps}/s`, failures: "0/s" },
      { time: "00:41", p50: "3 ms", p95: `${at?.p95} ms`, p99: "12 ms" },
      { time: "00:41", current: "0 %", overall: "0 %" },
      { time: "00:41", "worker-1": "30 %", "worker-2": "40 %", mean: "35 %", highest: "40 %" },
    ]);
    // Before the first answers there are no times.
    await over.hover({ position: { x: (width * 1) / 60, y: 20 } });
    expect((await legends(page))[2]).to.deep.equal({ time: "00:01", p50: "–", p95: "–", p99: "–" });
  });

  it("shows both runs at the cursor's moment, though their samples are not of the same moments", async () => {
    const run = madeRun();
    const later = run.samples.map((sample) => ({ ...sample, t: sample.t + 0.4, users: sample.users * 2 }));
    const { page } = await show(compareReport({ before: run, after: { ...run, samples: later } }));
    const over = page.locator("#users .u-over");
    const width = (await over.boundingBox())?.width ?? 0;
    await over.hover({ position: { x: (width * 30) / 60.4, y: 20 } });
    expect((await legends(page))[0]).to.deep.equal({ time: "00:30", before: "100", after: "200" });
  });

  it("moves the cursor with the keyboard", async () => {
    const { page } = await show(pages.report.html());
    const times = async () => new Set((await legends(page)).map(({ time }) => time));
    await page.locator("#times .chart").focus();
    for (let press = 0; press < 3; press += 1) await page.keyboard.press("ArrowRight");
    expect([...(await times())]).to.deep.equal(["00:02"]);
    await page.keyboard.press("ArrowLeft");
    expect([...(await times())]).to.deep.equal(["00:01"]);
    await page.keyboard.press("Escape");
    expect([...(await times())]).to.deep.equal(["–"]);
  });

  it("draws a capacity over the load, whose charts have a cursor of their own", async () => {
    const made = madeRun();
    const { page, colours: drawn } = await show(
      runReport({ ...made, record: { ...made.record, capacity: reportOf() } }),
    );
    expect(await page.locator("canvas").count()).to.equal(pages.report.charts + 4);
    expect((await drawn(0)).has(rgb(colours.light["series-1"]))).to.equal(true);
    await page.locator("#capacity-rate .chart").focus();
    for (let press = 0; press < 3; press += 1) await page.keyboard.press("ArrowRight");
    const [rate, times, , , ...others] = await legends(page);
    expect(rate).to.deep.equal({ users: "40", requests: "400/s" });
    expect(times).to.deep.include({ users: "40", mean: "100 ms" });
    expect(new Set(others.map(({ time }) => time))).to.deep.equal(new Set(["–"]));
  });

  it("looks closer where one drags, in all charts, and back", async () => {
    const { page } = await show(pages.report.html());
    const pictures = () => each(page, "canvas", "(canvas) => canvas.toDataURL()");
    const whole = await pictures();
    await page.locator("#users .u-over").hover();
    const box = await page.locator("#users .u-over").boundingBox();
    if (box === null) throw new Error("there is no chart");
    await page.mouse.move(box.x + box.width / 4, box.y + 40);
    await page.mouse.down();
    await page.mouse.move(box.x + box.width / 2, box.y + 40, { steps: 4 });
    await page.mouse.up();
    await page.waitForTimeout(100);
    const closer = await pictures();
    for (const [index, picture] of closer.entries()) expect(picture, `chart ${index}`).to.not.equal(whole[index]);
    await page.mouse.dblclick(box.x + box.width / 3, box.y + 40);
    await page.waitForTimeout(100);
    expect((await pictures()).map((picture, index) => picture === whole[index])).to.deep.equal(whole.map(() => true));
  });

  it("follows the width of the window", async () => {
    const { page } = await show(pages.report.html());
    await page.setViewportSize({ width: 500, height: 800 });
    await becomesTrue(page, `document.querySelector("canvas").clientWidth < 500`);
    expect(await page.evaluate("document.documentElement.scrollWidth")).to.be.at.most(500);
    await page.setViewportSize({ width: 1200, height: 800 });
    await becomesTrue(page, `document.querySelector("canvas").clientWidth > 1000`);
    expect(await page.locator("canvas").count()).to.equal(5);
  });

  it("has headings in order, a caption for each chart and heads for each table", async () => {
    for (const { html, charts } of Object.values(pages)) {
      await open?.close();
      const { page } = await show(html());
      const levels = (await each(page, "h1, h2, h3", "(heading) => Number(heading.tagName[1])")) as number[];
      expect(levels.length).to.be.above(charts);
      for (const [index, level] of levels.entries()) expect(level).to.be.at.most((levels[index - 1] ?? 0) + 1);
      expect(await page.getByRole("figure").count()).to.equal(charts);
      expect(await page.locator("th:not([scope])").count()).to.equal(await page.locator(".u-legend th").count());
      expect(await page.getByRole("group", { name: "Users", exact: true }).count()).to.equal(1);
      expect(await page.getByRole("rowheader", { name: "GET /", exact: true }).count()).to.equal(1);
    }
  });

  it("is the same from the compiled program", async () => {
    const built = require(join(root, "dist/runner/results/report/report.js")) as { runReport: typeof runReport };
    const { page, colours: drawn } = await show(built.runReport(madeRun()));
    expect(await page.locator("canvas").count()).to.equal(5);
    expect((await drawn(0)).has(rgb(colours.light["series-1"]))).to.equal(true);
  });
});
