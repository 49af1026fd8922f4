import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import type { Browser, BrowserContextOptions, Page } from "playwright-core";

/** A report, opened from a file of its own. */
export interface OpenPage {
  readonly page: Page;
  /** Addresses that it asked for besides its own file. */
  readonly requests: readonly string[];
  /** What its console and its scripts complained of. */
  readonly complaints: readonly string[];
  /** The RGB values of the pixels of a canvas, each once, as `r,g,b`. */
  colours(canvas: number): Promise<Set<string>>;
  close(): Promise<void>;
}

/** Writes a report into a temporary folder and opens it by its `file:` address. */
export async function openFile(browser: Browser, html: string, options: BrowserContextOptions = {}): Promise<OpenPage> {
  const folder = mkdtempSync(join(tmpdir(), "loadtest-page-"));
  const path = join(folder, "page.html");
  writeFileSync(path, html);
  const address = pathToFileURL(path).href;
  const page = await browser.newPage({ viewport: { width: 1200, height: 800 }, ...options });
  page.setDefaultTimeout(5000);
  const requests: string[] = [];
  const complaints: string[] = [];
  page.on("request", (request) => {
    if (request.url() !== address) requests.push(request.url());
  });
  page.on("console", (message) => complaints.push(message.text()));
  page.on("pageerror", (error) => complaints.push(error.message));
  page.on("dialog", (dialog) => complaints.push(dialog.message()));
  await page.goto(address);
  return {
    ...{ page, requests, complaints },
    async colours(canvas) {
      return new Set(
        (await page.evaluate(`(${distinctColours})(document.querySelectorAll("canvas")[${canvas}])`)) as string[],
      );
    },
    async close() {
      await page.context().close();
      rmSync(folder, { recursive: true });
    },
  };
}

// As text: the types of a browser are not those of the tests.
const distinctColours = `canvas => {
  const copy = new OffscreenCanvas(canvas.width, canvas.height).getContext("2d", { willReadFrequently: true });
  copy.drawImage(canvas, 0, 0);
  const { data } = copy.getImageData(0, 0, canvas.width, canvas.height);
  const found = new Set();
  for (let at = 0; at < data.length; at += 4) if (data[at + 3] === 255) found.add(data.slice(at, at + 3).join());
  return [...found];
}`;

/** What a function, given as text, makes of each element in the page. */
export async function each(page: Page, selector: string, read: string): Promise<unknown[]> {
  return (await page.evaluate(`[...document.querySelectorAll("${selector}")].map(${read})`)) as unknown[];
}

/** `r,g,b` of `#rrggbb`. */
export function rgb(colour: string): string {
  return [1, 3, 5].map((at) => Number.parseInt(colour.slice(at, at + 2), 16)).join();
}
