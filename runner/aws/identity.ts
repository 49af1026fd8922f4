import type { AwsClients } from "./clients";
import { explainAwsError } from "./errors";

/** Whose credentials AWS sees, and where they are used. */
export interface Identity {
  readonly account: string;
  readonly arn: string;
  readonly region: string;
  /** When the credentials end; undefined where they do not, or nobody knows. */
  readonly expires: Date | undefined;
}

/** Rejects with an AwsError. */
export async function readIdentity(clients: AwsClients, signal: AbortSignal): Promise<Identity> {
  try {
    const [sts, { GetCallerIdentityCommand }] = await Promise.all([clients.sts(), import("@aws-sdk/client-sts")]);
    const region = await sts.config.region();
    const { Account: account = "", Arn: arn = "" } = await sts.send(new GetCallerIdentityCommand({}), {
      abortSignal: signal,
    });
    // A network that asks for a login answers everything.
    if (!arn.startsWith("arn:")) throw new Error("what answers is not AWS: it names nobody");
    const { expiration } = await sts.config.credentials();
    return { account, arn, region, expires: expiration };
  } catch (error) {
    throw explainAwsError(error, "Identity");
  }
}
