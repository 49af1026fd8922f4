import { expect } from "chai";
import { AwsClients } from "../../../runner/aws/clients";
import type { AwsError } from "../../../runner/aws/errors";
import { type Denied, deniedActions, policySource } from "../../../runner/aws/permissions";
import { neededStatements } from "../../../settings/aws/policy";
import { type AwsCall, type AwsReply, type ScriptedAws, useScriptedAws } from "../../support/aws";

const place = { account: "123456789012", region: "us-east-2" };
const plain = {
  vpcId: undefined,
  scriptDelivery: "configmap",
  image: undefined,
  imageSource: "docker-hub",
  observability: false,
  alarmSlack: undefined,
} as const;
const source = "arn:aws:iam::123456789012:role/teams/load/ci";

/** Values of a list in a form: `ActionNames.member.1`, … */
function list({ input }: AwsCall, name: string): string[] {
  return Object.entries(input).flatMap(([key, value]) =>
    key.startsWith(`${name}.member.`) && /\.\d+$/.test(key) ? [String(value)] : [],
  );
}

/** Answers as IAM does: a result an action, with one for each resource in it. */
function simulation(decide: (action: string, resource: string) => string) {
  return (call: AwsCall): AwsReply => ({
    result: {
      IsTruncated: false,
      EvaluationResults: list(call, "ActionNames").map((action) => {
        const resources = list(call, "ResourceArns");
        const decisions = resources.map((resource) => decide(action, resource));
        const all = decisions.find((one) => one !== "allowed") ?? decide(action, "*");
        return {
          EvalActionName: action,
          EvalDecision: resources.length === 0 ? decide(action, "*") : all,
          ResourceSpecificResults: resources.map((EvalResourceName, index) => ({
            EvalResourceName,
            EvalResourceDecision: decisions[index],
          })),
        };
      }),
    },
  });
}

