/** Arguments of `npm run bench:cluster`. */
import { parseArgs } from "node:util";
import { type Part, parts } from "./results";

export interface Options {
  readonly rounds: number;
  readonly only: readonly Part[];
  /** Plain HTTP alone, and one process in a pod. */
  readonly quick: boolean;
  /** Measure capacity and memory of those configurations alone whose names match; undefined for all. */
  readonly match: RegExp | undefined;
  /** Make the page from what was measured before, and measure nothing. */
  readonly page: boolean;
  /** Keep what was measured before, and add to it. */
  readonly add: boolean;
  readonly help: boolean;
}

export const help = `npm run bench:cluster -- [options]

Measures on the cluster in KUBECONFIG, writes docs/benchmarks/results.json after each measurement, and makes
docs/benchmarks.md and its charts from that file.

  --rounds N     how often all is measured, each round after the other (5)
  --only PARTS   some of: ${parts.join(",")}; the results of the others are kept
  --add          add rounds to those that were measured before
  --quick        plain HTTP alone, and one process in a pod
  --match RE     of capacity and memory, measure configurations whose names match: "HttpUser, 1 vCPU, TLS" is one
  --page         make the page from what was measured before
  --help

The target's image is built first, by the program that BENCH_IMAGE_LOADER names: it takes a folder with a Dockerfile and
a tag, and loads the image into the cluster. Without it, the image must be there. The part "start" needs the Pulumi CLI
and a build (npm run build), and "profile" py-spy on the PATH or in PY_SPY.
`;

/** @throws Error with a line for the user */
export function parseOptions(args: readonly string[]): Options {
  const { values } = parseArgs({
    args: [...args],
    options: {
      rounds: { type: "string", default: "5" },
      only: { type: "string", default: parts.join(",") },
      quick: { type: "boolean", default: false },
      match: { type: "string" },
      page: { type: "boolean", default: false },
      add: { type: "boolean", default: false },
      help: { type: "boolean", default: false },
    },
  });
  if (!/^[1-9]\d?$/.test(values.rounds)) {
    throw new Error(`--rounds must be an integer from 1 to 99, not "${values.rounds}"`);
  }
  const only = values.only.split(",").map((name) => {
    const part = parts.find((one) => one === name);
    if (part === undefined) throw new Error(`--only must be some of ${parts.join(",")}, not "${name}"`);
    return part;
  });
  const { quick, page, add } = values;
  const match = values.match === undefined ? undefined : new RegExp(values.match);
  return { rounds: Number(values.rounds), only, quick, match, page, add, help: values.help };
}
