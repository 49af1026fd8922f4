import { codeOf, messageOf, RunnerError } from "../errors";

/** What a failed call to AWS means. */
export type AwsFailure =
  | "expired"
  | "invalid"
  | "no-credentials"
  | "clock"
  | "denied"
  | "throttled"
  | "no-network"
  | "region"
  | "not-aws"
  | "other";

/** A call to AWS that failed; the message is one line: what was asked, its meaning, AWS' own message, what to do. */
export class AwsError extends RunnerError {
  constructor(
    readonly failure: AwsFailure,
    /** What was asked for. */
    what: string,
    /** Its meaning, and AWS' own message. */
    readonly text: string,
    /** A sentence without its full stop. */
    readonly todo: string,
    /** AWS' own name of it: `AccessDenied`; where it did not answer, the system's: `ECONNREFUSED`. */
    readonly code: string,
    options?: ErrorOptions,
  ) {
    super(`${what}: ${text}. ${todo}`, undefined, options);
    this.name = "AwsError";
  }
}

/** The names that AWS' services have for the same; those of the SDK and of the system stand beside them. */
const names: readonly (readonly [AwsFailure, RegExp])[] = [
  ["expired", /^(ExpiredToken(Exception)?|RequestExpired|SSOTokenExpired.*)$/],
  ["clock", /^(RequestTimeTooSkewed|RequestInTheFuture)$/],
  ["region", /^(OptInRequired|RegionDisabledException|UnknownRegionException)$/],
  ["invalid", /^(InvalidClientTokenId|UnrecognizedClientException|SignatureDoesNotMatch|InvalidSignatureException)$/],
  ["invalid", /^(InvalidAccessKeyId|AuthFailure|MissingAuthenticationToken(Exception)?|IncompleteSignature)$/],
  ["no-credentials", /^(CredentialsProviderError|TokenProviderError|ProviderError)$/],
  [
    "denied",
    /^(AccessDenied(Exception)?|UnauthorizedOperation|Client\.UnauthorizedOperation|Unauthorized.*|Forbidden)$/,
  ],
  ["throttled", /^(Throttl.*|TooManyRequests(Exception)?|RequestLimitExceeded|RequestThrottled.*|SlowDown)$/],
  ["no-network", /^(ENOTFOUND|ECONNREFUSED|ECONNRESET|ETIMEDOUT|EAI_AGAIN|EHOSTUNREACH|ENETUNREACH|EPIPE)$/],
  ["not-aws", /^SyntaxError$/],
  ["no-network", /^(TimeoutError|AbortError|RequestTimeout)$/],
];

const signIn = "Sign in anew (aws sso login, or what your company has for it), then try aws sts get-caller-identity";

interface Words {
  readonly meaning: string;
  readonly todo: string;
}

/**
 * Words a failed call to AWS; an AwsError is given back as it is.
 *
 * @param what what was asked for: "Service Quotas for Fargate's vCPU"
 */
export function explainAwsError(error: unknown, what: string): AwsError {
  if (error instanceof AwsError) return error;
  const said = saidBy(error);
  const { failure, code } = failureOf(error, said);
  const { meaning, todo } = wordsFor(failure, code, said);
  // Where AWS has not answered, the words are the SDK's.
  const words = failure === "no-network" || said === "" ? code : said.startsWith(code) ? said : `${code}: ${said}`;
  const quoted = isRegionless(said) || isSilence(code) ? "" : ` (${words})`;
  return new AwsError(failure, what, `${meaning}${quoted}`, todo, code, { cause: error });
}

function failureOf(error: unknown, said: string): { failure: AwsFailure; code: string } {
  const name = error instanceof Error ? error.name : "";
  // A refused connection to a name with several addresses is an AggregateError with the code beside it.
  const system = codeOf(error);
  const code = name !== "" && name !== "Error" && name !== "AggregateError" ? name : (system ?? "error");
  if (isRegionless(said)) return { failure: "region", code };
  // A session of IAM Identity Center that has ended is an error of credentials to the SDK; so is a clock's, of a signature.
  if (/credentials?provider|tokenprovider/i.test(code) && /expired|aws sso login/i.test(said)) {
    return { failure: "expired", code };
  }
  if (/^Signature/.test(code) && /Signature (expired|not yet current)/i.test(said)) return { failure: "clock", code };
  for (const candidate of [code, system ?? ""]) {
    const failure = names.find(([, pattern]) => pattern.test(candidate))?.[0];
    if (failure !== undefined) return { failure, code: candidate };
  }
  return { failure: "other", code };
}

