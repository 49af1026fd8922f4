import { seconds } from "./words";

/** What is known of the requests of a run that got no answer. */
export interface Unanswered {
  /** Cut off when the grace after the end was over: they are among the failures. */
  readonly cutOff: number;
  /** Under way when the run was last heard of, and in no total. */
  readonly left: number;
  /** Seconds for which the oldest of these had waited. */
  readonly oldestWaitSeconds: number;
}

/** Says so, where there were any. */
export function unansweredWarnings({ cutOff, left, oldestWaitSeconds }: Unanswered): string[] {
  return [
    ...(cutOff === 0
      ? []
      : [`${count(cutOff)} had no answer when the grace after the end was over: ${are(cutOff, "counted")} as failed`]),
    ...(left === 0
      ? []
      : [
          `${count(left)} ${left === 1 ? "was" : "were"} under way at the end, ` +
            `the oldest for ${seconds(oldestWaitSeconds)}: ${are(left, "in no total")}`,
        ]),
  ];
}

function count(requests: number): string {
  return `${requests} ${requests === 1 ? "request" : "requests"}`;
}

function are(requests: number, what: string): string {
  return requests === 1 ? `it is ${what}` : `they are ${what}`;
}
