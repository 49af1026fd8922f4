/** What CloudWatch has of a run's NAT gateways, and the run that is judged by it. */
import { expect } from "chai";
import { judgeNat, type NatPatience } from "../../../../runner/cli/deployed-test/nat";
import { saveLatestRun } from "../../../../runner/cli/deployed-test/save";
import { readRun } from "../../../../runner/results/read";
import type { LoadTestOutput } from "../../../../settings/deployed/outputs";
import { type AwsCall, type AwsReply, identity, type ScriptedAws, useScriptedAws } from "../../../support/aws";
import { TestContext } from "./context";
import { output } from "./tests";

export const minute = 60_000;

/** A run that has ended, on a master that answers, and an AWS that knows who asks: new ones for each test of a suite. */
export function useEndedRun(use: (there: TestContext, aws: ScriptedAws) => void): void {
  let aws: ScriptedAws;
  let there: TestContext;
  useScriptedAws((one) => {
    aws = one;
    aws.replies["sts:GetCallerIdentity"] = () => identity();
  });
  beforeEach(async () => {
    there = await TestContext.open();
    there.endRun();
    use(there, aws);
  });
  afterEach(() => there.close());
}

/** Starts of the minutes that a call asks for. */
export function minutesOf({ input }: AwsCall): number[] {
  const [from, to] = [Number(input.StartTime) * 1000, Number(input.EndTime) * 1000];
  return Array.from({ length: (to - from) / minute }, (_, index) => from + index * minute);
}

/** Of how many of the last minutes there are no values: of all metrics, or of ErrorPortAllocation alone. */
interface Late {
  readonly late?: number;
  readonly lateErrors?: number;
}

/** Answers with these sums, of the first minute, and with 0 in the others. */
export function natValues(sums: Readonly<Record<string, number>>, { late = 0, lateErrors = late }: Late = {}) {
  return (call: AwsCall): AwsReply => {
    const all = minutesOf(call);
    const queries = call.input.MetricDataQueries as {
      Id: string;
      MetricStat: { Metric: { MetricName: string; Dimensions: [{ Value: string }] } };
    }[];
    const MetricDataResults = queries.map(({ Id, MetricStat: { Metric } }) => {
      const missing = Metric.MetricName === "ErrorPortAllocation" ? lateErrors : late;
      const minutes = all.slice(0, all.length - missing);
      const sum = sums[`${Metric.Dimensions[0].Value} ${Metric.MetricName}`] ?? 0;
      return {
        ...{ Id, Label: Id, StatusCode: "Complete", Timestamps: minutes.map((time) => time / 1000) },
        Values: minutes.map((_, at) => (at === 0 ? sum : 0)),
      };
    });
    return { result: { MetricDataResults } };
  };
}

/** Of stack `dev` with two NAT gateways. */
export function onFargate({ context }: TestContext, change: Partial<LoadTestOutput> = {}) {
  const gateways = { platform: "eks-fargate", region: "us-east-2", natGatewayIds: ["nat-1", "nat-2"] } as const;
  return { ...context, test: { ...context.test, stack: "dev", output: output({ ...gateways, ...change }) } };
}

/** The time in which CloudWatch may have values of the last minute is over. */
const over = -minute;

/** The run that the master has, saved, and looked at; gives what is on disk before and after. */
export async function judged(
  there: TestContext,
  change: Partial<LoadTestOutput> = {},
  patience: Partial<NatPatience> = {},
) {
  const context = onFargate(there, change);
  const saved = await saveLatestRun({ ...there.context, seen: there.locust.status, info: undefined });
  if (saved === undefined) throw new Error("the run was not saved");
  const before = readRun(saved.folder.path);
  there.said();
  const { record } = await judgeNat(saved, context, { wait: over, interval: 20, limit: 15_000, ...patience });
  expect(readRun(saved.folder.path)).to.deep.equal(record);
  return { before, record, said: there.said().join("\n") };
}
