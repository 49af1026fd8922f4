import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "chai";
import { reportFolder } from "../../../runner/cli/commands/report";
import { outputOf } from "../../support/output";
import { makeRun, nameAt, recordAt } from "../results/folders";
import { temporaryFolder } from "../results/make";

describe("the report of a folder", () => {
  let results: string;
  let folder: string;
  beforeEach(() => {
    results = temporaryFolder();
    folder = makeRun(results, nameAt(1), recordAt(1, { verdict: "failed", exitCode: 1 }));
  });
  afterEach(() => rmSync(results, { recursive: true }));

  it("gives verdict and numbers also where requests.csv is torn, and says that it is", async () => {
    writeFileSync(join(folder, "requests.csv"), 'Type,Name,"Requ');
    const { result, stdout } = await outputOf(() => reportFolder(folder, {}));
    expect(result).to.equal(1);
    expect(stdout)
      .to.match(/^! requests\.csv is not what Locust writes/m)
      .and.to.match(/^FAILED/m);
    const page = join(results, "page.html");
    const json = await outputOf(() => reportFolder(folder, { json: true, html: page }));
    expect(json.result).to.equal(1);
    expect(JSON.parse(json.stdout).warnings).to.have.length(1);
    expect(readFileSync(page, "utf8")).to.include("requests.csv is not what Locust writes");
  });
});
