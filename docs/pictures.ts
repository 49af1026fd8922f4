/** Makes the README's pictures anew, from real runs: `npm run build && npx tsx docs/pictures.ts`; needs Chromium and tmux. */
import { execFileSync } from "node:child_process";
import { mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { type Browser, chromium } from "playwright-core";
import { freePort } from "../runner/places/network";
import { findChromium } from "../test/support/browser";
import { prepareLocust, root, startCommand, stopCommands } from "../test/support/cli";
import { until } from "../test/support/processes";
import { removeProjects, temporaryFolder } from "../test/support/project";

const images = join(__dirname, "images");

/** Locust's web UI, when 20 users have been there for a while. */
async function dashboard(browser: Browser): Promise<void> {
  const command = startCommand(
    ["dashboard", "--local", "--demo", "--no-open", "--port", `${await freePort()}`, "--run-time", "5m"].concat([
      "--users",
      "20",
      "--spawn-rate",
      "2",
      "--results",
      temporaryFolder(),
    ]),
    { cwd: root },
  );
  const [, address = ""] = await command.waitFor(/^Locust's web UI: (http:\S+)$/m);
  const page = await browser.newPage({ viewport: { width: 1280, height: 800 } });
  await page.goto(address);
  await page.getByRole("button", { name: "Start", exact: true }).click();
  await page.getByRole("tab", { name: "Charts" }).click();
  await pause(26_000);
  await page.mouse.move(640, 90);
  await page.screenshot({ path: join(images, "dashboard.png") });
  await page.close();
  command.signal("SIGINT");
  await command.ended;
}

/** The terminal, in the middle of a run and after it. */
async function terminal(browser: Browser): Promise<void> {
  const name = `loadtest-pictures-${process.pid}`;
  const tmux = (...args: string[]) => execFileSync("tmux", ["-L", name, ...args], { encoding: "utf8" });
  // A bare colour terminal of 80 columns, which keeps what was printed until it is ended.
  const call = "printf '$ loadtest run --local --demo\\n'; node bin/loadtest.js run --local --demo; sleep 60";
  tmux(
    "-f",
    "/dev/null",
    "new-session",
    "-d",
    "-x",
    "80",
    "-y",
    "24",
    "-c",
    root,
    "env",
    "-u",
    "NO_COLOR",
    "sh",
    "-c",
    call,
  );
  try {
    const screen = () => tmux("capture-pane", "-p", "-e").trimEnd();
    await until(() => screen().includes("full load"), 60_000);
    await pause(6000);
    const during = screen();
    const after = await until(() => screen().includes("Results: ") && screen(), 60_000);
    const [, folder] = /Results: (results\/\S+)/.exec(after) ?? [];
    if (folder !== undefined) rmSync(join(root, folder), { recursive: true });
    const page = await browser.newPage({ viewport: { width: 900, height: 900 }, deviceScaleFactor: 2 });
    await page.setContent(html([during, after]));
    await page.locator("main").screenshot({ path: join(images, "terminal.png") });
    await page.close();
  } finally {
    tmux("kill-server");
  }
}

const colours: Readonly<Record<string, string>> = {
  "31": "#ff7b72",
  "32": "#56d364",
  "33": "#e3b341",
  "34": "#79c0ff",
  "35": "#d2a8ff",
  "36": "#56d4dd",
  "90": "#8b949e",
};

function html(screens: readonly string[]): string {
  const body = screens.map((screen) => `<pre>${paint(screen)}</pre>`).join("\n");
  return `<!doctype html><meta charset="utf-8"><style>
    body { margin: 0 }
    main { display: inline-grid; gap: 14px; padding: 2px }
    pre { margin: 0; padding: 18px 22px; width: 80ch; border-radius: 10px; background: #0d1117; color: #e6edf3;
      font: 15px/1.45 "DejaVu Sans Mono", monospace }
    b { font-weight: 700 } i { font-style: normal; opacity: 0.45 }
  </style><main>${body}</main>`;
}

/** What sets the colour in a terminal's text; the escape character may not be written in an expression. */
const colourCode = new RegExp(`${String.fromCharCode(27)}\\[([\\d;]*)m`);

/** A terminal's colours, bold and dim as HTML. */
function paint(screen: string): string {
  let bold = false;
  let dim = false;
  let colour: string | undefined;
  return screen
    .split(colourCode)
    .map((part, index) => {
      if (index % 2 === 0) {
        let text = part.replace(/[&<>]/g, (sign) => `&#${sign.charCodeAt(0)};`);
        if (text === "") return "";
        if (bold) text = `<b>${text}</b>`;
        if (dim) text = `<i>${text}</i>`;
        return colour === undefined ? text : `<span style="color: ${colour}">${text}</span>`;
      }
      for (const code of part.split(";")) {
        if (code === "" || code === "0") [bold, dim, colour] = [false, false, undefined];
        else if (code === "1") bold = true;
        else if (code === "2") dim = true;
        else if (code === "22") [bold, dim] = [false, false];
        else if (code === "39") colour = undefined;
        else colour = colours[code] ?? colour;
      }
      return "";
    })
    .join("");
}

async function main(): Promise<void> {
  const executablePath = findChromium();
  if (executablePath === undefined) throw new Error("no Chromium on the PATH or in CHROMIUM");
  mkdirSync(images, { recursive: true });
  await prepareLocust();
  const browser = await chromium.launch({ executablePath, args: ["--no-sandbox", "--disable-gpu"] });
  try {
    await terminal(browser);
    await dashboard(browser);
  } finally {
    await browser.close();
    await stopCommands();
    removeProjects();
  }
}

void main();
