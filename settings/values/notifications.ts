/** Where alarms are told. */
import { InvalidValueError } from "../errors";

/** What `parseWebhook` takes, to be read after "must be". */
export const webhookAllowed = 'an https URL without credentials and fragment, such as "https://hooks.example.com/load"';

/** Checks the address of a webhook, which SNS posts to. @throws InvalidValueError */
export function parseWebhook(text: string): string {
  if (!/^https:\/\/[^\s/\\?#@<>]+([/?][^\s\\#<>]*)?$/i.test(text) || !URL.canParse(text)) {
    throw new InvalidValueError(text, webhookAllowed);
  }
  return text;
}

/** `me@example.com` */
export const emailPattern = /^[^\s@<>,;"]+@[^\s@<>,;"]+\.[^\s@<>,;"]+$/;

const slackPattern = /^([A-Z0-9]{1,255})\/([A-Za-z0-9]{1,255})$/;

/** What `parseSlack` takes, to be read after "must be". */
export const slackAllowed = 'the ids of a Slack workspace and of a channel in it, such as "T07EA123LEP/C07EZ1ABC23"';

/** A channel of Slack, by AWS' names. */
interface SlackChannel {
  readonly slackTeamId: string;
  readonly slackChannelId: string;
}

/** Reads `WORKSPACE/CHANNEL`. @throws InvalidValueError */
export function parseSlack(text: string): SlackChannel {
  const [, slackTeamId, slackChannelId] = slackPattern.exec(text) ?? [];
  if (slackTeamId === undefined || slackChannelId === undefined) throw new InvalidValueError(text, slackAllowed);
  return { slackTeamId, slackChannelId };
}
