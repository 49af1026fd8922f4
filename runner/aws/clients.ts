/** Clients of AWS' services, made when they are first asked for: an SDK is loaded only where a stack is on AWS. */
import type { EC2Client } from "@aws-sdk/client-ec2";
import type { IAMClient } from "@aws-sdk/client-iam";
import type { ServiceQuotasClient } from "@aws-sdk/client-service-quotas";
import type { STSClient } from "@aws-sdk/client-sts";

/** Where AWS is asked, and as whom; what is left out is as the AWS CLI has it (AWS_REGION, AWS_PROFILE, its files). */
export interface AwsPlace {
  readonly region?: string | undefined;
  readonly profile?: string | undefined;
}

/** How long a connection, and then an answer, may take, in ms. */
const patience = 3000;

/**
 * The config of a client of the SDK: AWS_ENDPOINT_URL, proxies and files are the SDK's own business. Whoever makes one
 * client more spreads it: `new PricingClient({ ...awsConfig(place), region: "us-east-1" })`.
 */
export function awsConfig({ region, profile }: AwsPlace) {
  // A warning on Node 20, in four lines on standard error; the README says which Node there must be.
  process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED ??= "true";
  return {
    ...(region === undefined ? {} : { region }),
    ...(profile === undefined ? {} : { profile }),
    maxAttempts: 2,
    requestHandler: { connectionTimeout: patience, requestTimeout: patience, throwOnRequestTimeout: true },
  };
}

/** The clients of one place; they share their credentials, which a program or a person may have to be asked for. */
export class AwsClients {
  private made: Partial<{
    sts: Promise<STSClient>;
    iam: Promise<IAMClient>;
    ec2: Promise<EC2Client>;
    quotas: Promise<ServiceQuotasClient>;
  }> = {};

  constructor(readonly place: AwsPlace) {}

  sts(): Promise<STSClient> {
    this.made.sts ??= import("@aws-sdk/client-sts").then(({ STSClient }) => new STSClient(awsConfig(this.place)));
    return this.made.sts;
  }

  iam(): Promise<IAMClient> {
    this.made.iam ??= Promise.all([import("@aws-sdk/client-iam"), this.shared()]).then(
      ([{ IAMClient }, shared]) => new IAMClient(shared),
    );
    return this.made.iam;
  }

  ec2(): Promise<EC2Client> {
    this.made.ec2 ??= Promise.all([import("@aws-sdk/client-ec2"), this.shared()]).then(
      ([{ EC2Client }, shared]) => new EC2Client(shared),
    );
    return this.made.ec2;
  }

  quotas(): Promise<ServiceQuotasClient> {
    this.made.quotas ??= Promise.all([import("@aws-sdk/client-service-quotas"), this.shared()]).then(
      ([{ ServiceQuotasClient }, shared]) => new ServiceQuotasClient(shared),
    );
    return this.made.quotas;
  }

  private async shared() {
    const { credentials } = (await this.sts()).config;
    return { ...awsConfig(this.place), credentials };
  }
}
