import { CommanderError } from "commander";
import { PricesError } from "../../settings/cost/region-prices";
import { SettingsError, StackFileError } from "../../settings/errors";
import { messageOf, RunnerError } from "../errors";
import { exitCodes } from "../types";
import { completionCommands, createProgram } from "./program/program";
import { endOnSignals, endProcess } from "./signals";

/** The command line's entry; ends the process with the command's exit code. */
export async function main(argv: readonly string[]): Promise<void> {
  endOnSignals();
  const code = await run(argv);
  // An open handle, such as a kept-alive connection, would keep the process running.
  await Promise.all([process.stdout, process.stderr].map(flushed));
  endProcess(code);
}

async function run(argv: readonly string[]): Promise<number> {
  let code: number = exitCodes.passed;
  const program = createProgram((result) => {
    code = result;
  });
  try {
    if (completionCommands.includes(argv[2] ?? ""))
      await (await import("./program/completion.js")).addCompletion(program);
    await program.parseAsync([...argv]);
    return code;
  } catch (error) {
    return fail(error, argv.includes("--json"));
  }
}

function fail(error: unknown, json: boolean): number {
  // Commander has printed its own message, or the help that was asked for.
  if (error instanceof CommanderError) return error.exitCode === 0 ? exitCodes.passed : exitCodes.usage;
  const code = exitCodeOf(error);
  process.stderr.write(`loadtest: ${code === undefined ? stackOf(error) : messageOf(error)}\n`);
  const exitCode = code ?? exitCodes.error;
  if (json) process.stdout.write(`${JSON.stringify({ error: messageOf(error), exitCode })}\n`);
  return exitCode;
}

/** Undefined for an error that is ours and not the user's. */
function exitCodeOf(error: unknown): number | undefined {
  if (error instanceof RunnerError) return error.exitCode;
  const isUsers = [SettingsError, StackFileError, PricesError].some((kind) => error instanceof kind);
  return isUsers ? exitCodes.usage : undefined;
}

function stackOf(error: unknown): string {
  return `internal error, please report it: ${error instanceof Error ? error.stack : String(error)}`;
}

function flushed(stream: NodeJS.WriteStream): Promise<void> {
  return new Promise((resolve) => {
    stream.write("", () => resolve());
  });
}
