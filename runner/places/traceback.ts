/** What a Python process has written of the error that ended it. */
import { basename, relative } from "node:path";

export interface PythonError {
  /** `KeyError: 'token'`; of its message the first line, with `…` where there are more. */
  readonly error: string;
  /** The innermost line of the user's own code, by its path from the scripts' folder; undefined where none took part. */
  readonly file?: string | undefined;
  readonly line?: string | undefined;
  /** Whether nothing was logged after it: then it is what ended the process. */
  readonly last: boolean;
}

/** `shop.py, line 12: KeyError: 'token'`. @param script what stands for the place of an error that has none */
export function errorText({ error, file, line }: PythonError, script?: string): string {
  const place = line === undefined ? script : `${file ?? script}, line ${line}`;
  const exit = /^SystemExit(?:: (.*))?$/.exec(error);
  const what = exit === null ? error : `sys.exit(${quoted(exit[1] ?? "")}) in the script`;
  return place === undefined ? what : `${place}: ${what}`;
}

/** What was given to `sys.exit`, as it is written there: numbers as they are, a text in quotes. */
function quoted(given: string): string {
  return /^(-?\d+|None|True|False|)$/.test(given) ? given : JSON.stringify(given);
}

/** Where pods have the scripts. */
const podScripts = "/loadtest/scripts";

/** The head of a traceback; those of an exception group, and of what is in it, are drawn in a tree. */
const head = /^(?<tree>[ |+]*)(Exception Group )?Traceback \(most recent call last\):\s*$/;
/** A line of Locust's log: `[2026-11-24 10:00:00,000] host/INFO/locust.main: …`. */
const logged = /^\[\d{4}-\d\d-\d\d /;
/** What comes behind a traceback and is no line of its message: also an empty line, and gevent's name of a greenlet. */
const afterwards = /^(\s*$|\[\d{4}-\d\d-\d\d |\d{4}-\d\d-\d\dT|Exception ignored |Traceback \()/;

/**
 * The error that explains an output best: that of the last traceback through the user's code, else of the last one.
 * Errors that others were raised from come before these in the output, so that the outermost counts.
 *
 * @param scripts the folder of the scripts
 */
export function lastPythonError(output: string, scripts = podScripts): PythonError | undefined {
  const lines = output.split(/\r?\n/);
  const found: PythonError[] = [];
  for (let index = 0; index < lines.length; index++) {
    const tree = head.exec(lines[index] ?? "")?.groups?.tree;
    // What is in a group is deeper in the tree; the group's own head has two columns of it.
    if (tree === undefined || tree.trimEnd().length > 3) continue;
    const one = readTraceback(lines, index + 1, tree.includes("+"), scripts);
    if (one !== undefined) found.push(one);
  }
  return found.findLast(({ line }) => line !== undefined) ?? found.at(-1);
}

function readTraceback(
  lines: readonly string[],
  start: number,
  group: boolean,
  scripts: string,
): PythonError | undefined {
  const bare = group ? (line: string) => line.replace(/^ *[|+] ?/, "") : (line: string) => line;
  let place: { file: string; line: string } | undefined;
  for (let index = start; index < lines.length; index++) {
    const line = bare(lines[index] ?? "");
    const [, path = "", number = ""] = /^\s+File "([^"]+)", line (\d+)/.exec(line) ?? [];
    if (path !== "" && isTheUsers(path)) place = { file: shortened(path, scripts), line: number };
    // Frames, their code and its marks are indented; the error is not.
    if (/^\s/.test(line) || line === "") continue;
    const rest = lines.slice(index + 1);
    const first = group ? firstOfGroup(rest) : undefined;
    const next = rest[0] ?? "";
    // Python writes the text of a SystemExit once more.
    const more = group || afterwards.test(next) || line === `SystemExit: ${next}` ? "" : " …";
    return {
      error: line.trim() + (first === undefined ? more : `, the first: ${first}`),
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

/** The path of a file from the scripts' folder; the name of one that is elsewhere. */
function shortened(path: string, scripts: string): string {
  return path.startsWith(`${scripts}/`) ? relative(scripts, path) : basename(path);
}

/** Whether a file is the user's: neither installed, nor Python's own, nor the plugin's, nor made up as `<string>` is. */
function isTheUsers(path: string): boolean {
  return (
    !/site-packages|dist-packages|^<|[/\\]lib[/\\]python3|[/\\]plugin[/\\]loadtest[/\\]\w+\.py$/.test(path) &&
    /[/\\]/.test(path)
  );
}
