import { type EstimateSettings, estimate } from "../../../settings/cost/estimate";
import { guidanceSettings, scenarios } from "../../../settings/cost/guidance";
import { natGateways } from "../../../settings/cost/hourly";
import {
  assumptions,
  kbPerRequest,
  type Load,
  usualRequestsPerUserMinute,
  usualSentShare,
} from "../../../settings/cost/load";
import type { Prices } from "../../../settings/cost/prices";
import { savings } from "../../../settings/cost/savings";
import { packageRoot } from "../../../settings/package-root";
import { findProject, isOwnProgram, readAwsConfig, readStack, usualStack } from "../../../settings/project/stack-files";
import { runSeconds } from "../../../settings/values/arrivals";
import { parseShare } from "../../../settings/values/share";
import { configuredRegion } from "../../aws/clients";
import { UsageError } from "../../errors";
import { exitCodes } from "../../types";
import { findPrices, pricesPath, writePrices } from "../price-file";
import { overridesOf, type SettingsOptions } from "../settings";
import { type CostReport, costText } from "../terminal/cost";

export interface CostOptions extends Pick<SettingsOptions, "stack" | "users" | "workers"> {
  readonly scenario?: string;
  readonly hours?: number;
  readonly runsPerDay?: number;
  readonly requestsPerUserMinute?: number;
  readonly kbPerUserMinute?: number;
  /** 0 to 1. */
  readonly sentShare?: number;
  readonly region?: string;
  readonly refresh?: boolean;
  readonly json?: boolean;
}

/** What is priced, and where. */
interface Subject {
  readonly name: string;
  readonly settings: EstimateSettings;
  readonly load: Load;
  readonly region: string | undefined;
  /** Of AWS' credentials, where the stack names one. */
  readonly profile?: string | undefined;
  readonly notes: readonly string[];
}

/** `loadtest cost`: what a stack and its runs cost, from the stack's files and a list of prices. */
export async function costCommand(options: CostOptions): Promise<number> {
  const subject = subjectOf(options);
  const region = regionOf(options, subject);
  if (options.refresh === true) await refresh({ region, profile: subject.profile });
  const report = reportOf(subject, findPrices(region));
  const { columns: room = 80, isTTY } = process.stdout;
  const text =
    options.json === true
      ? `${JSON.stringify(report, undefined, 2)}\n`
      : costText(report, { room, colour: isTTY === true });
  process.stdout.write(text);
  return exitCodes.passed;
}

/** The Region that is priced. */
function regionOf(options: CostOptions, subject: Subject): string {
  const region = options.region ?? subject.region;
  if (region === undefined) {
    throw new UsageError(
      "nothing says in which Region: aws:region in the stack's file, AWS_REGION, or --region us-east-2",
    );
  }
  if (!/^[a-z]{2}(-[a-z]+)+-\d$/.test(region)) {
    throw new UsageError(`${JSON.stringify(region)} is no Region of AWS: us-east-2, eu-west-1, ap-southeast-2`);
  }
  return region;
}

/** The whole estimate. */
export function reportOf(
  { name, settings, load, notes }: Omit<Subject, "region" | "profile">,
  prices: Prices,
): CostReport {
  const { layout, vpcId } = settings;
  const other = layout === "multi-az" ? "single-az" : "multi-az";
  return {
    ...{ name, region: prices.region, prices: { date: prices.date, source: prices.source } },
    ...{ layout, load, ...estimate(prices, settings, load) },
    otherLayout:
      vpcId === undefined
        ? { layout: other, total: estimate(prices, { ...settings, layout: other }, load).total }
        : null,
    natAddresses: natGateways(settings) * settings.natAddressesPerGateway,
    savings: savings(prices, settings, load),
    assumptions: [...notes, ...assumptions(settings, load, prices)],
  };
}

