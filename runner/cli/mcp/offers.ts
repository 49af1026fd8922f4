/** Which commands and options of the command line are offered to MCP clients: nothing else is. */
import { exitCodes } from "../../types";

/** How a command is offered. */
export interface Offer {
  /** `look` only reads, and what it writes is in the folder of results; `load` starts, changes or ends load. */
  readonly kind: "look" | "load";
  /** Loads the target for as long as it runs: there is one at a time. */
  readonly exclusive?: true;
  /** Arguments that must be given where load may not be changed: without them the command does more than look. */
  readonly needed?: readonly string[];
  /** Options that go with what the command does without them, and so are offered only where load may be changed. */
  readonly loadOptions?: readonly string[];
  /** Limits of the server that a client may narrow. */
  readonly narrows?: readonly string[];
  /** Options that say a load to reckon with: none is run with it, so the server's limits are not theirs. */
  readonly reckoned?: readonly string[];
  /** Values of options that are not given. */
  readonly defaults?: Readonly<Record<string, unknown>>;
  /** What a client is told beside the command's description. */
  readonly note?: string;
  /** What exit codes mean where that is not what `run` means by them; such a code is an answer and no error. */
  readonly meanings?: Readonly<Record<number, string>>;
}

/** By the command's name. A new command is offered by its name here. */
export const offers: Readonly<Record<string, Offer>> = {
  doctor: {
    kind: "look",
    meanings: { 0: "nothing stands in the way of a run", 2: "a problem must be solved before a run can work" },
  },
  cost: { kind: "look" },
  status: { kind: "look" },
  logs: { kind: "look", defaults: { tail: 200 } },
  history: { kind: "look" },
  report: { kind: "look", needed: ["run"], loadOptions: ["wait", "stack"] },
  compare: {
    kind: "look",
    meanings: {
      0: "no regression beyond what is allowed",
      1: "a regression: something is worse by more than is allowed",
      3: "unclear: the runs cannot tell",
    },
  },
  run: { kind: "load", exclusive: true, narrows: ["maxCost"] },
  start: { kind: "load", exclusive: true, narrows: ["maxCost"] },
  capacity: {
    kind: "load",
    exclusive: true,
    narrows: ["maxUsers", "maxWorkers", "maxArrivalRate", "maxCost"],
    meanings: {
      0: "the capacity was found, and is what atLeast asks for",
      1: "it is less than atLeast, or not even the lowest level holds",
      3: "it was not found: the workers or a limit ended the search, or the load was not what was asked for",
    },
  },
  size: {
    kind: "load",
    exclusive: true,
    narrows: ["maxCost"],
    reckoned: ["users", "arrivalRate"],
    meanings: { 0: "the size is known", 3: "the sample says nothing: no load, or one user is too much for a worker" },
  },
  scale: { kind: "load", exclusive: true },
  // Whoever may start load must always be able to end it; without that, what runs is somebody else's.
  stop: {
    kind: "load",
    note: "Without arguments, while this server has a run, start or scale going, it ends that in good order instead; the result is in the answer to that request.",
  },
};

/** The other commands, and why they are left out. */
export const leftOutCommands: Readonly<Record<string, string>> = {
  dashboard: "it is for people: it opens a browser, and its address lets anybody who has it start runs",
  mcp: "it is this server",
};

/** Options that are offered, by their attributes' names, wherever a command has them. */
export const offeredOptions: ReadonlySet<string> = new Set([
  ...[
    "stack",
    "local",
    "demo",
    "script",
    "scriptArg",
    "httpClient",
    "host",
    "users",
    "spawnRate",
    "runTime",
    "workers",
  ],
  ...["arrivalRate", "arrivalSpacing", "by", "from", "maxRps", "stepTime", "holds", "precision", "atLeast"],
  ...["threshold", "abortAfter", "baseline", "maxRegression", "readyTimeout", "wait", "worker", "tail", "limit"],
  ...["scenario", "hours", "runsPerDay", "requestsPerUserMinute", "kbPerUserMinute", "sentShare", "region"],
]);

/** The other options, and why they are left out. A new option is offered once it is among those above. */
export const leftOutOptions: Readonly<Record<string, string>> = {
  json: "the server always gives it",
  results: "the server's: no client chooses where files are written",
  html: "it writes a file anywhere",
  refresh: "it writes a file of the user's",
  scriptsFolder: "scripts are code: only those of the stack's folder run",
  port: "nobody watches Locust's web UI",
  follow: "it does not end",
  kubeconfig: "the server's: a kubeconfig names programs to run",
  context: "the server's: a client does not choose among the clusters of the user",
  namespace: "the server's, as the context",
  allowedHosts: "the server's limit",
  maxUsers: "the server's limit, which capacity may narrow",
  maxWorkers: "the server's limit, as maxUsers",
  maxArrivalRate: "the server's limit, as maxUsers",
  maxRunTime: "the server's limit",
  maxCost: "the server's limit, which what loads a target may narrow",
};

/** Options of `loadtest mcp` that say where the test is: where one is given, no client says otherwise. */
export const placeOptions = ["stack", "kubeconfig", "context", "namespace"] as const;

/** Options of `loadtest mcp` that hold for each command which has them. */
export const limitOptions = [
  "allowedHosts",
  "maxUsers",
  "maxWorkers",
  "maxArrivalRate",
  "maxRunTime",
  "maxCost",
] as const;

/** What an exit code means, without the command's own meanings. */
export const usualMeanings: Readonly<Record<number, string>> = {
  [exitCodes.passed]: "done; for a run: passed",
  [exitCodes.failed]: "failed: a threshold did not hold, or a regression",
  [exitCodes.usage]: "wrong usage, settings or script: nothing was run",
  [exitCodes.invalid]: "invalid: the load was not what was asked for, or a comparison says nothing",
  [exitCodes.error]: "it could not run, or was lost",
  [exitCodes.aborted]: "interrupted; what was measured is kept",
};
