/** Which files of a build context Docker leaves out. */

/** One line of a `.dockerignore`. */
interface Rule {
  /** The line begins with "!": what it matches is in again. */
  readonly back: boolean;
  readonly matches: (path: string) => boolean;
}

/**
 * Reads a `.dockerignore` as BuildKit does: the last line that matches a path, or a folder that it is in, decides.
 *
 * Lines with brackets or backslashes are not understood; they never leave a file out. That errs on the safe side: a
 * content hash that covers too much only builds once too often.
 *
 * @param text the file's contents
 * @returns whether a path is left out; paths are relative to the context, with "/" between their parts
 */
export function readDockerignore(text: string): (path: string) => boolean {
  const rules = text
    .replace(/^\uFEFF/, "")
    .split("\n")
    .filter((line) => !line.startsWith("#"))
    .map((line) => line.trim())
    .filter((line) => line !== "" && line !== "!")
    .map(readRule);
  return (path) => {
    const parts = path.split("/");
    const paths = parts.map((_, index) => parts.slice(0, index + 1).join("/"));
    const last = rules.findLast(({ matches }) => paths.some(matches));
    return last !== undefined && !last.back;
  };
}

function readRule(line: string): Rule {
  const back = line.startsWith("!");
  const pattern = clean(back ? line.slice(1).trim() : line);
  if (/[[\]\\]/.test(pattern)) return { back, matches: () => back };
  const expression = new RegExp(`^${toExpression(pattern)}$`, "s");
  return { back, matches: (path) => expression.test(path) };
}

/** Without what makes no difference: slashes at both ends, doubled ones, "." and ".." as far as it goes. */
function clean(pattern: string): string {
  const parts: string[] = [];
  for (const part of pattern.split("/")) {
    if (part === "..") parts.pop();
    else if (part !== "" && part !== ".") parts.push(part);
  }
  return parts.join("/");
}

function toExpression(pattern: string): string {
  return pattern.replace(/\*\*\/|\*\*|[*?]|[.+^${}()|]/g, (found) => {
    switch (found) {
      case "**/":
        return "(?:.*/)?";
      case "**":
        return ".*";
      case "*":
        return "[^/]*";
      case "?":
        return "[^/]";
      default:
        return `\\${found}`;
    }
  });
}
