import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "chai";
import { toolsOf } from "../../runner/cli/mcp/tools";
import { createProgram } from "../../runner/cli/program/program";
import { root } from "./printed";

const page = readFileSync(join(root, "docs", "agents.md"), "utf8");
const program = createProgram(() => undefined);
const blocks = [...page.matchAll(/```text\n(> [\s\S]*?)```/g)].map(([, body = ""]) => body.trimEnd().split("\n"));

describe("docs/agents.md", () => {
  it("shows the tools that there are", () => {
    const names = (mayLoad: boolean) => toolsOf(program, {}, mayLoad).map(({ name }) => name);
    const shown = blocks.flatMap((lines) => lines.filter((_, index) => lines[index - 1] === "> tools"));
    expect(shown).to.deep.equal([names(false).join(" "), names(true).join(" ")]);
  });

  it("has an answer below every request, and none of a session that went wrong", () => {
    for (const lines of blocks) {
      for (const [index, line] of lines.entries()) {
        if (line.startsWith("> "))
          expect(lines[index + 1], line)
            .to.be.a("string")
            .and.not.match(/^> /);
      }
    }
    const all = blocks.flat().join("\n");
    expect(all)
      .to.match(/"verdict": "passed"/)
      .and.match(/PASSED \(exit code 0\)/);
    expect(all).to.not.match(/internal error|MCP error|timed out/);
  });

  it("has the limits of loadtest mcp, with their defaults", () => {
    const options = program.commands.find((command) => command.name() === "mcp")?.options ?? [];
    const rows = [...page.matchAll(/^\| `(--(?:allowed|max)-[a-z-]+)` \| (.*?) \|/gm)].map(([, name, text]) => [
      name,
      text,
    ]);
    const limits = options.filter(({ long }) => /^--(allowed|max)-/.test(long ?? ""));
    const wanted = limits.map((option) => [
      option.long,
      option.defaultValueDescription?.replaceAll(",", ", ") ?? "none",
    ]);
    expect(rows).to.have.deep.members(wanted);
  });
});
