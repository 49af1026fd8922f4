/**
 * Makes the outputs in `docs/operating.md` anew: `npm run build && npx tsx docs/operating-session.ts`; needs the Pulumi
 * CLI, kubectl, jq, and a cluster in KUBECONFIG with room for four small pods.
 *
 * Runs each line that begins with `$ ` of the page's `console` blocks, in order, in a copy of this project, and puts
 * what it prints below it. `<!-- Ctrl-C after: TEXT -->` before a block has its command interrupted once it has printed
 * that. More than three lines of progress in a row become the first two and the last; what Pulumi says of its own
 * installation, and of resources before they are there, is left out.
 */
import { spawn } from "node:child_process";
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { kubectl } from "../test/support/cluster";
import { hasPulumi, PulumiProject } from "../test/support/pulumi";
import { root } from "../test/support/pulumi-cli";
import { startTarget } from "../test/support/target";

const page = join(__dirname, "operating.md");
/** What the page's commands name: the load test's namespace, which Pulumi makes, and the target's. */
const namespaces = { test: "load", target: "shop" };

/** A `console` block, with what is written before it where it is to be interrupted. */
const blocks = /(?:<!-- Ctrl-C after: (?<until>.+?) -->\n)?```console\n(?<body>[\s\S]*?)```/g;
const progressLine = /^\d\d:\d\d (starting|ramping up|full load|stopping)/;
/** Ms from the text that a Ctrl-C comes after to the Ctrl-C. */
const ease = 6000;

/** A terminal that remembers the exit code of its last command. */
class Session {
  private code = 0;

  constructor(
    private readonly cwd: string,
    private readonly env: NodeJS.ProcessEnv,
  ) {}

  /** Runs a command; gives all that it printed. */
  async run(command: string, until: string | undefined): Promise<string> {
    process.stdout.write(`$ ${command}\n`);
    const child = spawn("bash", ["-c", `exec 2>&1; (exit ${this.code})\n${command}`], {
      cwd: this.cwd,
      env: this.env,
      stdio: ["ignore", "pipe", "inherit"],
      // A group of its own, as a terminal sends Ctrl-C to all of one.
      detached: true,
    });
    let output = "";
    let interrupted = false;
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      output += text;
      process.stdout.write(text);
      if (until === undefined || interrupted || !output.includes(until)) return;
      interrupted = true;
      void pause(ease).then(() => {
        output += "^C\n";
        if (child.pid !== undefined) process.kill(-child.pid, "SIGINT");
      });
    });
    this.code = await new Promise((resolve, reject) => {
      child.once("error", reject);
      child.once("close", (code) => resolve(code ?? -1));
    });
    if (until !== undefined && !interrupted) throw new Error(`${command} never printed ${until}`);
    return output;
  }
}

/** What Pulumi's output has of where it is installed, and of what it is about to do. */
const pulumiNoise = [
  /^Diagnostics:\n( .*\n)+/gm,
  /^ [+-] .* (creating|deleting) \(.*\n/gm,
  /^ .*warning: using .*\n/gm,
];

/** The first two and the last of many lines of progress stand for all. */
function shortened(output: string): string[] {
  const lines = pulumiNoise
    .reduce((text, pattern) => text.replace(pattern, ""), output)
    .replace(/ \d+ warnings?$/gm, "")
    // A key that is worth nothing any more looks like one that is.
    .replace(/\?token=\S+/g, "?token=…")
    .replace(/ +$/gm, "")
    .trimEnd()
    .split("\n");
  return lines.flatMap((line, index) => {
    const isProgress = (offset: number) => progressLine.test(lines[index + offset] ?? "");
    const inside = isProgress(0) && isProgress(-1) && isProgress(-2) && isProgress(1);
    if (!inside) return [line];
    return isProgress(-3) ? [] : ["…"];
  });
}

async function perform(text: string, session: Session): Promise<string> {
  let made = "";
  let end = 0;
  for (const block of text.matchAll(blocks)) {
    const { until, body = "" } = block.groups ?? {};
    const commands = body.split("\n").filter((line) => line.startsWith("$ "));
    const printed: string[] = [];
    for (const [index, line] of commands.entries()) {
      // The first command of a block is the one that is interrupted.
      const output = await session.run(line.slice(2), index === 0 ? until : undefined);
      printed.push(line, ...(output === "" ? [] : shortened(output)));
    }
    const start = block.index + block[0].indexOf("```console\n") + "```console\n".length;
    made += `${text.slice(end, start)}${printed.join("\n")}\n`;
    end = block.index + block[0].length - "```".length;
  }
  return made + text.slice(end);
}

async function main(): Promise<void> {
  if (!hasPulumi()) throw new Error("the Pulumi CLI is not on the PATH");
  for (const name of Object.values(namespaces)) {
    const found = kubectl("default", ["get", "namespace", name, "--ignore-not-found", "--output", "name"]);
    if (found !== "") throw new Error(`namespace ${name} is there already: somebody else's?`);
  }
  const project = new PulumiProject();
  const bin = join(project.folder, "bin");
  mkdirSync(bin);
  symlinkSync(join(root, "bin", "loadtest.js"), join(bin, "loadtest"));
  try {
    kubectl("default", ["create", "namespace", namespaces.target]);
    startTarget(namespaces.target);
    const path = `${bin}:${process.env.PATH}`;
    const session = new Session(project.folder, { ...process.env, ...project.env, PATH: path, NO_COLOR: "1" });
    writeFileSync(page, await perform(readFileSync(page, "utf8"), session));
  } finally {
    project.run("destroy", "--yes", "--skip-preview");
    for (const name of Object.values(namespaces)) {
      kubectl("default", ["delete", "namespace", name, "--ignore-not-found", "--wait=false"]);
    }
    project.remove();
  }
}

void main();
