/** Child process: `node main.js --port 8000 [--fail-every 5] [--delay 0]` prints `{"url": …}` when it listens. */
import { Socket } from "node:net";
import { parseArgs } from "node:util";
import { startDemoTarget } from "./target";

/** Ends this process when the parent is gone: its end of the descriptor, or of standard input, is closed then. */
function armLifeline(): void {
  const descriptor = process.env.LOADTEST_LIFELINE_FD;
  const stream = descriptor === undefined ? process.stdin : new Socket({ fd: Number(descriptor), writable: false });
  stream.on("error", () => process.exit(0));
  stream.on("close", () => process.exit(0));
  stream.on("end", () => process.exit(0));
  stream.resume();
}

function number(value: string | undefined, name: string, least: number, otherwise?: number): number {
  const result = value === undefined ? otherwise : Number(value);
  if (result === undefined || !Number.isInteger(result) || result < least) {
    throw new Error(`--${name} must be an integer from ${least}`);
  }
  return result;
}

async function main(): Promise<void> {
  armLifeline();
  const { values } = parseArgs({
    options: { port: { type: "string" }, "fail-every": { type: "string" }, delay: { type: "string" } },
  });
  const target = await startDemoTarget({
    port: number(values.port, "port", 0),
    failEvery: number(values["fail-every"], "fail-every", 1, 5),
    delayMs: number(values.delay, "delay", 0, 0),
  });
  process.stdout.write(`${JSON.stringify({ url: target.url })}\n`);
}

main().catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exit(1);
});
