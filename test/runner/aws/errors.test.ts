import { expect } from "chai";
import { type AwsFailure, explainAwsError } from "../../../runner/aws/errors";
import { RunnerError } from "../../../runner/errors";

/** An error as the SDK makes it. */
function made(name: string, message: string, more: object = {}): Error {
  return Object.assign(new Error(message), { name, ...more });
}

const denied =
  "User: arn:aws:sts::123456789012:assumed-role/ci/run is not authorized to perform: eks:CreateCluster on resource: " +
  "arn:aws:eks:us-east-2:123456789012:cluster/load-test-dev because no identity-based policy allows the " +
  "eks:CreateCluster action";
const sso = "Token is expired. To refresh this SSO session run 'aws sso login' with the corresponding profile.";

const cases: readonly (readonly [AwsFailure, Error, RegExp])[] = [
  ["expired", made("ExpiredToken", "The security token included in the request is expired"), /have expired/],
  ["expired", made("ExpiredTokenException", "The security token included in the request is expired"), /aws sso login/],
  ["expired", made("RequestExpired", "Request has expired."), /RequestExpired: Request has expired\)/],
  ["expired", made("CredentialsProviderError", sso), /have expired/],
  ["invalid", made("InvalidClientTokenId", "The security token included in the request is invalid."), /AWS_PROFILE/],
  [
    "invalid",
    made("UnrecognizedClientException", "The security token included in the request is invalid."),
    /not know/,
  ],
  ["invalid", made("SignatureDoesNotMatch", "The request signature we calculated does not match"), /not know/],
  ["invalid", made("AuthFailure", "AWS was not able to validate the provided access credentials"), /AuthFailure/],
  ["clock", made("SignatureDoesNotMatch", "Signature expired: 20261124T1015Z is now earlier than …"), /clock/],
  ["no-credentials", made("CredentialsProviderError", "Could not load credentials from any providers"), /AWS_PROFILE/],
  [
    "no-credentials",
    made(
      "CredentialsProviderError",
      "Profile ops requires multi-factor authentication, but no MFA code callback was provided.",
    ),
    /second factor .*export-credentials/,
  ],
  ["denied", made("AccessDeniedException", denied), /not allowed: eks:CreateCluster \(AccessDenied/],
  ["denied", made("AccessDenied", `${denied} with an explicit deny in a service control policy`), /organisation/],
  ["throttled", made("ThrottlingException", "Rate exceeded"), /too many requests/],
  ["throttled", made("Throttling", "Rate exceeded"), /Wait a minute/],
  ["throttled", made("TooManyRequestsException", "Too Many Requests"), /too many requests/],
  ["throttled", made("RequestLimitExceeded", "Request limit exceeded."), /too many requests/],
  [
    "no-network",
    made("Error", "getaddrinfo ENOTFOUND sts.us-east-9.amazonaws.com", { code: "ENOTFOUND" }),
    /aws:region/,
  ],
  ["no-network", made("AggregateError", "", { code: "ECONNREFUSED" }), /cannot be reached \(ECONNREFUSED\)/],
  ["no-network", made("TimeoutError", "@smithy/node-http-handler - [ERROR] a request has exceeded"), /does not answer/],
  ["no-network", made("Error", "getaddrinfo EAI_AGAIN", { code: "EAI_AGAIN" }), /EAI_AGAIN/],
  ["region", made("Error", "Region is missing"), /no Region is named\. Name one: aws:region/],
  ["region", made("OptInRequired", "You are not subscribed to this service."), /enable-region/],
  ["other", made("InternalFailure", "An internal error\n has occurred"), /InternalFailure: An internal error has/],
  ["other", made("Error", "odd"), /odd/],
];

describe("an error of AWS", () => {
  for (const [failure, error, expected] of cases) {
    it(`is ${failure} for ${error.name}: ${error.message.slice(0, 40)}`, () => {
      const explained = explainAwsError(error, "Service Quotas for Fargate's vCPU");
      expect(explained).to.be.instanceOf(RunnerError);
      expect(explained.failure).to.equal(failure);
      expect(explained.message)
        .to.match(expected)
        .and.match(/^Service Quotas for Fargate's vCPU: /);
      expect(explained.message).to.not.match(/\n|\.\.|undefined|smithy/);
      expect(explained.cause).to.equal(error);
    });
  }

  it("is explained once", () => {
    const once = explainAwsError(made("Throttling", "Rate exceeded"), "the identity");
    expect(explainAwsError(once, "something else")).to.equal(once);
  });

  it("leaves out what only AWS can decode, and cuts a page that a proxy has sent", () => {
    const coded = made(
      "UnauthorizedOperation",
      `You are not authorized. Encoded authorization failure message: ${"x".repeat(900)}`,
    );
    expect(explainAwsError(coded, "VPCs").message).to.include("(UnauthorizedOperation: You are not authorized)");
    const page = made(
      "SyntaxError",
      `Unexpected token <${"y".repeat(900)}\n  Deserialization error: to see the raw response`,
    );
    expect(explainAwsError(page, "VPCs").message).to.have.length.lessThan(450);
  });

  it("is in words for whatever is thrown", () => {
    expect(explainAwsError("no", "VPCs").message).to.match(/^VPCs: AWS gave an error \(error: no\)/);
    expect(explainAwsError(undefined, "VPCs").failure).to.equal("other");
  });
});
