import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import type { Argument, Complete, Option, RootCommand } from "@bomb.sh/tab";
import type { Command } from "commander";
import { findProject, listStacks } from "../../../settings/project/stack-files";

/** What is suggested where an option's value, or an argument, has this name; behind a command's name: there alone. */
const values: Readonly<Record<string, () => readonly string[]>> = {
  stack: stacks,
  script: scripts,
  baseline: runs,
  // Of `capacity` it is a number.
  "size from": runs,
  run: runs,
  a: runs,
  b: runs,
};

/** Adds the commands that make shells complete all the others. */
export async function addCompletion(program: Command): Promise<void> {
  // Only ECMAScript modules, and only for this.
  const { default: tab } = await import("@bomb.sh/tab/commander");
  const root = tab(program, { completionCommandName: "completion" });
  for (const { name, summary } of program.commands.map((one) => ({ name: one.name(), summary: one.summary() }))) {
    const command = root.commands.get(name);
    // A shell shows one line for each command.
    if (command !== undefined && summary !== "") command.description = summary;
  }
  suggestValues(root);
}

function suggestValues(root: RootCommand): void {
  for (const [command, { options, arguments: given }] of root.commands) {
    for (const one of options.values()) suggest(one, command, one.value);
    for (const one of given.values()) suggest(one, command, one.name);
  }
}

function suggest(one: Argument | Option, command: string, name: string): void {
  const find = values[`${command} ${name}`] ?? values[name];
  if (find === undefined) return;
  one.handler = (complete: Complete) => {
    for (const value of find()) complete(value, "");
  };
}

function stacks(): readonly string[] {
  const project = findProject(process.cwd());
  return project === undefined ? [] : listStacks(project);
}

/** Scripts of the default folder: completion does not read the stack's settings. */
function scripts(): readonly string[] {
  const directory = findProject(process.cwd())?.directory ?? process.cwd();
  return namesIn(join(directory, "locust", "scripts")).filter((name) => name.endsWith(".py"));
}

function runs(): readonly string[] {
  return [
    "latest",
    "previous",
    "latest-passed",
    ...namesIn("results")
      .filter((name) => /^\d{8}T\d{6}Z-/.test(name))
      .reverse(),
  ];
}

function namesIn(folder: string): string[] {
  return existsSync(folder) ? readdirSync(folder).sort() : [];
}
