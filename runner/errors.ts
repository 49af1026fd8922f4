import { exitCodes } from "./types";

/** A failure that the user can do something about: its message is one plain line and needs no stack trace. */
export class RunnerError extends Error {
  constructor(
    message: string,
    /** The command's exit code; defaults to 4, could not run. */
    readonly exitCode: number = exitCodes.error,
    options?: ErrorOptions,
  ) {
    super(message, options);
    this.name = "RunnerError";
  }
}

/** A wrong use of the command line, or of a script: exit code 2. */
export class UsageError extends RunnerError {
  constructor(message: string, options?: ErrorOptions) {
    super(message, exitCodes.usage, options);
    this.name = "UsageError";
  }
}

/** The text of whatever was thrown. */
export function messageOf(error: unknown): string {
  if (error instanceof Error) return error.message;
  try {
    return String(error);
  } catch {
    // Not every object has a text of its own.
    return Object.prototype.toString.call(error);
  }
}

/** The `code` of a system error: ENOSPC, ECONNREFUSED. */
export function codeOf(error: unknown): string | undefined {
  if (!(error instanceof Error)) return undefined;
  const code: unknown = (error as NodeJS.ErrnoException).code;
  return typeof code === "string" ? code : codeOf(error.cause);
}
