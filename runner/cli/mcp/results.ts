import type { CallToolResult } from "@modelcontextprotocol/sdk/types.js";
import { z } from "zod";
import { isObject } from "../../../settings/values/object";
import { messageOf } from "../../errors";
import { exitCodes } from "../../types";
import type { CommandEnd } from "./children";
import { type Offer, usualMeanings } from "./offers";

/** What every tool gives, whether it is an error or not. */
export const outputSchema = z.object({
  exitCode: z.int().nullable().describe("The command's; null: it was killed"),
  meaning: z.string().describe("What the exit code says"),
  result: z.unknown().describe("What the command prints with --json; logs: a list of its lines; null: nothing"),
  messages: z.array(z.string()).describe("Its progress and warnings, the last lines"),
});

type Output = z.infer<typeof outputSchema>;

/** A command's end for a client; a verdict is an answer and no error, whatever it is. */
export function resultOf(
  { code, stdout, lines }: CommandEnd,
  { meanings = {} }: Pick<Offer, "meanings">,
): CallToolResult {
  const exitCode = typeof code === "number" ? code : null;
  const own = exitCode === null ? undefined : meanings[exitCode];
  const meaning = own ?? (exitCode === null ? `the command was killed by ${code}` : usualMeanings[exitCode]);
  const result = parse(stdout);
  const refused = isObject(result) && typeof result.error === "string" && Object.keys(result).length === 2;
  const isError =
    exitCode === null || ((exitCode === exitCodes.usage || exitCode === exitCodes.error) && own === undefined);
  const output = { exitCode, meaning: meaning ?? "unknown", result: refused ? null : result, messages: [...lines] };
  return { ...withText(output), ...(isError && { isError }) };
}

/** Something that was done without a command. */
export function told(meaning: string): CallToolResult {
  return withText({ exitCode: exitCodes.passed, meaning, result: null, messages: [] });
}

function withText(output: Output): CallToolResult {
  return { content: [{ type: "text", text: JSON.stringify(output) }], structuredContent: output };
}

/** Something that no command was started for. */
export function refusal(text: string): CallToolResult {
  return { content: [{ type: "text", text }], isError: true };
}

/** Everything that is wrong with a tool's input, in a line each. */
export function describeIssues({ issues }: z.ZodError, input: unknown): string {
  return issues.map((issue) => `  ${describeIssue(issue, input)}`).join("\n");
}

function describeIssue(issue: z.core.$ZodIssue, input: unknown): string {
  if (issue.code === "unrecognized_keys") return `${issue.keys.join(", ")}: no such argument`;
  const value = issue.path.reduce<unknown>(
    (inner, key) => (inner as Record<PropertyKey, unknown> | null)?.[key],
    input,
  );
  const where = issue.path.map(String).join(".") || "arguments";
  return value === undefined
    ? `${where} is missing`
    : `${where} is ${JSON.stringify(value)}: ${issue.message.replace(/^Invalid input: /, "")}`;
}

/** One JSON value, or one a line; null where it is none. */
function parse(stdout: string): unknown {
  const text = stdout.trim();
  if (text === "") return null;
  try {
    return JSON.parse(text);
  } catch {
    try {
      return text.split("\n").map((line) => JSON.parse(line));
    } catch (error) {
      return `${messageOf(error)}: ${text.slice(0, 1000)}`;
    }
  }
}
