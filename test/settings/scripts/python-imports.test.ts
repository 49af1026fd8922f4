import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { topLevelImports } from "../../../settings/scripts/python-imports";
import { root } from "../../support/pulumi-cli";

const modules = (source: string) => topLevelImports(source)?.map(({ module, line }) => `${module} ${line}`);

describe("the imports of a Python file", () => {
  for (const [what, source, expected] of [
    ["one by one", "import a\nimport b.c\n", ["a 1", "b.c 2"]],
    ["several in a line", "import a as x, b.c,d; import e\n", ["a 1", "b.c 1", "d 1", "e 1"]],
    ["of names", "from a.b import c as d, e\nfrom . import f\nfrom ..g import (h,\n  i)\n", ["a.b 1", ". 2", "..g 3"]],
    ["over several lines", "import \\\n  a\nfrom b import (  # why\n  c,\n)\nimport d", ["a 1", "b 3", "d 6"]],
    ["behind comments and texts", '"""\nimport a\n"""\n# import b\nx = "import c" # \'\nimport d # e', ["d 6"]],
    ["behind texts with quotes", "x = 'it\\'s'; y = r'\\';'\nimport a\n", ["a 2"]],
    ["with a byte order mark and Windows' lines", "\uFEFFimport a\r\nx = (\r\n1)\r\nimport b\r\n", ["a 1", "b 4"]],
  ] as const) {
    it(`are found ${what}`, () => expect(modules(source)).to.deep.equal(expected));
  }

  for (const [what, source] of [
    ["in try", "try:\n    import a\nexcept ImportError:\n    a = None\n"],
    ["in try, in one line", "try: import b; import a\nexcept ImportError: pass\n"],
    ["for types only", "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import a\nelse: import b; import a\n"],
    ["in a function or a class", "def f():\n    import a\nclass C:\n    from a import b\n"],
    ["in a text over lines", "x = '''\nimport a\n''' + f\"\"\"\nimport a\"\"\"\n"],
    ["in brackets", "x = [\na, import_a,\n]\nimporter = a\nfrom_ = a\n"],
  ] as const) {
    it(`are left out ${what}`, () => expect(topLevelImports(source)?.map(({ module }) => module)).to.not.include("a"));
  }

  for (const source of [
    'import sys\nsys.path.insert(0, "vendor")\nimport a\n',
    "from sys import path\nimport a\n",
    'import os\nos.system("pip install a")\nimport a\n',
  ]) {
    it(`are not known after ${JSON.stringify(source)}`, () => expect(topLevelImports(source)).to.equal(undefined));
  }

  it("are known where a comment only speaks of pip and of sys.path", () => {
    expect(modules("# pip install a, or sys.path.append\nimport a\n")).to.deep.equal(["a 2"]);
  });

  it("are those that Python's own parser finds, in files of this repository and of Python's own library", function () {
    this.timeout(60_000);
    const folder = mkdtempSync(join(tmpdir(), "loadtest-imports-"));
    const list = join(folder, "list.py");
    writeFileSync(
      list,
      `import ast, glob, json, os, sys
found = {}
for path in glob.glob(sys.argv[1] + "/**/*.py", recursive=True) + glob.glob(os.path.dirname(os.__file__) + "/*.py"):
    text = open(path, encoding="utf-8", newline="").read()
    nodes = [n for n in ast.parse(text).body if isinstance(n, (ast.Import, ast.ImportFrom))]
    pairs = [(a.name, n.lineno) if isinstance(n, ast.Import) else ("." * n.level + (n.module or ""), n.lineno) for n in nodes for a in n.names]
    found[path] = [text, list(dict.fromkeys(f"{m} {l}" for m, l in pairs))]
json.dump(found, sys.stdout)
`,
    );
    const { stdout } = spawnSync("python3", [list, join(root, "locust")], { encoding: "utf8", maxBuffer: 64 << 20 });
    rmSync(folder, { recursive: true });
    const files = Object.entries(JSON.parse(stdout) as Record<string, [string, string[]]>);
    expect(files).to.have.length.above(100);
    for (const [path, [text, expected]] of files) {
      const found = modules(text);
      if (found !== undefined) expect([...new Set(found)], path).to.deep.equal(expected);
    }
  });
});
