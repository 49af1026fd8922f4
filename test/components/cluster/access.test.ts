import { expect } from "chai";
import { inputsWith, make, roleType } from "../../support/fargate-cluster";

const attachmentType = "aws:iam/rolePolicyAttachment:RolePolicyAttachment";
const rolePolicyType = "aws:iam/rolePolicy:RolePolicy";
const [jo, other] = ["arn:aws:iam::123456789012:user/jo", "arn:aws:iam::123456789012:role/team/jo"];

describe("the policies of a FargateCluster", function () {
  // The first test loads the SDKs.
  this.timeout(30_000);

  describe("its administrators", () => {
    it("each have an entry with the whole cluster", async () => {
      const { accessEntries } = await inputsWith({ admins: [jo] });
      expect(Object.values(accessEntries)).to.deep.equal([
        {
          principalArn: jo,
          accessPolicies: {
            admin: {
              policyArn: "arn:aws-cn:eks::aws:cluster-access-policy/AmazonEKSClusterAdminPolicy",
              accessScope: { type: "cluster" },
            },
          },
        },
      ]);
    });

    it("keep their entries' names in any order, also with the same name in other places", async () => {
      const { accessEntries: one } = await inputsWith({ admins: [jo, other] });
      const { accessEntries: two } = await inputsWith({ admins: [other, jo] });
      expect(Object.keys(one)).to.have.lengthOf(2);
      expect(two).to.deep.equal(one);
      expect(Object.keys((await inputsWith({ admins: [other] })).accessEntries)).to.deep.equal([Object.keys(one)[1]]);
    });
  });

  describe("its pod execution role", () => {
    const policyOf = async (type: string, property: string) =>
      JSON.parse((await make()).engine.one(type).inputs[property]);

    it("is for Fargate profiles of this cluster only", async () => {
      expect(await policyOf(roleType, "assumeRolePolicy")).to.deep.equal({
        Version: "2012-10-17",
        Statement: [
          {
            Effect: "Allow",
            Principal: { Service: "eks-fargate-pods.amazonaws.com" },
            Action: "sts:AssumeRole",
            Condition: {
              ArnLike: { "aws:SourceArn": "arn:aws-cn:eks:cn-north-1:210987654321:fargateprofile/load-test/*" },
            },
          },
        ],
      });
    });

    it("starts pods", async () => {
      const { inputs } = (await make()).engine.one(attachmentType);
      expect(inputs).to.deep.equal({
        role: "pods",
        policyArn: "arn:aws-cn:iam::aws:policy/AmazonEKSFargatePodExecutionRolePolicy",
      });
    });

    it("writes no logs, which is for LoadTestObservability to permit", async () => {
      expect((await make()).engine.registered.filter(({ type }) => type === rolePolicyType)).to.deep.equal([]);
    });

    it("has no * in any policy but as the last part of a name", async () => {
      const { engine } = await make({ admins: [jo] });
      const texts = engine.registered.flatMap(({ inputs }) => [inputs.policy, inputs.assumeRolePolicy]);
      const policies = texts.filter((text) => typeof text === "string");
      expect(policies).to.have.lengthOf(1);
      for (const text of policies) {
        const stars = [...text.matchAll(/"([^"]*[*?][^"]*)"/g)].map(([, value]) => value);
        expect(stars).to.have.lengthOf(1);
        for (const value of stars) expect(value).to.match(/^arn:[^*?]+\/load-test\/\*$/);
      }
    });

    it("has the tags", async () => {
      expect((await make({ tags: { team: "load" } })).engine.one(roleType).inputs.tags).to.deep.equal({
        ...{ team: "load", "load-test:stack": "test" },
      });
    });
  });
});
