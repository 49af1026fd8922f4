import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "chai";
import fc from "fast-check";
import { UsageError } from "../../../runner/errors";
import { ResultsError } from "../../../runner/results/files";
import { findRun, listRuns } from "../../../runner/results/history";
import { deadWriter, makeRun, nameAt, recordAt } from "./folders";
import { runningRecord, temporaryFolder } from "./make";

describe("listRuns", () => {
  let base: string;
  beforeEach(() => {
    base = temporaryFolder();
  });
  afterEach(() => rmSync(base, { recursive: true, force: true }));

  const listed = () => listRuns(base).map(({ name, state }) => [name, state]);

  it("has the newest run first, whatever the folders are called", () => {
    makeRun(base, "before-the-change", recordAt(2));
    makeRun(base, nameAt(3), recordAt(3));
    makeRun(base, nameAt(1), recordAt(1));
    expect(listed()).to.deep.equal([
      [nameAt(3), "finished"],
      ["before-the-change", "finished"],
      [nameAt(1), "finished"],
    ]);
    expect(listRuns(base)[0]).to.deep.include({ path: join(base, nameAt(3)), startedAt: "2026-11-24T11:03:05.000Z" });
  });

  it("tells a run that goes on from one whose command was killed", () => {
    makeRun(base, nameAt(2), runningRecord());
    makeRun(base, nameAt(1), { ...runningRecord(), writer: deadWriter() });
    expect(new Map(listRuns(base).map(({ name, state }) => [name, state]))).to.deep.equal(
      new Map([
        [nameAt(1), "killed"],
        [nameAt(2), "running"],
      ]),
    );
  });

  it("leaves out what is no run", () => {
    mkdirSync(join(base, "empty"));
    writeFileSync(join(base, "notes.txt"), "");
    makeRun(base, nameAt(1), recordAt(1));
    expect(listed()).to.deep.equal([[nameAt(1), "finished"]]);
  });

  it("lists damaged ones in their place, with what is wrong", () => {
    makeRun(base, nameAt(3), recordAt(3));
    makeRun(base, nameAt(1), recordAt(1));
    const texts = { [nameAt(2)]: '{"schemaVersion":1', "no-time": "[]", newer: '{"schemaVersion":2}' };
    for (const [name, text] of Object.entries(texts)) {
      mkdirSync(join(base, name));
      writeFileSync(join(base, name, "run.json"), text);
    }
    mkdirSync(join(base, "folder", "run.json"), { recursive: true });
    expect(listed()).to.deep.equal([
      [nameAt(3), "finished"],
      [nameAt(2), "damaged"],
      [nameAt(1), "finished"],
      ...["no-time", "newer", "folder"].map((name) => [name, "damaged"]),
    ]);
    const problems = listRuns(base).flatMap((run) => (run.state === "damaged" ? [run.problem] : []));
    expect(problems[0]).to.match(/run\.json is damaged: it is not JSON$/);
    expect(problems[1]).to.match(/run\.json is not the record of a run: /);
    expect(problems[2]).to.match(/has version 2, and only version 1 is known here$/);
    expect(problems[3]).to.match(/cannot be read: there is a folder of that name$/);
  });

  it("does not end at any content of run.json", () => {
    const path = makeRun(base, nameAt(1), recordAt(1));
    const text = JSON.stringify(recordAt(1));
    const content = fc.oneof(
      fc.json(),
      fc.string(),
      fc.nat(text.length - 1).map((length) => text.slice(0, length)),
    );
    fc.assert(
      fc.property(content, (some) => {
        writeFileSync(join(path, "run.json"), some);
        expect(listed()).to.deep.equal([[nameAt(1), "damaged"]]);
      }),
    );
  });

  it("is empty without a folder of results, and says what keeps it from reading one", () => {
    expect(listRuns(join(base, "none"))).to.deep.equal([]);
    writeFileSync(join(base, "file"), "");
    expect(() => listRuns(join(base, "file"))).to.throw(ResultsError, "part of its path is a file, not a folder");
  });
});

