/** What whoever starts a command lets the load be at the most, whatever stack, script and other options say. */
import type { SettingsProblem } from "../../settings/errors";
import type { Rule } from "../../settings/rules";
import { isInStages, parseArrivals, peakRate, runSeconds } from "../../settings/values/arrivals";
import { commonHosts, isAllowedTarget } from "../../settings/values/target";

export interface LimitOptions {
  /** Hosts that load may be aimed at; where the stack has `allowedHosts`, both hold. */
  readonly allowedHosts?: readonly string[] | undefined;
  readonly maxUsers?: number | undefined;
  readonly maxWorkers?: number | undefined;
  /** Iterations started a second; of stages, the highest rate. */
  readonly maxArrivalRate?: number | undefined;
  /** Seconds. */
  readonly maxRunTime?: number | undefined;
}

/** The options without the limits that a command holds to itself; those that are left hold for the settings, too. */
export function withoutOwnLimits<T extends LimitOptions>(options: T) {
  const { maxUsers: _, maxWorkers: __, maxArrivalRate: ___, maxRunTime: ____, ...others } = options;
  return others;
}

/** Refuses settings beyond the limits. */
export function limitRule({ allowedHosts, maxUsers, maxWorkers, maxArrivalRate, maxRunTime }: LimitOptions): Rule {
  return ({ valid }) => {
    const { users, spawnRate, workerReplicas, arrivalRate, runTime } = valid;
    const problems: SettingsProblem[] = allowedHosts === undefined ? [] : hostProblems(valid, allowedHosts);
    const most = (key: string, amount: number | undefined, limit: number | undefined, text: string) => {
      if (amount === undefined || limit === undefined || amount <= limit) return;
      problems.push({ key, value: valid[key as keyof typeof valid], allowed: `at most ${text}` });
    };
    most("users", users, maxUsers, `${maxUsers} (--max-users)`);
    most("workerReplicas", workerReplicas, maxWorkers, `${maxWorkers} (--max-workers)`);
    const peak = arrivalRate === undefined ? undefined : peakRate(parseArrivals(arrivalRate));
    most("arrivalRate", peak, maxArrivalRate, `${maxArrivalRate} iterations a second (--max-arrival-rate)`);
    if (users !== undefined && spawnRate !== undefined && runTime !== undefined) {
      const seconds = runSeconds({ users, spawnRate, runTime, arrivalRate });
      const said = isInStages(arrivalRate) ? "arrivalRate" : "runTime";
      most(said, seconds, maxRunTime, `${maxRunTime} s (--max-run-time)`);
    }
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
