/** Runs a job of a GitHub Actions workflow here: its shell steps with bash, its actions by stand-ins. */
import { spawn } from "node:child_process";
import { chmodSync, cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { parse } from "yaml";

type Texts = Readonly<Record<string, string>>;

export interface Step {
  readonly name?: string;
  readonly id?: string;
  readonly if?: string;
  readonly uses?: string;
  readonly run?: string;
  readonly with?: Readonly<Record<string, string | number | boolean>>;
  readonly env?: Texts;
  readonly "continue-on-error"?: boolean;
}

export interface Job {
  readonly if?: string;
  readonly permissions?: Texts;
  readonly "timeout-minutes"?: number;
  readonly defaults?: { readonly run?: { readonly shell?: string } };
  readonly env?: Texts;
  readonly steps: readonly Step[];
}

export interface Workflow {
  readonly on: Readonly<Record<string, unknown>>;
  readonly permissions?: Texts;
  readonly concurrency?: { readonly group: string; readonly "cancel-in-progress": boolean };
  readonly env?: Texts;
  readonly jobs: Readonly<Record<string, Job>>;
}

export function readWorkflow(path: string): Workflow {
  return parse(readFileSync(path, "utf8"));
}

export interface JobOptions {
  /** The checked-out repository. */
  readonly folder: string;
  /** What expressions name: `vars.PREVIEW_URL`. A name that is not here, and of no step, is an error. */
  readonly context: Texts;
  /** Of all steps, beside what Actions itself gives. */
  readonly env?: Texts;
  /** What stands in for an action, by its name without a version; gets its inputs, and fails the step by throwing. */
  readonly actions: Readonly<Record<string, (inputs: Texts) => void>>;
}

export interface StepEnd {
  /** The step's name, or its action. */
  readonly step: string;
  readonly outcome: "success" | "failure" | "skipped";
  readonly output: string;
}

export interface JobEnd {
  readonly success: boolean;
  readonly steps: readonly StepEnd[];
  /** What the steps wrote for the job's page. */
  readonly summary: string;
}

/** Stand-ins for the actions that prepare a machine, which is prepared here, and for those that keep artifacts. */
export function standIns(folder: string, artifacts: string): JobOptions["actions"] {
  const nothing = () => undefined;
  return {
    ...{ "actions/checkout": nothing, "actions/setup-node": nothing, "pulumi/actions": nothing },
    "actions/upload-artifact": ({ name = "", path = "" }) => {
      const paths = path.split("\n").filter(Boolean);
      // A folder alone is kept without its name.
      for (const part of paths) {
        const to = paths.length === 1 ? join(artifacts, name) : join(artifacts, name, part);
        cpSync(join(folder, part), to, { recursive: true });
      }
    },
    "actions/download-artifact": ({ name = "", path = "" }) => {
      cpSync(join(artifacts, name), join(folder, path), { recursive: true, errorOnExist: true });
    },
  };
}

/**
 * Writes shell scripts that stand in for commands.
 *
 * @param scripts by the command's name
 * @returns a PATH that finds them first
 */
export function commandsIn(folder: string, scripts: Texts): string {
  mkdirSync(folder, { recursive: true });
  for (const [name, text] of Object.entries(scripts)) {
    writeFileSync(join(folder, name), `#!/bin/bash\n${text}\n`);
    chmodSync(join(folder, name), 0o755);
  }
  return [folder, process.env.PATH].join(delimiter);
}

/** Runs the steps of a job in their order, as Actions would; none where the job's own `if` is not met. */
export async function runJob(job: Job, options: JobOptions): Promise<JobEnd> {
  const known = new Map(Object.entries(options.context));
  const ids = new Set(job.steps.flatMap(({ id }) => id ?? []));
  let success = true;
  const expressions = (): Expressions => ({ known, success, steps: ids });
  if (!isMet(job.if, expressions())) return { success, steps: [], summary: "" };

  const scratch = mkdtempSync(join(tmpdir(), "loadtest-job-"));
  const file = (name: string): string => {
    const path = join(scratch, name);
    writeFileSync(path, "");
    return path;
  };
  const summary = file("summary");
  const ends: StepEnd[] = [];

  for (const [index, step] of job.steps.entries()) {
    const output = file(`output-${index}`);
    const fill = (texts: Readonly<Record<string, unknown>> = {}): Texts =>
      Object.fromEntries(Object.entries(texts).map(([key, text]) => [key, filled(String(text), expressions())]));
    const end = { step: step.name ?? step.uses ?? `step ${index}` };
    if (!isMet(step.if, expressions())) {
      ends.push({ ...end, outcome: "skipped", output: "" });
    } else if (step.run === undefined) {
      ends.push({ ...end, ...act(options, step.uses ?? "", fill(step.with)) });
    } else {
      const env = {
        ...{ PATH: process.env.PATH ?? "", HOME: process.env.HOME ?? scratch, CI: "true", GITHUB_ACTIONS: "true" },
        ...{ GITHUB_WORKSPACE: options.folder, GITHUB_OUTPUT: output, GITHUB_STEP_SUMMARY: summary },
        ...{ ...options.env, ...fill(job.env), ...fill(step.env) },
      };
      const script = join(scratch, `step-${index}.sh`);
      writeFileSync(script, step.run);
      // So does Actions with `shell: bash`; without it there is no pipefail.
      const strict = job.defaults?.run?.shell === "bash" ? ["--noprofile", "--norc", "-eo", "pipefail"] : ["-e"];
      ends.push({ ...end, ...(await bash([...strict, script], options.folder, env)) });
    }
    const outcome = ends.at(-1)?.outcome ?? "failure";
    if (outcome === "failure" && step["continue-on-error"] !== true) success = false;
    if (step.id !== undefined) {
      known.set(`steps.${step.id}.outcome`, outcome);
      for (const line of readFileSync(output, "utf8").split("\n").filter(Boolean)) {
        const [name = "", ...value] = line.split("=");
        known.set(`steps.${step.id}.outputs.${name}`, value.join("="));
      }
    }
  }
  const end = { success, steps: ends, summary: readFileSync(summary, "utf8") };
  rmSync(scratch, { recursive: true });
  return end;
}

function act({ actions }: JobOptions, uses: string, inputs: Texts): Pick<StepEnd, "outcome" | "output"> {
  const action = actions[uses.replace(/@.*/, "")];
  if (action === undefined) throw new Error(`nothing stands in for ${uses}`);
  try {
    action(inputs);
    return { outcome: "success", output: "" };
  } catch (error) {
    return { outcome: "failure", output: String(error) };
  }
}

function bash(
  args: readonly string[],
  cwd: string,
  env: NodeJS.ProcessEnv,
): Promise<Pick<StepEnd, "outcome" | "output">> {
  return new Promise((resolve, reject) => {
    const child = spawn("bash", args, { cwd, env, stdio: ["ignore", "pipe", "pipe"], timeout: 240_000 });
    let output = "";
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding("utf8").on("data", (text: string) => {
        output += text;
      });
    }
    child.once("error", reject);
    child.once("close", (code) => resolve({ outcome: code === 0 ? "success" : "failure", output }));
  });
}

