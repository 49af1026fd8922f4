/**
 * Prints the policies in `docs/aws.md`: `npx tsx docs/print-policy.ts`, and what `observability` needs beside that:
 * `npx tsx docs/print-policy.ts observability`.
 */
import { observabilityStatements, policyStatements } from "../settings/aws/policy";

const widest = 120;

/** JSON that is short to read: lists of texts fill their lines, and one text stands without a list. */
function json(value: unknown, indent = ""): string {
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  const inner = `${indent}  `;
  if (Array.isArray(value)) {
    const texts = value.map((one) => JSON.stringify(one));
    if (texts.length === 1) return texts[0] ?? "";
    return `[\n${filled(texts, inner).join("\n")}\n${indent}]`;
  }
  const entries = Object.entries(value).map(([key, one]) => `${inner}${JSON.stringify(key)}: ${json(one, inner)}`);
  return `{\n${entries.join(",\n")}\n${indent}}`;
}

function filled(texts: readonly string[], indent: string): string[] {
  const lines: string[] = [];
  for (const [index, text] of texts.entries()) {
    const word = index < texts.length - 1 ? `${text},` : text;
    const line = lines.at(-1);
    if (line === undefined || line.length + 1 + word.length > widest) lines.push(indent + word);
    else lines[lines.length - 1] = `${line} ${word}`;
  }
  return lines;
}

const place = { account: "123456789012", region: "us-east-2" };
const statements = process.argv[2] === "observability" ? observabilityStatements(place) : policyStatements(place);
console.log(`{
  "Version": "2012-10-17",
  "Statement": [${statements.map((one) => json(one, "  ")).join(", ")}]
}`);
