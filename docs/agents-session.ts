/**
 * Makes the answers in `docs/agents.md` anew: `npm run build && npx tsx docs/agents-session.ts`; needs what a run on this
 * machine needs.
 *
 * Sends each line that begins with `> ` of the page's `text` blocks to `loadtest mcp` with the SDK's client, in order,
 * and puts the answer below it: `> tools`, `> NAME {arguments}`, `> read URI`. `<!-- loadtest mcp … -->` before a block
 * starts another server; `<!-- shows: KEY, KEY -->` has only these keys of a result shown. In addresses the latest run
 * takes the place of the one that is there.
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { listRuns } from "../runner/results/history";
import { root } from "../test/support/cli";
import { McpSession } from "../test/support/mcp";

const page = join(__dirname, "agents.md");
const results = mkdtempSync(join(tmpdir(), "loadtest-agents-"));

/** A `text` block with requests, and what is written before it. */
const blocks =
  /(?:<!-- loadtest mcp ?(?<args>.*?) ?-->\n)?(?:<!-- shows: (?<keys>.+?) -->\n)?```text\n(?<body>> [\s\S]*?)```/g;

async function answer(session: McpSession, request: string, keys: readonly string[] | undefined): Promise<string[]> {
  const [, name = "", rest = ""] = /^(\S+) ?(.*)$/.exec(request) ?? [];
  if (name === "tools") return [(await session.tools()).join(" ")];
  if (name === "read") return (await session.read(rest)).trimEnd().split("\n");
  const progress: string[] = [];
  const onprogress = ({ message = "" }) => void progress.push(message);
  const { exitCode, meaning, result, messages, isError, text, links } = await session.call(
    name,
    rest === "" ? {} : JSON.parse(rest),
    { onprogress, timeout: 600_000 },
  );
  const flag = isError ? { isError } : {};
  if (exitCode === undefined) return [text, ...(isError ? ["(isError)"] : [])];
  const shown = keys === undefined ? result : Object.fromEntries(keys.map((key) => [key, (result as never)[key]]));
  // A run's progress is in its messages, too.
  const rows = Object.entries({ ...flag, exitCode, meaning, result: shown, ...(isError && { messages }) });
  return [
    ...(isError ? [] : progress.map((line) => `~ ${line}`)),
    "{",
    ...rows.map(([key, value], index) => {
      const json = JSON.stringify(value, undefined, 2).replaceAll("\n", "\n  ");
      return `  ${JSON.stringify(key)}: ${json}${index < rows.length - 1 ? "," : ""}`;
    }),
    "}",
    ...links,
  ];
}

async function perform(text: string): Promise<string> {
  let session = await McpSession.open(root, ["--results", results]);
  let made = "";
  let end = 0;
  for (const block of text.matchAll(blocks)) {
    const { args, keys, body = "" } = block.groups ?? {};
    if (args !== undefined) {
      await session.close();
      session = await McpSession.open(root, ["--results", results, ...args.split(" ").filter((word) => word !== "")]);
    }
    const lines: string[] = [];
    for (const line of body.split("\n").filter((one) => one.startsWith("> "))) {
      const latest = listRuns(results)[0]?.name ?? "";
      const request = line.slice(2).replace(/(?<=loadtest:\/\/runs\/)[^/]+/, latest);
      process.stdout.write(`> ${request}\n`);
      lines.push(`> ${request}`, ...(await answer(session, request, keys?.split(", "))));
    }
    const start = block.index + block[0].indexOf("```text\n") + "```text\n".length;
    made += `${text.slice(end, start)}${lines.join("\n")}\n`;
    end = block.index + block[0].length - "```".length;
  }
  await session.close();
  return made + text.slice(end);
}

async function main(): Promise<void> {
  try {
    writeFileSync(page, await perform(readFileSync(page, "utf8")));
  } finally {
    rmSync(results, { recursive: true, force: true });
  }
}

void main();
