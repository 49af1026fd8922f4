import { expect } from "chai";
import type { Settings } from "../../../settings/schema";
import { scriptExists } from "../../../settings/scripts/script";
import { folderOf } from "../folder";

describe("scriptExists", () => {
  const folder = folderOf({
    "scripts/b.py": "",
    "scripts/a.py": "",
    "scripts/notes.md": "",
    "scripts/c.py/x": "",
    "e/x": "",
  });
  const problemsOf = (valid: Partial<Settings>) => scriptExists(folder())({ valid, wrong: new Set() });
  const check = (scriptsFolder: string, script: string) => problemsOf({ scriptsFolder, script })[0];

  it("finds a script in a folder of the project, or in any folder", () => {
    expect(check("scripts", "a.py")).to.equal(undefined);
    expect(check(`${folder()}/scripts`, "b.py")).to.equal(undefined);
  });

  it("lists the scripts that are there", () => {
    const allowed = "a file in scripts, one of a.py, b.py";
    expect(check("scripts", "d.py")).to.deep.equal({ key: "script", value: "d.py", allowed });
    expect(check("scripts", "c.py")).to.deep.equal({ key: "script", value: "c.py", allowed });
    expect(check("e", "d.py")?.allowed).to.equal("a file in e, which has no scripts yet");
  });

  it("says when the folder is not there, or is a file", () => {
    for (const scriptsFolder of ["none", "scripts/a.py"]) {
      expect(check(scriptsFolder, "a.py")).to.deep.equal({
        key: "scriptsFolder",
        value: scriptsFolder,
        allowed: "a folder that exists",
      });
    }
  });

  it("looks for the folder where the script is wrong by itself, and for nothing where the folder is", () => {
    expect(problemsOf({ scriptsFolder: "none" }).map(({ key }) => key)).to.deep.equal(["scriptsFolder"]);
    expect(problemsOf({ scriptsFolder: "scripts" })).to.deep.equal([]);
    expect(problemsOf({ script: "d.py" })).to.deep.equal([]);
  });
});
