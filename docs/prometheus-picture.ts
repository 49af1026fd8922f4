/**
 * Makes `docs/images/prometheus.png` anew: a run on this machine, as a Prometheus that scrapes its master draws it.
 * `npm run build && npx tsx docs/prometheus-picture.ts`; needs Chromium and the Debian package `prometheus`.
 */
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { chromium } from "playwright-core";
import { freePort } from "../runner/places/network";
import { findChromium } from "../test/support/browser";
import { prepareLocust, root, startCommand, stopCommands } from "../test/support/cli";
import { removeProjects, temporaryFolder } from "../test/support/project";
import { Prometheus } from "../test/support/prometheus";

const seconds = 80;
const graphs = [
  "sum by (name) (rate(locust_requests_total[10s]))",
  "histogram_quantile(0.95, sum by (le, name) (rate(locust_request_duration_seconds_bucket[10s])))",
];

async function main(): Promise<void> {
  await prepareLocust();
  const executablePath = findChromium();
  if (executablePath === undefined) throw new Error("there is no Chromium");
  const [port, own] = [await freePort(), await freePort()];
  const load = ["--users", "40", "--spawn-rate", "1", "--run-time", `${seconds}s`, "--script", "script_shop.py"];
  const args = ["dashboard", "--local", "--demo", "--no-open", "--port", `${port}`, "--results", temporaryFolder()];
  const command = startCommand([...args, ...load], { cwd: root });
  const [, address = ""] = await command.waitFor(/^Locust's web UI: (http:\S+)$/m);
  const prometheus = await Prometheus.start([`127.0.0.1:${port}`], 1, own);
  const browser = await chromium.launch({ executablePath, args: ["--no-sandbox"] });
  try {
    const page = await browser.newPage({ viewport: { width: 1000, height: 1600 } });
    await page.goto(address);
    await page.getByRole("button", { name: "Start", exact: true }).click();
    await pause((seconds - 5) * 1000);
    const asked = graphs.flatMap((expr, index): [string, string][] => [
      [`g${index}.expr`, expr],
      [`g${index}.range_input`, "75s"],
      [`g${index}.tab`, "0"],
    ]);
    await page.goto(`${prometheus.url}/classic/graph?${new URLSearchParams(asked)}`);
    await pause(3000);
    await page.screenshot({ path: join(__dirname, "images", "prometheus.png") });
  } finally {
    await browser.close();
    await prometheus.stop();
    command.signal("SIGINT");
    await command.ended;
  }
}

main().finally(async () => {
  await stopCommands();
  removeProjects();
});
