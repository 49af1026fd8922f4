import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "chai";
import { addCompletion } from "../../runner/cli/program/completion";
import { createProgram } from "../../runner/cli/program/program";

const page = readFileSync(join(__dirname, "..", "..", "docs", "operating.md"), "utf8");
const blocks = [...page.matchAll(/```console\n([\s\S]*?)```/g)].map(([, body = ""]) => body.trimEnd().split("\n"));

describe("docs/operating.md", () => {
  it("names only commands and options that there are", async () => {
    const program = createProgram(() => undefined);
    await addCompletion(program);
    const lines = blocks.flat().filter((line) => line.startsWith("$ loadtest "));
    expect(lines.length).to.be.greaterThan(20);
    for (const line of lines) {
      const [call = ""] = line.split(/ [|]| 2>/);
      const command = program.commands.find((one) => one.name() === call.split(" ")[2]);
      expect(command, line).to.not.equal(undefined);
      const known = command?.options.map(({ long }) => long);
      expect(known, line).to.include.members(call.match(/--[a-z-]+/g) ?? []);
    }
  });

  it("shows every command at work", () => {
    const shown = blocks.flat().flatMap((line) => /^\$ loadtest ([a-z]+)/.exec(line)?.[1] ?? []);
    const all = createProgram(() => undefined).commands.map((command) => command.name());
    expect(shown).to.include.members(all);
  });

  it("has an output below every command that prints something, and none of a session that went wrong", () => {
    for (const [index, line] of blocks.flat().entries()) {
      if (!/^\$ (loadtest|echo)/.test(line)) continue;
      const next = blocks.flat()[index + 1];
      expect(next, line).to.be.a("string").and.not.match(/^\$ /);
    }
    expect(blocks.flat().join("\n")).to.not.match(/command not found|ECONN|cannot be (taken|reached)|internal error/);
  });
});
