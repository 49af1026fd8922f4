/** What is measured: a tool, plain and with TLS. Pure. */

export const tools = [
  "wrk",
  "vegeta",
  "Artillery",
  "Locust, HttpUser",
  "Locust, FastHttpUser",
  "loadtest, HttpUser",
  "loadtest, FastHttpUser",
] as const;

/** `Locust` is Locust as it comes, `loadtest` this project: Locust with its plugin, as its command line starts it. */
export type Tool = (typeof tools)[number];

/** One thing to measure. */
export interface Configuration {
  readonly tool: Tool;
  readonly tls: boolean;
}

/** What all others are compared with. */
export const product: Tool = "loadtest, FastHttpUser";

/** All that is measured in a round, in this order: what is compared stands together. */
export const all: readonly Configuration[] = [false, true].flatMap((tls) => tools.map((tool) => ({ tool, tls })));

export const quick: readonly Configuration[] = all.filter(({ tls }) => !tls);

/** Names a configuration, in results and for people: `wrk, TLS`. */
export function nameOf({ tool, tls }: Configuration): string {
  return `${tool}${tls ? ", TLS" : ""}`;
}

/** Tools that run as one command for each number of users. */
export type Command = "wrk" | "vegeta" | "Artillery";

export function isCommand(tool: Tool): tool is Command {
  return tool === "wrk" || tool === "vegeta" || tool === "Artillery";
}
