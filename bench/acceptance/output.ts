/** What commands have printed. */

export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** The last line that Pulumi calls an error. */
export function lastError(output: string): string | undefined {
  return output
    .split("\n")
    .findLast((line) => /^\s*error:/.test(line))
    ?.trim();
}

export function lastLine(output: string): string {
  return output.trim().split("\n").at(-1) ?? "";
}