function wordsFor(failure: AwsFailure, code: string, said: string): Words {
  switch (failure) {
    case "expired":
      return { meaning: "the AWS credentials have expired", todo: signIn };
    case "invalid":
      return {
        meaning: "AWS does not know these credentials, or its Region is not enabled in the account",
        todo: "Look at AWS_PROFILE, AWS_ACCESS_KEY_ID and aws:region with aws sts get-caller-identity",
      };
    case "no-credentials":
      if (/multi-factor|\bMFA\b/i.test(said)) {
        const todo = 'Get a session with the AWS CLI: eval "$(aws configure export-credentials --format env)"';
        return { meaning: "the AWS profile asks for a code of a second factor", todo };
      }
      return {
        meaning: "there are no AWS credentials",
        todo: "Name a profile (AWS_PROFILE, or aws:profile in the stack's config), or sign in: aws configure sso, aws sso login",
      };
    case "clock":
      return { meaning: "this machine's clock is wrong for AWS", todo: "Set the clock, by NTP" };
    case "denied":
      return {
        meaning: `not allowed${deniedAction(said)}`,
        todo: /service control policy|permissions boundary|session policy/i.test(said)
          ? "Ask whoever runs the AWS organisation: a policy above this account's forbids it"
          : "Have it allowed: docs/aws.md, Permissions",
      };
    case "throttled":
      return { meaning: "AWS gets too many requests from this account", todo: "Wait a minute, then try again" };
    case "no-network":
      return {
        meaning: networkMeaning(code),
        todo: "Look at the network, at HTTPS_PROXY and AWS_ENDPOINT_URL, and whether aws:region is a Region that there is",
      };
    case "region":
      return isRegionless(said)
        ? { meaning: "no Region is named", todo: "Name one: aws:region in the stack's config, or AWS_REGION" }
        : {
            meaning: "the Region is not enabled in this account",
            todo: "Take another as aws:region, or enable it: aws account enable-region --region-name REGION",
          };
    case "not-aws":
      return { meaning: "what answers is not AWS", todo: "Look at HTTPS_PROXY and AWS_ENDPOINT_URL" };
    case "other":
      return { meaning: "AWS gave an error", todo: "Try again; where it stays, AWS' message says why" };
  }
}

/** The SDK's own words for it say nothing to people. */
function isSilence(code: string): boolean {
  return code === "TimeoutError" || code === "AbortError";
}

/** What the SDK says where nothing names a Region. */
function isRegionless(said: string): boolean {
  return said === "Region is missing";
}

function networkMeaning(code: string): string {
  if (code === "ENOTFOUND" || code === "EAI_AGAIN") return "AWS' address is not found";
  return /^(ECONNREFUSED|ECONNRESET|EPIPE|EHOSTUNREACH|ENETUNREACH)$/.test(code)
    ? "AWS cannot be reached"
    : "AWS does not answer";
}

/** The action that a message names: "… is not authorized to perform: eks:CreateCluster on resource: …". */
function deniedAction(said: string): string {
  const action = /not authorized to perform:? ([a-z0-9-]+:\w+)/i.exec(said)?.[1];
  return action === undefined ? "" : `: ${action}`;
}

/** AWS' own message in one line; what only AWS can decode, and the text of a page, are left out. */
function saidBy(error: unknown): string {
  const message = messageOf(error).replace(/\s*Encoded authorization failure message: \S+/, "");
  const [line = ""] = message.split(/\n\s*(?=Deserialization error|to see the raw response)/i);
  const text = line.replace(/\s+/g, " ").trim().replace(/\.$/, "");
  return text.length > 300 ? `${text.slice(0, 299)}…` : text;
}