async function refresh(place: { readonly region: string; readonly profile: string | undefined }): Promise<void> {
  // The SDK takes its time.
  const { fetchPrices } = await import("../../aws/price-list.js");
  const say = (text: string) => process.stderr.write(`${text}\n`);
  const today = new Date().toISOString().slice(0, 10);
  await writePrices(await fetchPrices(place, today, (text) => say(`warning: ${text}`)));
  say(`Prices of ${place.region} are in ${pricesPath()}`);
}

/** What the options name, read and checked. */
export function subjectOf(options: CostOptions): Subject {
  const { scenario } = options;
  const subject = scenario === undefined ? stackSubject(options) : scenarioSubject(options, scenario);
  requireDay(subject.load);
  return subject;
}

function stackSubject(options: CostOptions): Subject {
  const project = findProject(process.cwd());
  if (project === undefined)
    throw new UsageError("there is no Pulumi.yaml in this folder or above it; --scenario needs none");
  const { directory } = project;
  const read = (overrides: Record<string, unknown>) => readStack({ directory, stack: options.stack, overrides });
  const { settings: run, source } = read(overridesOf(loadOnly(options)));
  const { settings } = read({});
  if (settings.platform !== "eks-fargate") {
    throw new UsageError(`${source} has platform ${settings.platform}: loadtest cost knows what eks-fargate costs`);
  }
  const aws = readAwsConfig(project, options.stack ?? usualStack);
  return {
    name: isOwnProgram(project) ? source : "This package's defaults, and what of them the stack sets,",
    settings,
    load: loadOf(options, {
      ...{ users: run.users, workers: run.workerReplicas, hours: runSeconds(settings) / 3600 },
      ...{ runsPerDay: 1, requestsPerUserMinute: usualRequestsPerUserMinute, sentShare: parseShare(usualSentShare) },
    }),
    region: configuredRegion(aws),
    profile: aws.profile,
    notes: isOwnProgram(project)
      ? []
      : ["The project is another program's: network, cluster and pods are priced as this package's defaults."],
  };
}

function scenarioSubject(options: CostOptions, scenario: string): Subject {
  const preset = scenarios.get(scenario);
  if (preset === undefined)
    throw new UsageError(`there is no scenario ${scenario}: ${[...scenarios.keys()].join(", ")}`);
  // The same rules as a stack's, whose pods have another size.
  const directory = packageRoot();
  const { settings: given } = readStack({ directory, overrides: overridesOf(loadOnly(options)) });
  const load = {
    ...preset,
    ...(options.users === undefined ? {} : { users: given.users }),
    ...(options.workers === undefined ? {} : { workers: given.workerReplicas }),
  };
  return {
    name: `scenario ${scenario}`,
    settings: { ...guidanceSettings, workerReplicas: load.workers },
    load: loadOf(options, load),
    region: "us-east-2",
    notes: ["2,000 users on 0.25 vCPU are the guidance's own number: docs/cost.md has what was measured."],
  };
}

/** What the command line says of a run, over what it is otherwise. */
function loadOf(options: CostOptions, usual: Omit<Load, "kbPerUserMinute"> & Partial<Load>): Load {
  const requestsPerUserMinute = options.requestsPerUserMinute ?? usual.requestsPerUserMinute;
  return {
    ...{ users: usual.users, workers: usual.workers, requestsPerUserMinute },
    hours: options.hours ?? usual.hours,
    runsPerDay: options.runsPerDay ?? usual.runsPerDay,
    kbPerUserMinute: options.kbPerUserMinute ?? usual.kbPerUserMinute ?? requestsPerUserMinute * kbPerRequest,
    sentShare: options.sentShare ?? usual.sentShare,
  };
}

/** Of the settings that the command line may give. */
function loadOnly({ users, workers }: CostOptions): SettingsOptions {
  return { ...(users === undefined ? {} : { users }), ...(workers === undefined ? {} : { workers }) };
}

function requireDay({ hours, runsPerDay }: Load): void {
  if (hours * runsPerDay <= 24) return;
  throw new UsageError(`${runsPerDay} runs of ${hours} hours do not fit into a day: --runs-per-day, --hours`);
}