describe("permissions on AWS", () => {
  let aws: ScriptedAws;

  useScriptedAws((one) => {
    aws = one;
  });

  const signal = new AbortController().signal;
  const denied = (settings: Parameters<typeof neededStatements>[0] = plain): Promise<Denied[]> =>
    deniedActions(new AwsClients(place), source, neededStatements(settings, place), "dev", "us-east-2", signal);
  const asked = (name: string) => aws.calls.flatMap((call) => list(call, name));

  it("are enough where IAM's simulation allows every action", async () => {
    aws.replies["iam:SimulatePrincipalPolicy"] = simulation(() => "allowed");
    expect(await denied()).to.deep.equal([]);
    expect(asked("ActionNames")).to.include.members(["ec2:CreateVpc", "eks:CreateCluster", "iam:PassRole"]);
    expect(asked("ActionNames").join()).to.not.include("*");
    expect(asked("ActionNames").join()).to.not.match(/ecr:Create|servicequotas/);
    expect(aws.calls[0]?.input.PolicySourceArn).to.equal(source);
  });

  it("are asked about on resources of the stack, with values for the conditions", async () => {
    aws.replies["iam:SimulatePrincipalPolicy"] = simulation(() => "allowed");
    await denied();
    expect(asked("ResourceArns")).to.include.members([
      "arn:aws:eks:us-east-2:123456789012:cluster/load-test-dev",
      "arn:aws:iam::123456789012:role/load-test-dev",
      "arn:aws:ec2:us-east-2:123456789012:vpc/vpc-0123456789abcdef0",
    ]);
    expect(asked("ResourceArns").join()).to.not.include("*");
    const { input = {} } = aws.calls[0] ?? {};
    const context = Object.entries(input).flatMap(([key, value]) => {
      const [, index] = /^ContextEntries\.member\.(\d+)\.ContextKeyName$/.exec(key) ?? [];
      return index === undefined
        ? []
        : [[String(value), input[`ContextEntries.member.${index}.ContextKeyValues.member.1`]] as const];
    });
    expect(Object.fromEntries(context)).to.deep.equal({
      "aws:RequestedRegion": "us-east-2",
      "ec2:CreateAction": "CreateVpc",
      "aws:ResourceTag/Name": "load-test-dev-vpc",
      "iam:PolicyARN": "arn:aws:iam::aws:policy/AmazonEKSClusterPolicy",
      "iam:PassedToService": "eks.amazonaws.com",
      "iam:AWSServiceName": "eks.amazonaws.com",
    });
  });

  it("take few calls, as IAM limits them", async () => {
    aws.replies["iam:SimulatePrincipalPolicy"] = simulation(() => "allowed");
    await denied();
    expect(aws.calls.length).to.be.within(2, 14);
  });

  it("name what is denied on every resource, and not what one of them is not about", async () => {
    aws.replies["iam:SimulatePrincipalPolicy"] = simulation((action, resource) => {
      if (action === "eks:CreateCluster") return "implicitDeny";
      if (action === "ec2:CreateVpc") return "explicitDeny";
      // Allowed on subnets, which is all that it is about.
      return action === "ec2:DeleteSubnet" && !resource.includes("subnet/") ? "implicitDeny" : "allowed";
    });
    expect(await denied()).to.have.deep.members([
      { action: "ec2:CreateVpc", by: "an explicit deny" },
      { action: "eks:CreateCluster" },
    ]);
  });

  it("tell a policy of the organisation, and a permissions boundary", async () => {
    aws.replies["iam:SimulatePrincipalPolicy"] = (call) => ({
      result: {
        EvaluationResults: list(call, "ActionNames").map((action) => ({
          EvalActionName: action,
          EvalDecision: /^(logs|eks):Create/.test(action) ? "implicitDeny" : "allowed",
          ...(action === "eks:CreateCluster"
            ? { OrganizationsDecisionDetail: { AllowedByOrganizations: false } }
            : {
                PermissionsBoundaryDecisionDetail: { AllowedByPermissionsBoundary: action !== "logs:CreateLogGroup" },
              }),
        })),
      },
    });
    expect(await denied()).to.deep.include({ action: "eks:CreateCluster", by: "a policy of the organisation" });
    expect(await denied()).to.deep.include({ action: "logs:CreateLogGroup", by: "the permissions boundary" });
  });

  it("are asked about page by page", async () => {
    aws.replies["iam:SimulatePrincipalPolicy"] = (call) => {
      const [first, ...rest] = list(call, "ActionNames");
      const isSecond = call.input.Marker === "2";
      const page = isSecond ? rest : [first];
      const EvaluationResults = page.map((EvalActionName) => ({ EvalActionName, EvalDecision: "implicitDeny" }));
      const more = !isSecond && rest.length > 0;
      return { result: { EvaluationResults, IsTruncated: more, ...(more ? { Marker: "2" } : {}) } };
    };
    const found = (await denied()).map(({ action }) => action);
    expect(found).to.include.members(["ec2:CreateVpc", "ec2:AllocateAddress"]);
    expect(found).to.have.members([...new Set(asked("ActionNames"))]);
  });

  it("are not known where an action has no answer", async () => {
    aws.replies["iam:SimulatePrincipalPolicy"] = () => ({ result: { EvaluationResults: [], IsTruncated: false } });
    const said = await denied().catch((error: Error) => error.message);
    expect(said).to.include("there is no answer for ec2:");
  });

  it("are asked about apart where IAM does not take them together", async () => {
    const allow = simulation((action) => (action === "ec2:CreateSubnet" ? "implicitDeny" : "allowed"));
    aws.replies["iam:SimulatePrincipalPolicy"] = (call) => {
      const asked = list(call, "ActionNames");
      const makes = asked.filter((action) => /:Create/.test(action));
      const others = asked.filter((action) => !makes.includes(action));
      if (makes.length === 0 || others.length === 0) return allow(call);
      const message = `Invalid Input Actions: [${makes.join(", ")}] and [${others.join(", ")}] require different authorization information`;
      return { error: "InvalidInput", message };
    };
    expect(await denied()).to.deep.equal([{ action: "ec2:CreateSubnet" }]);
  });

  it("are asked about by halves where IAM does not say which go together", async () => {
    const allow = simulation(() => "allowed");
    aws.replies["iam:SimulatePrincipalPolicy"] = (call) =>
      list(call, "ActionNames").length > 3
        ? { error: "InvalidInput", message: "Actions require different authorization information" }
        : allow(call);
    expect(await denied()).to.deep.equal([]);
  });

  it("include those on the image's repository only where there is one, and on a network of its own", async () => {
    aws.replies["iam:SimulatePrincipalPolicy"] = simulation(() => "implicitDeny");
    const actions = async (settings: Parameters<typeof neededStatements>[0]) =>
      (await denied(settings)).map(({ action }) => action);
    expect(await actions({ ...plain, scriptDelivery: "image" })).to.include("ecr:PutImage");
    expect(await actions({ ...plain, imageSource: "ecr" })).to.include("ecr:PutImage");
    const own = await actions({ ...plain, scriptDelivery: "image", image: "registry.example.com/a:1" });
    expect(own).to.not.include("ecr:PutImage");
    expect(await actions({ ...plain, vpcId: "vpc-0123456789abcdef0" })).to.not.include("ec2:CreateVpc");
    expect(await actions(plain)).to.not.include("cloudwatch:PutDashboard");
    const seen = await actions({ ...plain, observability: true });
    expect(seen).to.include("cloudwatch:PutDashboard").and.not.include("chatbot:CreateSlackChannelConfiguration");
    const told = await actions({ ...plain, observability: true, alarmSlack: "T07EA123LEP/C07EZ1ABC23" });
    expect(told).to.include("chatbot:CreateSlackChannelConfiguration");
  });

  it("cannot be asked about by whom IAM does not let, who is told which action that is", async () => {
    aws.replies["iam:SimulatePrincipalPolicy"] = () => ({
      error: "AccessDenied",
      message: "User: arn:aws:iam::123456789012:user/dev is not authorized to perform: iam:SimulatePrincipalPolicy",
    });
    const error = await denied().then(
      () => undefined,
      (thrown: AwsError) => thrown,
    );
    expect(error?.failure).to.equal("denied");
    expect(error?.message).to.include("iam:SimulatePrincipalPolicy");
  });

  describe("count by the ARN of", () => {
    const sourceOf = (arn: string) =>
      policySource(new AwsClients(place), { ...place, arn, expires: undefined }, signal);

    it("a user", async () => {
      const arn = "arn:aws:iam::123456789012:user/teams/dev";
      expect(await sourceOf(arn)).to.deep.equal({ arn });
    });

    it("a role with its path, which a session of it does not have", async () => {
      aws.replies["iam:GetRole"] = ({ input }) => ({
        result: {
          Role: {
            ...{ Arn: source, RoleName: String(input.RoleName), Path: "/teams/load/", RoleId: "AROAEXAMPLE" },
            CreateDate: "2026-11-24T10:15:00Z",
          },
        },
      });
      expect(await sourceOf("arn:aws:sts::123456789012:assumed-role/ci/run-1")).to.deep.equal({ arn: source });
      expect(aws.calls[0]?.input.RoleName).to.equal("ci");
    });

    it("nobody, for the root user and a federated one", async () => {
      expect(await sourceOf("arn:aws:iam::123456789012:root")).to.deep.equal({ root: true });
      const federated = "arn:aws:sts::123456789012:federated-user/dev";
      expect(await sourceOf(federated)).to.deep.equal({ unknown: federated });
    });
  });
});
