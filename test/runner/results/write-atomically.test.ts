import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "chai";
import { ResultsError, writeAtomically } from "../../../runner/results/files";
import { temporaryFolder } from "./make";

describe("writeAtomically", () => {
  let folder: string;
  beforeEach(() => {
    folder = temporaryFolder();
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  const failure = async (path: string) => {
    try {
      await writeAtomically(path, "new");
    } catch (error) {
      expect(error).to.be.instanceOf(ResultsError);
      return (error as Error).message;
    }
    return undefined;
  };

  it("replaces a page and leaves nothing else", async () => {
    const path = join(folder, "page.html");
    writeFileSync(path, "old");
    await writeAtomically(path, "<p>ä\ud800</p>");
    expect(readFileSync(path, "utf8")).to.equal("<p>ä\ufffd</p>");
    expect(readdirSync(folder)).to.deep.equal(["page.html"]);
  });

  it("says in one line why it cannot", async () => {
    const missing = join(folder, "missing", "page.html");
    expect(await failure(missing)).to.equal(`${missing} cannot be written: its folder does not exist`);
    const taken = join(folder, "taken.html");
    mkdirSync(taken);
    expect(await failure(taken)).to.equal(`${taken} cannot be written: there is a folder of that name`);
    expect(readdirSync(folder)).to.deep.equal(["taken.html"]);
  });
});