interface Expressions {
  readonly known: ReadonlyMap<string, string>;
  /** Whether every step so far went well. */
  readonly success: boolean;
  /** Ids of the job's steps. */
  readonly steps: ReadonlySet<string>;
}

/** A text with its `${{ … }}` replaced. */
function filled(text: string, expressions: Expressions): string {
  return text.replace(/\$\{\{(.*?)\}\}/g, (_, expression: string) => String(evaluate(expression, expressions)));
}

/** Whether a step, or a job, with this `if` runs; without a function of the state it asks for success. */
function isMet(condition: string | undefined, expressions: Expressions): boolean {
  const expression = condition === undefined ? "success()" : condition.replace(/^\s*\$\{\{(.*)\}\}\s*$/s, "$1");
  const asksState = /\b(always|success|failure|cancelled)\(\)/.test(expression);
  return (asksState || expressions.success) && Boolean(evaluate(expression, expressions));
}

/** Of Actions' language: names, texts, `==`, `!=`, `!`, `&&`, `||`, parentheses, and functions of the job's state. */
function evaluate(expression: string, { known, success, steps }: Expressions): unknown {
  const functions: Record<string, boolean> = { always: true, success, failure: !success, cancelled: false };
  const token = /'((?:[^']|'')*)'|([a-z]+)\(\)|([A-Za-z_][\w-]*(?:\.[\w-]+)+)/g;
  const source = expression.replace(token, (_, text?: string, call?: string, name = "") => {
    if (text !== undefined) return JSON.stringify(text.replaceAll("''", "'"));
    if (call !== undefined) return String(functions[call]);
    const value = known.get(name) ?? (steps.has(name.split(".")[1] ?? "") ? "" : undefined);
    if (value === undefined) throw new Error(`${name} is not known in ${expression}`);
    return JSON.stringify(value);
  });
  return new Function(`return (${source});`)();
}
