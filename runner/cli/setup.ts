import { basename } from "node:path";
import type { HttpClient } from "../../settings/locust-names";
import type { Settings } from "../../settings/schema";
import { askedArrivals, isInStages, runSeconds } from "../../settings/values/arrivals";
import { parseShare } from "../../settings/values/share";
import { isAllowedTarget } from "../../settings/values/target";
import type { RunPlan } from "../engine/plan";
import { UsageError } from "../errors";
import { requireReachable } from "../places/network";
import { findRun } from "../results/history";
import { readRunData } from "../results/read";
import type { FinishedRecord } from "../results/run-record";
import type { LocustStatus, Sample } from "../types";
import { compareRuns } from "../verdict/compare/compare";
import type { Comparison } from "../verdict/compare/comparison";
import { searchedPlan } from "./capacity/capacity";
import type { LimitOptions } from "./limits";
import type { RunCommandOptions } from "./options";

/** What a run is made of, wherever it runs. */
export interface TestSetup {
  readonly place: "local" | "kubernetes";
  /** Pulumi stack whose settings are used; null without one. */
  readonly stack: string | null;
  readonly script: string;
  /** The script's own arguments by name, where the place has to be told of them; undefined for a run that goes on. */
  readonly scriptArguments?: Readonly<Record<string, string>>;
  /** How requests of HttpUser are made; undefined for a run that goes on. */
  readonly httpClient?: HttpClient;
  readonly plan: RunPlan;
  /** For the record: without secrets. */
  readonly settings: Readonly<Record<string, unknown>>;
}

/** The settings that a plan is made of. */
type PlanSettings = Pick<Settings, "users" | "spawnRate" | "runTime" | "workerReplicas" | "targetHost" | "thresholds"> &
  Partial<Pick<Settings, "arrivalRate" | "arrivalSpacing">>;

/** @param options.abortAfter seconds */
export function planOf(settings: PlanSettings, { abortAfter, search }: PlanOptions = {}): RunPlan {
  const arrivals = search === undefined ? askedArrivals(settings) : undefined;
  const plan = {
    users: settings.users,
    spawnRate: settings.spawnRate,
    runTime: runSeconds(settings),
    ...(arrivals === undefined ? {} : { arrivals }),
    workers: settings.workerReplicas,
    host: settings.targetHost,
    thresholds: settings.thresholds,
    abortAfter,
  };
  return search === undefined ? plan : searchedPlan(plan, search, settings.arrivalSpacing);
}

/** What a plan is made of beside the settings. */
export type PlanOptions = Pick<RunCommandOptions, "abortAfter" | "search">;

/** Settings, for the record, with the load of a plan in place of their own. */
export function settingsOf(settings: TestSetup["settings"], plan: RunPlan): TestSetup["settings"] {
  const { users, spawnRate, runTime, workers: workerReplicas, arrivals } = plan;
  const ofArrivals = { arrivalRate: arrivals?.rate, arrivalSpacing: arrivals?.spacing };
  return withoutUndefined({
    ...{ ...settings, users, spawnRate, workerReplicas, ...ofArrivals },
    runTime: runTime === undefined ? undefined : `${runTime}s`,
  });
}

export function withoutUndefined(values: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined));
}

export function requireWorkers({ workerReplicas }: Pick<Settings, "workerReplicas">): void {
  if (workerReplicas < 1) throw new UsageError("a run needs at least one worker: --workers 1");
}

/** Compares a run, whose record has all but this comparison, with an earlier one. */
export type Compare = (record: FinishedRecord, samples: readonly Sample[], folder: string) => Comparison;

/** Compares a run to come with its baseline; undefined without one. Throws a UsageError where there is no such run. */
export async function baselineOf({
  results,
  baseline,
  maxRegression,
}: Pick<RunCommandOptions, "results" | "baseline" | "maxRegression">): Promise<Compare | undefined> {
  if (baseline === undefined) return undefined;
  const before = await readRunData(findRun(results, baseline).path);
  const allowed = { maxRegression: parseShare(maxRegression) };
  return (record, samples, folder) => compareRuns(before, { name: basename(folder), record, samples }, allowed);
}

