/** Locust's options as a container of a Deployment has them. */
import type { V1Container } from "@kubernetes/client-node";

/** Names of an option on Locust's command line, and the variable that stands in for it. */
interface Names {
  readonly short: string;
  readonly long: string;
  readonly variable: string;
}

const named = {
  scripts: { short: "-f", long: "--locustfile", variable: "LOCUST_LOCUSTFILE" },
  host: { short: "-H", long: "--host", variable: "LOCUST_HOST" },
  users: { short: "-u", long: "--users", variable: "LOCUST_USERS" },
  spawnRate: { short: "-r", long: "--spawn-rate", variable: "LOCUST_SPAWN_RATE" },
  runTime: { short: "-t", long: "--run-time", variable: "LOCUST_RUN_TIME" },
} as const satisfies Record<string, Names>;

/** A text of the container that holds an option's value. */
export interface OptionText {
  /** Where it is in the container, as a JSON Pointer (RFC 6901) relative to it: `/args/1`. */
  readonly pointer: string;
  /** The text as it stands there, with `$$` for `$`. */
  readonly text: string;
  /** Length of what is before the value in it: of `--host=`. */
  readonly skip: number;
  /** The value as Locust sees it. */
  readonly value: string;
}

export type LocustOptions = { readonly [K in keyof typeof named]: OptionText | undefined };

/**
 * Finds Locust's options in a container's `command` and `args`, written in any way that Locust takes (`-u 5`, `-u5`,
 * `--users 5`, `--users=5`); the last one counts. What is not there may be in a variable (`LOCUST_USERS`).
 */
export function readOptions(container: V1Container): LocustOptions {
  const environment = plainVariables(container);
  const words = wordsAfterLocust(container);
  const found = new Map<string, OptionText>();
  for (let index = 0; index < words.length; index++) {
    const word = words[index] ?? { pointer: "", text: "" };
    const option = optionOf(word.text);
    if (option === undefined) continue;
    // The value is the next word, whatever it looks like.
    const holder = option.skip === undefined ? words[++index] : word;
    if (holder === undefined) break;
    const skip = option.skip ?? 0;
    found.set(option.key, { ...holder, skip, value: expand(holder.text.slice(skip), environment) });
  }
  return Object.fromEntries(
    Object.entries(named).map(([key, names]) => [key, found.get(key) ?? readVariable(container, names.variable)]),
  ) as LocustOptions;
}

/** The words of the command line that Locust sees: before them, `-u` may be an option of Python. */
function wordsAfterLocust({ command = [], args = [] }: V1Container): Pick<OptionText, "pointer" | "text">[] {
  const words = (list: string, texts: readonly string[]) =>
    texts.map((text, index) => ({ pointer: `/${list}/${index}`, text }));
  const program = command.findIndex((word) => /(^|\/)locust$/.test(word));
  return [...(program < 0 ? [] : words("command", command).slice(program + 1)), ...words("args", args)];
}

/** Which option a word is, and where its value begins in it; undefined where the value is the next word. */
function optionOf(word: string): { readonly key: string; readonly skip?: number } | undefined {
  for (const [key, { short, long }] of Object.entries(named)) {
    if (word === short || word === long) return { key };
    if (word.startsWith(`${long}=`)) return { key, skip: long.length + 1 };
    if (word.startsWith(short)) return { key, skip: word[2] === "=" ? 3 : 2 };
  }
  return undefined;
}

/** The variables whose values are in the Deployment itself, by name, as the container gets them. */
function plainVariables({ env = [] }: V1Container): Map<string, string> {
  const values = new Map<string, string>();
  // A variable may refer to those before it.
  for (const { name, value } of env) if (value !== undefined) values.set(name, expand(value, values));
  return values;
}

/** A variable whose value is in the Deployment itself; undefined where it is not. */
export function readVariable(container: V1Container, variable: string): OptionText | undefined {
  const index = (container.env ?? []).findIndex(({ name, value }) => name === variable && value !== undefined);
  const text = container.env?.[index]?.value;
  if (text === undefined) return undefined;
  return { pointer: `/env/${index}/value`, text, skip: 0, value: expand(text, plainVariables(container)) };
}

/** What Kubernetes makes of a text: `$(NAME)` of a variable, `$` of `$$`; a name that it does not know stays. */
function expand(text: string, variables: ReadonlyMap<string, string>): string {
  return text.replace(/\$(?:\$|\(([^)]*)\))/g, (whole, name?: string) =>
    name === undefined ? "$" : (variables.get(name) ?? whole),
  );
}
