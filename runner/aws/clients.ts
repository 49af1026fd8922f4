/** Clients of AWS' services, made when they are first asked for: an SDK is loaded only where a stack is on AWS. */
import type { CloudWatchClient } from "@aws-sdk/client-cloudwatch";
import type { EC2Client } from "@aws-sdk/client-ec2";
import type { IAMClient } from "@aws-sdk/client-iam";
import type { ServiceQuotasClient } from "@aws-sdk/client-service-quotas";
import type { STSClient } from "@aws-sdk/client-sts";

/** Where AWS is asked, and as whom; what is left out is as the AWS CLI has it (AWS_REGION, AWS_PROFILE, its files). */
export interface AwsPlace {
  readonly region?: string | undefined;
  readonly profile?: string | undefined;
}

/** The Region of the stack's config, else that of the environment, where the SDK itself does not know the second. */
export function configuredRegion({ region }: AwsPlace, env: NodeJS.ProcessEnv = process.env): string | undefined {
  return region ?? (env.AWS_REGION || env.AWS_DEFAULT_REGION || undefined);
}

/**
 * The config of a client of the SDK: AWS_ENDPOINT_URL, proxies and files are the SDK's own business. Whoever makes one
 * client more spreads it: `new PricingClient({ ...awsConfig(place), region: "us-east-1" })`.
 *
 * @param patience how long a connection, and then an answer, may take, in ms
 */
export function awsConfig(place: AwsPlace, patience = 3000) {
  const { profile } = place;
  const region = configuredRegion(place);
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
  private readonly made = new Map<string, Promise<unknown>>();

  constructor(readonly place: AwsPlace) {}

  sts(): Promise<STSClient> {
    return this.once("sts", async () => {
      const { STSClient } = await import("@aws-sdk/client-sts");
      return new STSClient(awsConfig(this.place));
    });
  }

  iam(): Promise<IAMClient> {
    return this.once("iam", async () => {
      const { IAMClient } = await import("@aws-sdk/client-iam");
      return new IAMClient(await this.shared());
    });
  }

  ec2(): Promise<EC2Client> {
    return this.once("ec2", async () => {
      const { EC2Client } = await import("@aws-sdk/client-ec2");
      return new EC2Client(await this.shared());
    });
  }

  quotas(): Promise<ServiceQuotasClient> {
    return this.once("quotas", async () => {
      const { ServiceQuotasClient } = await import("@aws-sdk/client-service-quotas");
      return new ServiceQuotasClient(await this.shared());
    });
  }

  cloudWatch(): Promise<CloudWatchClient> {
    return this.once("cloudwatch", async () => {
      const { CloudWatchClient } = await import("@aws-sdk/client-cloudwatch");
      return new CloudWatchClient(await this.shared());
    });
  }

  private once<T>(name: string, make: () => Promise<T>): Promise<T> {
    const made = (this.made.get(name) as Promise<T> | undefined) ?? make();
    this.made.set(name, made);
    return made;
  }

  private async shared() {
    const { credentials } = (await this.sts()).config;
    return { ...awsConfig(this.place), credentials };
  }
}
