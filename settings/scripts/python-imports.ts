/** Which modules a Python script imports, without Python. */

/** A module that is imported as soon as the file is. */
export interface PythonImport {
  /** As it is written: `a.b`, `.sibling`. */
  readonly module: string;
  /** What `from module import …` names: modules below it, or things in it. Empty for `import module`. */
  readonly names: readonly string[];
  /** Counted from 1. */
  readonly line: number;
}

/**
 * Finds the imports that happen in any case, by statements that stand at the very left: not those in functions, nor in
 * `try:` or `if TYPE_CHECKING:`, which may never happen, or may fail.
 *
 * @returns undefined for a file that changes itself where modules are found: then nothing can be said of them
 */
export function topLevelImports(source: string): PythonImport[] | undefined {
  if (ownWays.test(source.replace(/#[^\n]*/g, ""))) return undefined;
  return statements(source.replace(/^\uFEFF/, "")).flatMap(({ text, line }) => {
    const direct = /^import\s+(.+)$/.exec(text)?.[1];
    if (direct !== undefined) return list(direct).map((module) => ({ module, names: [], line }));
    const [, module, names] = /^from\s*(\.*\s*[\w.]*)\s*import\b\s*(.*)$/.exec(text) ?? [];
    if (module === undefined || names === undefined) return [];
    return [{ module: module.replaceAll(/\s/g, ""), names: list(names.replaceAll(/[()]/g, " ")), line }];
  });
}

const ownWays =
  /\bsys\s*\.\s*(path|modules|meta_path|path_hooks)\b|\bfrom\s+sys\s+import\b.*\b(path|modules)\b|\baddsitedir\b|\bpip\b/;

/** `a as b, c` without what comes after `as`. */
function list(text: string): string[] {
  return text.split(",").flatMap((item) => /^\s*([\w.]+)/.exec(item)?.[1] ?? []);
}

/** A comment, a string with its prefix, a line that goes on, a bracket, an end of a statement, or any other character. */
const token =
  /#[^\n]*|(?:\b[rRbBuUfFtT]{1,2})?("""|'''|"|')|\\\r?\n|[([{]|[)\]}]|\r?\n|;|[^#"'\\()[\]{}\r\n;rRbBuUfFtT]+|[\s\S]/gy;

/** The statements that begin at the very left, in one line each, without comments and what is in strings. */
function statements(source: string): { text: string; line: number }[] {
  const found: { text: string; line: number }[] = [];
  let [text, line, first, depth] = ["", 1, 1, 0];
  const end = () => {
    if (/^\S/.test(text)) found.push({ text: text.trim(), line: first });
    text = "";
  };
  token.lastIndex = 0;
  for (let match = token.exec(source); match !== null; match = token.exec(source)) {
    const [whole, quote] = match;
    const before = token.lastIndex;
    if (quote !== undefined) {
      token.lastIndex = endOfString(source, before, quote);
      text += '""';
    } else if (whole === ";" && depth === 0) {
      // What follows belongs to the same line: also where it is the body of `if x: a; b`.
      if (/^\S/.test(text) && !/^[^"]*:/.test(text)) {
        end();
        while (/[ \t]/.test(source[token.lastIndex] ?? "")) token.lastIndex++;
      } else text += ";";
    } else if (/^\r?\n$/.test(whole) && depth === 0) {
      end();
      first = line + 1;
    } else if (/^(#|\\\r?\n|\r?\n)/.test(whole)) text += " ";
    else {
      if (/^[([{]$/.test(whole)) depth++;
      if (/^[)\]}]$/.test(whole)) depth--;
      text += whole;
    }
    line += source.slice(match.index, token.lastIndex).split("\n").length - 1;
  }
  end();
  return found;
}

/** Where a string ends that has begun before `from`; a short one ends with its line at the latest. */
function endOfString(source: string, from: number, quote: string): number {
  for (let at = from; at < source.length; at++) {
    if (source[at] === "\\") at++;
    else if (source.startsWith(quote, at)) return at + quote.length;
    else if (quote.length === 1 && source[at] === "\n") return at;
  }
  return source.length;
}
