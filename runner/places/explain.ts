import { basename, dirname } from "node:path";
import { RunnerError, UsageError } from "../errors";
import { errorText, lastPythonError } from "./traceback";

/** What Locust was asked to run, to word its failure. */
export interface BootContext {
  /** Which process ended: `the master`, `worker-2`. */
  readonly process: string;
  /** How it ended: `exit code 1`. */
  readonly how: string;
  readonly script: string;
  /** Where the whole output is. */
  readonly log: string;
}

/** Somebody else took a port between our look and Locust's use of it. */
export class PortTakenError extends RunnerError {}

/** Locust's own errors for which it exits before a test, and what they mean to the user. */
export function explainBoot(output: string, context: BootContext): RunnerError {
  const script = basename(context.script);
  const refused = refusal(output);
  if (refused !== undefined) return new UsageError(`${script} ${refused}`);
  if (/Address already in use|was busy/.test(output)) {
    return new PortTakenError(`a port that Locust needs was taken while it started (${context.log})`);
  }
  const error = lastPythonError(output, dirname(context.script));
  if (error !== undefined) return new UsageError(errorText(error, script));
  const line = lastLine(output);
  if (isNotOfLocust(context.how, line) && !output.includes("Got SIGTERM signal")) {
    return new UsageError(
      `${script} ended ${context.process} before it was ready: ${context.how} and no error, as with os._exit`,
    );
  }
  return new RunnerError(
    `${context.process} ended before it was ready (${context.how})${line === undefined ? "" : `: ${line}`} (${context.log})`,
  );
}

/** Whether the script ended its process: Locust itself ends with 0, 1, 2 or 255, and logs why. */
function isNotOfLocust(how: string, line: string | undefined): boolean {
  return how.startsWith("exit code ") && (line === undefined || !/ (0|1|2|255)$/.test(how));
}

/** How a script's own argument is given; what it needs or refuses is told with it. */
const howToGive = "--script-arg NAME=VALUE, or scriptArguments in the stack's config";

/** Why Locust does not take the script; undefined where it does. */
function refusal(output: string): string | undefined {
  if (/No User class found!/.test(output)) {
    return "has no User class to run: it needs one that inherits from HttpUser, FastHttpUser or User, and is not abstract";
  }
  const [, why] = /^HttpUser cannot run on the fast client, as httpClient asks: (.*)$/m.exec(output) ?? [];
  if (why !== undefined) return `cannot have httpClient fast: ${why}`;
  // What argparse says of a script's own arguments; the product's command line has the others right.
  const [, text = "", near] = /^locust: error: (.*)(?:\nDid you mean '(--.*)'\?)?/m.exec(output) ?? [];
  const [, missing] = /^the following arguments are required: (.*)$/.exec(text) ?? [];
  if (missing !== undefined) return `needs ${missing}: ${howToGive}`;
  const [, unknown] = /^unrecognized arguments: (.*)$/.exec(text) ?? [];
  if (unknown === undefined) return text === "" ? undefined : `does not take what it was given: ${text}`;
  return `has no argument ${unknown}${near === undefined ? "" : `; did you mean ${near}?`}`;
}

/**
 * What ended a process, to follow a colon: `exit code 1: shop.py, line 12: KeyError: 'token'`.
 *
 * @param how `exit code 1`, or the signal
 * @param scripts the folder of the scripts, where that is not the one in pods
 */
export function explainEnd(output: string, how: string, scripts?: string): string {
  // It cannot be known who has sent it.
  if (how === "SIGKILL") return "SIGKILL, of somebody or of the system, which ends processes that take its memory";
  const error = how.startsWith("exit code") ? lastPythonError(output, scripts) : undefined;
  return error?.last === true ? `${how}: ${errorText(error)}` : how;
}

/**
 * What the end of an output says, in one line, of why its process has ended: `shop.py, line 3: ValueError: no such shop`.
 * `mistake` where it is one in the user's own files. Undefined where it says nothing.
 */
export function lastWords(output: string): { readonly text: string; readonly mistake: boolean } | undefined {
  const refused = refusal(output);
  if (refused !== undefined) return { text: `the script ${refused}`, mistake: true };
  // A long traceback may have lost its head.
  const [frames = ""] = /^ {2}File ".*/ms.exec(output) ?? [];
  const error = lastPythonError(output) ?? lastPythonError(`Traceback (most recent call last):\n${frames}`);
  // One of a task, which was logged on the way, has ended nothing.
  if (error?.last === true) return { text: errorText(error), mistake: error.line !== undefined };
  // Without time and place, so that it is the same for all processes that have it.
  const text = lastLine(output)?.replace(/^\[[^\]]*\] \S+\/[A-Z]+\/[\w.]+: /, "");
  return text === undefined ? undefined : { text, mistake: false };
}

function lastLine(output: string): string | undefined {
  return output
    .split("\n")
    .map((text) => text.trim())
    .findLast((text) => text !== "" && !/^\[.*\bINFO\b/.test(text));
}