describe("findRun", () => {
  let base: string;
  const find = (name: string) => findRun(base, name).name;
  const failure = (name: string, from = base): string => {
    try {
      findRun(from, name);
    } catch (error) {
      expect(error).to.be.instanceOf(UsageError);
      return (error as Error).message;
    }
    throw new Error(`${name} was found`);
  };

  before(() => {
    base = temporaryFolder();
    makeRun(base, nameAt(1), recordAt(1));
    makeRun(base, nameAt(2, "shop"), recordAt(2, { verdict: "failed" }));
    makeRun(base, nameAt(3), { ...runningRecord(), startedAt: recordAt(3).startedAt, writer: deadWriter() });
    makeRun(base, nameAt(4), { ...runningRecord(), startedAt: recordAt(4).startedAt });
    mkdirSync(join(base, nameAt(5)));
    writeFileSync(join(base, nameAt(5), "run.json"), "");
  });
  after(() => rmSync(base, { recursive: true, force: true }));

  it("knows words for runs that are over", () => {
    expect(find("latest")).to.equal(nameAt(3));
    expect(find("previous")).to.equal(nameAt(2, "shop"));
    expect(find("latest-passed")).to.equal(nameAt(1));
  });

  it("takes the name of a folder, and what only one begins or ends with", () => {
    expect(find(nameAt(1))).to.equal(nameAt(1));
    expect(find("20261124T1102")).to.equal(nameAt(2, "shop"));
    expect(find("shop")).to.equal(nameAt(2, "shop"));
    expect(findRun(base, "20261124T1104").state).to.equal("running");
    expect(findRun(base, nameAt(5)).state).to.equal("damaged");
  });

  it("prefers a whole name to the start of another", () => {
    makeRun(base, `${nameAt(1)}-2`, recordAt(0));
    expect(find(nameAt(1))).to.equal(nameAt(1));
    rmSync(join(base, `${nameAt(1)}-2`), { recursive: true });
  });

  it("takes the path of a folder, also of one elsewhere", () => {
    const other = temporaryFolder();
    try {
      const path = makeRun(other, "baseline", recordAt(1));
      for (const written of [path, `${path}/`, join(other, ".", "baseline")]) {
        expect(findRun(base, written)).to.include({ name: "baseline", state: "finished" });
      }
    } finally {
      rmSync(other, { recursive: true });
    }
  });

  it("names the nearest one otherwise, in a line", () => {
    expect(failure("latst")).to.equal(
      `there is no run latst in ${base}; the nearest is latest (loadtest history lists them)`,
    );
    expect(failure(nameAt(2, "shap"))).to.include(`the nearest is ${nameAt(2, "shop")} `);
    for (const control of ["\u001b", "\n"]) expect(failure("\u001b[31m\nx")).to.not.include(control);
    expect(failure("")).to.match(/^there is no run /);
    expect(failure("toString")).to.match(/^there is no run toString in /);
  });

  it("says of a folder without a record that its run never began", () => {
    mkdirSync(join(base, nameAt(6), "logs"), { recursive: true });
    const text = " has no run.json: its command ended before the load began, or it is no folder of a run";
    for (const name of [nameAt(6), join(base, nameAt(6))]) expect(failure(name)).to.equal(join(base, nameAt(6)) + text);
  });

  it("asks for more where a part is not enough", () => {
    expect(failure("20261124T110")).to.equal(
      `20261124T110 may be ${nameAt(5)}, ${nameAt(4)}, ${nameAt(3)} or 2 more: write more of its name`,
    );
    expect(failure("Z-shop-none")).to.match(/^there is no run /);
  });

  it("says what there is not", () => {
    const empty = temporaryFolder();
    try {
      const message = (name: string) => failure(name, empty);
      expect(message("20261124")).to.equal(`there is no run 20261124: ${empty} has none at all`);
      expect(message("latest")).to.equal(`there is no run in ${empty} that is over`);
      expect(message("previous")).to.equal(`there is no run in ${empty} before the latest`);
      makeRun(empty, nameAt(1), recordAt(1, { verdict: "failed" }));
      expect(message("latest-passed")).to.equal(`there is no run in ${empty} that passed`);
      expect(message("previous")).to.equal(`there is no run in ${empty} before the latest`);
    } finally {
      rmSync(empty, { recursive: true });
    }
  });
});
