/** What the script's own code did, in words. */
import type { Place, ScriptReport, Tally } from "../types/script";

type Kind = Tally["kinds"][number];

/** Kinds that a reason names. */
const named = 3;
/** Characters of a message in it. */
const longest = 160;

/** How users end that nothing went wrong with, and by what. */
const ownWays: Readonly<Record<string, string>> = {
  StopUser: "ended by themselves: StopUser",
  OutOfRows: "ended as no rows were left",
  "stop()": "ended by themselves: stop()",
  return: "ended by themselves: their run() returned",
  StopTest: "ended by themselves: StopTest",
  kill: "were ended by the script: their greenlets were killed",
  "runner.quit()": "were ended by the script: runner.quit() on a worker",
  "runner.stop()": "were ended by the script: runner.stop() on a worker",
};

/** `shop.py, line 12`; undefined where no line of the user's took part. */
export function placeText({ file, line }: Place): string | undefined {
  return file === null ? undefined : `${file}, line ${line}`;
}

/** ` (shop.py, line 12)`, or nothing. */
export function inBrackets(place: Place): string {
  const text = placeText(place);
  return text === undefined ? "" : ` (${text})`;
}

/** `KeyError: 'token' (shop.py, line 12)`. */
export function kindText(kind: Pick<Kind, "type" | "message" | "file" | "line">): string {
  return `${kind.type}${kind.message === "" ? "" : `: ${kind.message}`}${inBrackets(kind)}`;
}

/** Why users are not there, to follow a colon: the most frequent causes first. */
export function missingUsers({ left, most }: Pick<ScriptReport, "left" | "most">): string[] {
  const causes = left.kinds.slice(0, named).map((kind) => `${kind.count} ${wayText(kind)}`);
  const others = left.count - left.kinds.slice(0, named).reduce((sum, { count }) => sum + count, 0);
  return [
    ...(most === null ? [] : [`the script's user classes allow ${most} (fixed_count)`]),
    ...causes,
    ...(others > 0 ? [`${others} in other ways`] : []),
  ];
}

/** A reason is a sentence; what was raised is told in full elsewhere. */
function shortened(kind: Kind): Kind {
  const message = kind.message.replace(/\s+/g, " ").trim();
  return { ...kind, message: message.length > longest ? `${message.slice(0, longest)}…` : message };
}

function wayText(kind: Kind): string {
  const own = ownWays[kind.type];
  return own === undefined ? `ended by an error: ${kindText(shortened(kind))}` : `${own}${inBrackets(kind)}`;
}
