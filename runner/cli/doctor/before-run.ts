import { runSeconds } from "../../../settings/values/arrivals";
import type { ClusterTest } from "../deployed-test/open";
import type { SettingsOptions } from "../settings";
import { runChecks } from "./check";
import { AwsLook, identityCheck, quotaChecks } from "./checks/aws";
import { natCheck } from "./checks/limits";
import { readSubject } from "./subject";

/** How long the look may take, in ms. */
const limit = 3000;

/** What credentials are to be good for beside the run, in ms: its start, its end, and saving it. */
const margin = 10 * 60_000;

/**
 * What may go wrong in a run on EKS and Fargate: credentials that end soon, more workers than Fargate's quota has room
 * for, more users than NAT. Gives warnings, each one line; none where AWS cannot be asked, for a run needs it no more.
 * Never rejects.
 */
export async function lookBeforeRun(
  { stack, output }: Pick<ClusterTest, "stack" | "output">,
  options: SettingsOptions,
  directory = process.cwd(),
): Promise<string[]> {
  if (stack === null || output?.platform !== "eks-fargate") return [];
  try {
    const subject = readSubject({ ...options, stack }, directory);
    if (subject.project === undefined || subject.anothers) return [];
    const look = new AwsLook(subject);
    const fargate = quotaChecks(look).filter(({ name }) => name === "Fargate vCPU");
    const { users = 1, spawnRate = 1, runTime = "1h", arrivalRate } = subject.settings;
    const length = runSeconds({ users, spawnRate, runTime, arrivalRate }) * 1000;
    const checks = [identityCheck(look, length + margin), ...fargate, natCheck(subject.settings)];
    const results = await runChecks(checks, subject.wrong, limit);
    const isAsked = look.failure !== "no-credentials" && look.failure !== "no-network";
    return results
      .filter(({ name, state }) => (state === "warning" || state === "problem") && (isAsked || name === "NAT ports"))
      .filter(({ text }) => !text.startsWith("no answer within"))
      .map(({ name, text, todo }) => `${name}: ${text}${todo === undefined ? "" : `. ${todo}`}`);
  } catch {
    return [];
  }
}
