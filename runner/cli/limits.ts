/** What whoever starts a command lets the load be at the most, whatever stack, script and other options say. */
import type { SettingsProblem } from "../../settings/errors";
import type { Rule } from "../../settings/rules";
import { parseDuration } from "../../settings/values/duration";
import { commonHosts, isAllowedTarget } from "../../settings/values/target";
import { UsageError } from "../errors";
import type { LocustStatus } from "../types";

export interface LimitOptions {
  /** Hosts that load may be aimed at; where the stack has `allowedHosts`, both hold. */
  readonly allowedHosts?: readonly string[] | undefined;
  readonly maxUsers?: number | undefined;
  readonly maxWorkers?: number | undefined;
  /** Seconds. */
  readonly maxRunTime?: number | undefined;
}

/** Refuses settings beyond the limits. */
export function limitRule({ allowedHosts, maxUsers, maxWorkers, maxRunTime }: LimitOptions): Rule {
  return ({ valid }) => {
    const { users, workerReplicas, runTime } = valid;
    const problems: SettingsProblem[] = allowedHosts === undefined ? [] : hostProblems(valid, allowedHosts);
    const most = (key: string, amount: number | undefined, limit: number | undefined, text: string) => {
      if (amount === undefined || limit === undefined || amount <= limit) return;
      problems.push({ key, value: valid[key as keyof typeof valid], allowed: `at most ${text}` });
    };
    most("users", users, maxUsers, `${maxUsers} (--max-users)`);
    most("workerReplicas", workerReplicas, maxWorkers, `${maxWorkers} (--max-workers)`);
    most("runTime", runTime === undefined ? 0 : parseDuration(runTime), maxRunTime, `${maxRunTime} s (--max-run-time)`);
    return problems;
  };
}

function hostProblems(valid: Parameters<Rule>[0]["valid"], allowedHosts: readonly string[]): SettingsProblem[] {
  const among = `--allowed-hosts: ${allowedHosts.join(", ")}`;
  if (valid.targetHost !== undefined && !isAllowedTarget(valid.targetHost, allowedHosts)) {
    return [{ key: "targetHost", value: valid.targetHost, allowed: `on one of ${among}` }];
  }
  // An empty list would be none to Locust.
  if (commonHosts(valid.allowedHosts, allowedHosts)?.length !== 0) return [];
  return [{ key: "allowedHosts", value: valid.allowedHosts, allowed: `with one of ${among}` }];
}

/** Refuses a script whose load shape decides about users and time, where these have a limit. */
export function requireSettledLoad({ shape }: LocustStatus, { maxUsers, maxRunTime }: LimitOptions): void {
  const limits = [
    ...(maxUsers === undefined ? [] : ["--max-users"]),
    ...(maxRunTime === undefined ? [] : ["--max-run-time"]),
  ];
  if (shape === null || limits.length === 0) return;
  throw new UsageError(
    `the script's load shape ${shape} decides users and time: no run keeps it to ${limits.join(" and ")}`,
  );
}
