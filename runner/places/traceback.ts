/** What a Python process has written of the error that ended it. */
import { basename } from "node:path";

export interface PythonError {
  /** `KeyError: 'token'`; the first line of its message. */
  readonly error: string;
  /** The innermost line of the user's own code; undefined where none took part. */
  readonly file?: string | undefined;
  readonly line?: string | undefined;
  /** Whether nothing was logged after it: then it is what ended the process. */
  readonly last: boolean;
}

/** `shop.py, line 12: KeyError: 'token'`. @param script what stands for the place of an error that has none */
export function errorText({ error, file, line }: PythonError, script?: string): string {
  const place = line === undefined ? script : `${file ?? script}, line ${line}`;
  const exit = /^SystemExit(?:: (.*))?$/.exec(error);
  const what = exit === null ? error : `sys.exit(${exit[1] ?? ""}) in the script`;
  return place === undefined ? what : `${place}: ${what}`;
}

/** The head of a traceback; those of an exception group, and of what is in it, are drawn in a tree. */
const head = /^(?<tree>[ |+]*)(Exception Group )?Traceback \(most recent call last\):\s*$/;
/** A line of Locust's log: `[2026-11-24 10:00:00,000] host/INFO/locust.main: …`. */
const logged = /^\[\d{4}-\d\d-\d\d /;

/**
 * The error that explains an output best: that of the last traceback through the user's code, else of the last one.
 * Errors that others were raised from come before these in the output, so that the outermost counts.
 */
export function lastPythonError(output: string): PythonError | undefined {
  const lines = output.split(/\r?\n/);
  const found: PythonError[] = [];
  for (let index = 0; index < lines.length; index++) {
    const tree = head.exec(lines[index] ?? "")?.groups?.tree;
    // What is in a group is deeper in the tree; the group's own head has two columns of it.
    if (tree === undefined || tree.trimEnd().length > 3) continue;
    const one = readTraceback(lines, index + 1, tree.includes("+"));
    if (one !== undefined) found.push(one);
  }
  return found.findLast(({ line }) => line !== undefined) ?? found.at(-1);
}

function readTraceback(lines: readonly string[], start: number, group: boolean): PythonError | undefined {
  const bare = group ? (line: string) => line.replace(/^ *[|+] ?/, "") : (line: string) => line;
  let place: { file: string; line: string } | undefined;
  for (let index = start; index < lines.length; index++) {
    const line = bare(lines[index] ?? "");
    const [, path = "", number = ""] = /^\s+File "([^"]+)", line (\d+)/.exec(line) ?? [];
    if (path !== "" && isTheUsers(path)) place = { file: basename(path), line: number };
    // Frames, their code and its marks are indented; the error is not.
    if (/^\s/.test(line) || line === "") continue;
    const rest = lines.slice(index + 1);
    const first = group ? firstOfGroup(rest) : undefined;
    return {
      error: line.trim() + (first === undefined ? "" : `, the first: ${first}`),
      ...place,
      last: !rest.some((text) => logged.test(text)),
    };
  }
  return undefined;
}

/** The first error within a group: the first line of the tree that is no frame and no head. */
function firstOfGroup(lines: readonly string[]): string | undefined {
  const texts = lines.filter((line) => /^ +\|/.test(line)).map((line) => line.replace(/^ *\| ?/, ""));
  return texts.find((text) => text !== "" && !/^[\s+|]/.test(text) && !/Traceback \(most recent/.test(text));
}

/** Neither installed, nor Python's, nor made up, nor of the plugin. */
function isTheUsers(path: string): boolean {
  return !/site-packages|dist-packages|^<|[/\\]lib[/\\]python3|[/\\]loadtest_\w+\.py$/.test(path) && /[/\\]/.test(path);
}
