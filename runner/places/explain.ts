import { basename } from "node:path";
import { RunnerError, UsageError } from "../errors";

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
  if (/No User class found!/.test(output)) {
    return new UsageError(
      `${script} has no User class: it needs one that inherits from HttpUser, FastHttpUser or User`,
    );
  }
  if (/Address already in use|was busy/.test(output)) {
    return new PortTakenError(`a port that Locust needs was taken while it started (${context.log})`);
  }
  const traceback = lastTraceback(output);
  if (traceback !== undefined) {
    const at = traceback.line === undefined ? script : `${traceback.file ?? script}, line ${traceback.line}`;
    return new UsageError(`${at}: ${traceback.error}`);
  }
  const line = output
    .split("\n")
    .map((text) => text.trim())
    .findLast((text) => text !== "" && !/^\[.*\bINFO\b/.test(text));
  return new RunnerError(
    `${context.process} ended before it was ready (${context.how})${line === undefined ? "" : `: ${line}`} (${context.log})`,
  );
}

interface Failure {
  readonly error: string;
  readonly file?: string | undefined;
  readonly line?: string | undefined;
}

/** The error of the last traceback, and the last place in it that belongs to the user: outside installed packages. */
function lastTraceback(output: string): Failure | undefined {
  const start = output.lastIndexOf("Traceback (most recent call last):");
  if (start < 0) return undefined;
  const lines = output.slice(start).split("\n");
  const places = lines.flatMap((text) => {
    const match = /^\s+File "([^"]+)", line (\d+)/.exec(text);
    return match === null ? [] : [{ file: match[1] ?? "", line: match[2] ?? "" }];
  });
  const place = places.findLast(({ file }) => !/site-packages|^<|[/\\]lib[/\\]python3/.test(file));
  // The error stands unindented; chained notes and the logs that follow do not look like `Name: text`.
  const error = lines.slice(1).find((text) => /^[A-Za-z_][\w.]*(Error|Exception|Warning|Exit|Interrupt)\b/.test(text));
  if (error === undefined) return undefined;
  return { error: error.trim(), file: place === undefined ? undefined : basename(place.file), line: place?.line };
}
