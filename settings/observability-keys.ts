/** The settings of what is seen of a load test from outside, and of who is told; `schema.ts` has all others. */
import * as z from "zod";
import { checkedBy, key, listOf, retentionDays } from "./keys";
import { emailPattern, parseSlack, parseWebhook, slackAllowed, webhookAllowed } from "./values/notifications";
import { isHttpUrl } from "./values/target";

/** Seven days, as CloudWatch looks no further back. */
const mostIdleHours = 7 * 24;

export const observabilityKeys = {
  prometheusScrape: key(z.boolean().prefault(false), {
    description: "Annotations on the master's pod that a Prometheus in the cluster finds its metrics by.",
    allowed: "true or false",
  }),
  otelEndpoint: key(z.string().refine(isHttpUrl).optional(), {
    description:
      "OpenTelemetry collector that spans of all requests go to, by OTLP over HTTP; left out, none are made.",
    allowed: "an http or https URL without query, fragment or credentials, such as http://collector.otel:4318",
  }),
  logRetentionDays: key(z.literal(retentionDays).prefault(30), {
    description: "Days that CloudWatch keeps the logs.",
    allowed: `one of CloudWatch's numbers of days: ${retentionDays.join(", ")}`,
  }),
  observability: key(z.boolean().prefault(false), {
    description:
      "Pods' logs, metrics, a dashboard and alarms in CloudWatch, with platform eks-fargate; they cost money.",
    allowed: "true or false",
  }),
  alarmEmails: key(listOf(z.string().regex(emailPattern)).optional(), {
    description: "Who gets a mail of each alarm, once a first mail of AWS is confirmed; with observability.",
    allowed: "a list of mail addresses",
    items: 'a mail address, such as "me@example.com"',
  }),
  alarmWebhooks: key(listOf(checkedBy(parseWebhook)).optional(), {
    description: "Where SNS posts each alarm to, once the address has confirmed its first message; with observability.",
    allowed: "a list of https URLs",
    items: webhookAllowed,
  }),
  alarmSlack: key(checkedBy(parseSlack).optional(), {
    description:
      "Slack channel for alarms, as WORKSPACE/CHANNEL by their ids, once in an AWS account; with observability.",
    allowed: slackAllowed,
  }),
  idleAlarmHours: key(z.int().min(1).max(mostIdleHours).prefault(4), {
    description: "Hours for which workers may be there without a run before there is an alarm; with observability.",
    allowed: `an integer from 1 to ${mostIdleHours}`,
  }),
};
