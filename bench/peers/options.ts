/** Arguments of `npm run bench:peers`. */
import { parseArgs } from "node:util";

export interface Options {
  /** Rounds that there are in the end, with those that were measured before. */
  readonly rounds: number;
  /** Measure configurations alone whose names match; undefined for all. */
  readonly only: RegExp | undefined;
  /** Plain HTTP alone. */
  readonly quick: boolean;
  /** Measure anew what was measured before. */
  readonly anew: boolean;
  /** Make the page from what was measured before, and measure nothing. */
  readonly page: boolean;
  readonly help: boolean;
}

export const help = `npm run bench:peers -- [options]

Measures wrk, vegeta, Artillery, Locust and this project on one core each, against nginx on another one, all on
127.0.0.1. Writes docs/peers/results.json after each measurement, and makes docs/peers.md and its charts from that file.
What is missing of the rounds is measured: an interrupted command goes on where it was.

  --rounds N     rounds that there are in the end (5)
  --only RE      measure those whose names match: "loadtest, HttpUser, TLS" is one
  --quick        plain HTTP alone
  --anew         measure the rounds anew that are there; leave it out to go on after an interruption
  --page         make the page from what was measured before
  --help

The tools are installed into .loadtest/peers, in the versions that bench/peers/install.ts names: wrk and nginx from
Debian's packages (apt-get), vegeta as a Go module (go), Artillery from npm. It needs Linux on a machine of two cores
that nothing else uses, taskset, openssl and 20,000 open files (ulimit -n), and takes about two hours.
`;

/** @throws Error with a line for the user */
export function parseOptions(args: readonly string[]): Options {
  const { values } = parseArgs({
    args: [...args],
    options: {
      rounds: { type: "string", default: "5" },
      only: { type: "string" },
      quick: { type: "boolean", default: false },
      anew: { type: "boolean", default: false },
      page: { type: "boolean", default: false },
      help: { type: "boolean", default: false },
    },
  });
  if (!/^[1-9]\d?$/.test(values.rounds)) {
    throw new Error(`--rounds must be an integer from 1 to 99, not "${values.rounds}"`);
  }
  const { quick, anew, page, help } = values;
  const only = values.only === undefined ? undefined : expression(values.only);
  return { rounds: Number(values.rounds), only, quick, anew, page, help };
}

function expression(text: string): RegExp {
  try {
    return new RegExp(text);
  } catch {
    throw new Error(`--only must be a regular expression, not "${text}"`);
  }
}