/** The part of a plan that says what iterations a run of the web UI was asked for; empty without an arrival rate. */
export function arrivalsOf({ arrivals }: LocustStatus): Pick<RunPlan, "arrivals"> {
  return arrivals ? { arrivals: { rate: arrivals.asked, spacing: arrivals.spacing } } : {};
}

/** What to know of a run with an arrival rate, a line each; nothing for one without. */
export function arrivalsNotice({ arrivals, users }: Pick<RunPlan, "arrivals" | "users">): readonly string[] {
  if (arrivals === undefined) return [];
  const { rate, spacing } = arrivals;
  const random = spacing === "even" ? "" : ", at random gaps (Poisson)";
  const begin = "The script's wait_time is not used: ";
  if (!isInStages(rate)) {
    return [`${begin}${rate.replace(/\/s$/, "")} iterations start a second${random}, with at most ${users} under way`];
  }
  return [
    `${begin}iterations start at ${rate}${random}, with at most ${users} under way`,
    "These stages, after the ramp, are the length of the run: its run time is not used",
  ];
}

/** Checks that iterations can start at the rate that is asked for, where one is. */
export function requireArrivals({ arrivals }: Pick<RunPlan, "arrivals">, status: LocustStatus): void {
  if (arrivals === undefined) return;
  if (status.arrivals === undefined) {
    throw new UsageError(
      "what runs there takes no arrival rate: pulumi up, where an earlier version has deployed it; or the script has an " +
        "option --arrival-rate of its own",
    );
  }
  requireNoShape(status, "leave the arrival rate out");
}

/** Checks that HttpUser is fast where it must be: a plugin of before knows nothing of that. */
export function requireHttpClient({ httpClient }: Pick<TestSetup, "httpClient">, { client }: LocustStatus): void {
  if (httpClient !== "fast" || client?.requests !== undefined) return;
  throw new UsageError("what runs there knows no httpClient: pulumi up, as an earlier version has deployed it");
}

/** Refuses a script whose load shape decides what the command has to. @param why what the user is to know or do */
export function requireNoShape({ shape }: Pick<LocustStatus, "shape">, why: string): void {
  if (shape !== null) throw new UsageError(`the script's load shape ${shape} decides users and time: ${why}`);
}

/** Refuses a script whose load shape decides about users and time, where these have a limit. */
export function requireSettledLoad(status: LocustStatus, { maxUsers, maxRunTime }: LimitOptions): void {
  const limits = [
    ...(maxUsers === undefined ? [] : ["--max-users"]),
    ...(maxRunTime === undefined ? [] : ["--max-run-time"]),
  ];
  if (limits.length > 0) requireNoShape(status, `no run keeps it to ${limits.join(" and ")}`);
}

/** Checks that every HTTP user has a target that it may have, and that targets with an http(s) URL answer. */
export async function requireLocalTargets(status: LocustStatus, allowedHosts?: readonly string[]): Promise<void> {
  requireTargets(status, allowedHosts, ", or --demo");
  const hosts = Object.values(status.hosts).filter((host) => host !== null);
  // Other hosts belong to the script's own clients.
  for (const host of new Set(hosts)) if (/^https?:/i.test(host) && URL.canParse(host)) await requireReachable(host);
}

/**
 * Checks that every HTTP user has a target, and that the script's own are allowed: the plugin refuses others too, but
 * only once a run starts.
 *
 * @param more further ways to say a target
 */
export function requireTargets(status: LocustStatus, allowedHosts?: readonly string[], more = ""): void {
  for (const host of Object.values(status.hosts)) {
    if (allowedHosts === undefined || host === null || !URL.canParse(host)) continue;
    if (isAllowedTarget(host, allowedHosts)) continue;
    throw new UsageError(`the script's target ${host} is on none of allowedHosts: ${allowedHosts.join(", ")}`);
  }
  const without = Object.entries(status.hosts).filter(([, host]) => host === null);
  if (without.length === 0) return;
  throw new UsageError(
    `nothing says what ${without.map(([name]) => name).join(", ")} should load: --host URL, targetHost in the stack's ` +
      `config, ${more === "" ? "or " : ""}host in the script${more}`,
  );
}
