/** Who is told of alarms: a topic of SNS, mails, webhooks and a channel of Slack. */
import { createHash } from "node:crypto";
import { SlackChannelConfiguration } from "@pulumi/aws/chatbot/slackChannelConfiguration";
import { getPartitionOutput } from "@pulumi/aws/getPartition";
import { Role } from "@pulumi/aws/iam/role";
import { RolePolicy } from "@pulumi/aws/iam/rolePolicy";
import { Topic } from "@pulumi/aws/sns/topic";
import { TopicSubscription } from "@pulumi/aws/sns/topicSubscription";
import * as pulumi from "@pulumi/pulumi";
import { parseSlack } from "../../settings/values/notifications";
import type { ObservabilityPlan } from "./check";

type Tags = pulumi.Output<Record<string, string>>;

/** What Amazon Q Developer in chat applications needs for the graph of an alarm ("Notification permissions"). */
const chatActions = ["cloudwatch:Describe*", "cloudwatch:Get*", "cloudwatch:List*"];

/** Makes the topic and all who are told of what is published on it. */
export function alarmTopic(
  name: string,
  { clusterName, emails, webhooks, slack }: ObservabilityPlan,
  tags: Tags,
  parent: pulumi.Resource,
): Topic {
  // CloudWatch of the same account may publish on it without a policy of its own.
  const topic = new Topic(`${name}-alarms`, { name: pulumi.interpolate`${clusterName}-alarms`, tags }, { parent });
  const subscribe = (protocol: string, endpoint: string) => {
    // Named by the address, so that one more, or one less, leaves the others alone; its hash, as names are in every log.
    const hash = createHash("sha256").update(endpoint).digest("hex").slice(0, 8);
    new TopicSubscription(`${name}-${hash}`, { topic: topic.arn, protocol, endpoint }, { parent });
  };
  for (const endpoint of emails) subscribe("email", endpoint);
  for (const endpoint of webhooks) subscribe("https", endpoint);
  if (slack !== undefined) slackChannel(name, clusterName, slack, topic, tags, parent);
  return topic;
}

function slackChannel(
  name: string,
  clusterName: pulumi.Input<string>,
  channel: string,
  topic: Topic,
  tags: Tags,
  parent: pulumi.Resource,
): void {
  const role = new Role(
    `${name}-chat`,
    {
      description: pulumi.interpolate`Shows alarms of ${clusterName} in Slack`,
      assumeRolePolicy: policy({
        Effect: "Allow",
        Principal: { Service: "chatbot.amazonaws.com" },
        Action: "sts:AssumeRole",
      }),
      tags,
    },
    { parent },
  );
  const looks = new RolePolicy(
    `${name}-chat`,
    { role: role.name, policy: policy({ Effect: "Allow", Action: chatActions, Resource: "*" }) },
    { parent },
  );
  const { partition } = getPartitionOutput({}, { parent });
  new SlackChannelConfiguration(
    `${name}-chat`,
    {
      configurationName: pulumi.interpolate`${clusterName}-alarms`,
      ...parseSlack(channel),
      iamRoleArn: role.arn,
      snsTopicArns: [topic.arn],
      // Left out, people in the channel may do all that the role may; and AWS' default lets it do everything.
      guardrailPolicyArns: [pulumi.interpolate`arn:${partition}:iam::aws:policy/CloudWatchReadOnlyAccess`],
      tags,
    },
    { parent, dependsOn: [looks] },
  );
}

function policy(statement: pulumi.Inputs): pulumi.Output<string> {
  return pulumi.jsonStringify({ Version: "2012-10-17", Statement: [statement] });
}
