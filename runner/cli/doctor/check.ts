import { setMaxListeners } from "node:events";
import type { SettingsKey } from "../../../settings/schema";
import { AwsError } from "../../aws/errors";
import { messageOf } from "../../errors";

/** `problem`: a run cannot work before it is changed. `skipped`: it does not apply, or could not be looked at yet. */
export type CheckState = "ok" | "warning" | "problem" | "skipped";

/** What a check has found: both texts are one line. */
export interface Finding {
  readonly state: CheckState;
  readonly text: string;
  readonly todo?: string;
}

export interface CheckResult extends Finding {
  readonly name: string;
}

export interface Check {
  readonly name: string;
  /** Settings that it works with: it is left out where one of them is wrong. */
  readonly uses?: readonly SettingsKey[];
  /** May throw: what it throws is a problem. */
  look(signal: AbortSignal): Finding | Promise<Finding>;
}

export const ok = (text: string): Finding => ({ state: "ok", text });
export const skipped = (text: string): Finding => ({ state: "skipped", text });
export const warning = (text: string, todo?: string): Finding => ({ state: "warning", text, ...(todo && { todo }) });
export const problem = (text: string, todo?: string): Finding => ({ state: "problem", text, ...(todo && { todo }) });

/** An error as a finding. */
export function failed(error: unknown, state: "warning" | "problem" = "problem"): Finding {
  if (error instanceof AwsError) return { state, text: error.text, todo: error.todo };
  return { state, text: messageOf(error).replace(/\s+/g, " ").trim() };
}

/**
 * Does all checks at once; results are in their order, and one that has no answer in time is a warning. Never rejects.
 *
 * @param wrong settings that are wrong
 * @param limit ms
 */
export async function runChecks(
  checks: readonly Check[],
  wrong: ReadonlySet<string>,
  limit: number,
): Promise<CheckResult[]> {
  const end = new AbortController();
  // Each call of each check listens.
  setMaxListeners(0, end.signal);
  const late = warning(`no answer within ${limit / 1000} s`, "Try again");
  let timer: NodeJS.Timeout | undefined;
  const timeout = new Promise<Finding>((resolve) => {
    timer = setTimeout(() => resolve(late), limit);
  });
  const one = async ({ name, uses = [], look }: Check): Promise<CheckResult> => {
    const unusable = uses.filter((key) => wrong.has(key));
    if (unusable.length > 0)
      return { name, ...skipped(`not looked at, as ${unusable.join(" and ")} must be right first`) };
    const found = (async () => look(end.signal))().catch(failed);
    return { name, ...(await Promise.race([found, timeout])) };
  };
  try {
    return await Promise.all(checks.map(one));
  } finally {
    clearTimeout(timer);
    // Programs that were started, and calls, end with it.
    end.abort();
  }
}

/** The command's exit code. */
export function exitCodeOf(results: readonly CheckResult[]): 0 | 2 {
  return results.some(({ state }) => state === "problem") ? 2 : 0;
}
