import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";

/** Our scripts, in the order in which they build on each other; the build copies them beside the compiled code. */
const scripts = ["format.js", "overlay.js", "options.js", "charts.js"];

/** What a page brings along besides its own text. */
export interface Assets {
  /** uPlot, with its licence in a comment. */
  readonly chartScript: string;
  readonly chartStyle: string;
  /** Draws the charts. */
  readonly pageScript: string;
}

/** Reads uPlot from the installed package, and our scripts from beside this file. */
export function readAssets(): Assets {
  const library = dirname(require.resolve("uplot/package.json"));
  const read = (...path: readonly string[]) => readFileSync(join(...path), "utf8").trim();
  const own = scripts.map((name) => withoutDirectives(read(__dirname, "browser", name)));
  return {
    chartScript: `/*!\n${read(library, "LICENSE")}\n*/\n${read(library, "dist", "uPlot.iife.min.js")}`,
    chartStyle: read(library, "dist", "uPlot.min.css"),
    pageScript: `(() => {\n"use strict";\n${own.join("\n")}\n})();`,
  };
}

/** Without what the compiler adds: the page has no source maps, and says for all scripts that they are strict. */
function withoutDirectives(script: string): string {
  return script.replace(/^"use strict";\s*/, "").replace(/\s*\/\/# sourceMappingURL=.*$/, "");
}
