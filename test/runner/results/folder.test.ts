import { execFileSync, spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "chai";
import { listFiles, ResultsError } from "../../../runner/results/files";
import { createResultsFolder, type ResultsFolder } from "../../../runner/results/folder";
import { readRun } from "../../../runner/results/read";
import { readSeries } from "../../../runner/results/series";
import { mountOrSkip, skip } from "../../support/needs";
import { finishedRecord, runningRecord, sampleAt, temporaryFolder } from "./make";

const now = new Date("2026-11-24T11:12:05.678Z");

async function failure(work: Promise<unknown>): Promise<ResultsError> {
  const error = await work.then(
    () => undefined,
    (reason) => reason,
  );
  expect(error).to.be.instanceOf(ResultsError);
  expect(error.message).to.not.match(/\n|Error:/);
  return error;
}

describe("createResultsFolder", () => {
  let base: string;
  let folders: ResultsFolder[];
  const create = async (more: Partial<Parameters<typeof createResultsFolder>[0]> = {}) => {
    const folder = await createResultsFolder({ base, script: "script1.py", now, ...more });
    folders.push(folder);
    return folder;
  };

  beforeEach(() => {
    base = temporaryFolder();
    folders = [];
  });

  afterEach(async () => {
    for (const folder of folders) {
      await folder.close().catch(() => undefined);
    }
    rmSync(base, { recursive: true, force: true });
  });

  it("names the folder by time and script, and makes the base", async () => {
    const folder = await create({ base: join(base, "deep/results") });
    expect(folder.path).to.equal(join(base, "deep/results/20261124T111205Z-script1"));
    expect(folder.logs).to.equal(join(folder.path, "logs"));
    expect(readdirSync(folder.path).sort()).to.deep.equal([".reserve", "logs", "series.ndjson"]);
    expect(statSync(join(folder.path, ".reserve")).size).to.equal(256 * 1024);
  });

  it("gives runs of the same second folders of their own, also when they start at once", async () => {
    const paths = (await Promise.all([create(), create(), create()])).map(({ path }) => path.replace(/^.*Z-/, ""));
    expect(paths.sort()).to.deep.equal(["script1", "script1-2", "script1-3"]);
  });

  it("keeps strange names of scripts out of paths", async () => {
    expect((await create({ script: "../sub/my script.py" })).path).to.equal(join(base, "20261124T111205Z-my_script"));
  });

  it("appends lines in order, each on the disk when its promise resolves", async () => {
    const folder = await create();
    await folder.append(sampleAt(0));
    expect(readFileSync(join(folder.path, "series.ndjson"), "utf8")).to.equal(`${JSON.stringify(sampleAt(0))}\n`);
    await Promise.all(Array.from({ length: 50 }, (_, index) => folder.append(sampleAt(index + 1))));
    expect(readSeries(join(folder.path, "series.ndjson")).map(({ t }) => t)).to.deep.equal(
      Array.from({ length: 51 }, (_, t) => t),
    );
  });

  it("writes whole files, also over old ones, and leaves nothing else", async () => {
    const folder = await create();
    await Promise.all(["1", "2", "3"].map((content) => folder.writeFile("requests.csv", content)));
    await folder.writeFile("report.html", Buffer.from("<p>"));
    expect(readFileSync(join(folder.path, "requests.csv"), "utf8")).to.equal("3");
    await folder.close();
    expect(readdirSync(folder.path).sort()).to.deep.equal(["logs", "report.html", "requests.csv", "series.ndjson"]);
  });

  it("leaves the old file where a new one cannot be written", async () => {
    const folder = await create();
    mkdirSync(join(folder.path, "requests.csv"));
    const error = await failure(folder.writeFile("requests.csv", "new"));
    expect(error.message).to.equal(
      `${join(folder.path, "requests.csv")} cannot be written: there is a folder of that name`,
    );
    expect(readdirSync(folder.path).filter((name) => name.endsWith(".tmp"))).to.deep.equal([]);
  });

  it("writes the record of a run, with junit.xml once it is over", async () => {
    const folder = await create();
    await folder.writeRun(runningRecord(["p95<5"]));
    expect(readRun(folder.path).status).to.equal("running");
    expect(existsSync(join(folder.path, "junit.xml"))).to.equal(false);
    await folder.writeRun(finishedRecord(["p95<5"]));
    expect(readRun(folder.path)).to.deep.equal(finishedRecord(["p95<5"]));
    expect(await listFiles(folder.path)).to.deep.equal(["junit.xml", "run.json", "series.ndjson"]);
  });

  it("closes once, gives the reserve back, and writes nothing after that", async () => {
    const folder = await create();
    await Promise.all([folder.close(), folder.close()]);
    expect(existsSync(join(folder.path, ".reserve"))).to.equal(false);
    expect((await failure(folder.append(sampleAt(0)))).code).to.equal("ECLOSED");
    expect((await failure(folder.writeFile("x", ""))).code).to.equal("ECLOSED");
  });

  describe("that cannot be written", () => {
    it("says so where the base is a file, or below one", async () => {
      const file = join(base, "file");
      writeFileSync(file, "");
      expect(await failure(create({ base: file }))).to.include({
        message: `${file} cannot be written: there is a file of that name`,
        code: "EEXIST",
      });
      expect(await failure(create({ base: join(file, "results") }))).to.include({
        message: `${join(file, "results")} cannot be written: part of its path is a file, not a folder`,
        code: "ENOTDIR",
      });
    });

    it("says so where no folder can be made", async function () {
      if (!existsSync("/proc/self")) skip(this, "there is no /proc here");
      const error = await failure(create({ base: "/proc/results" }));
      expect(error.message).to.match(/^\/proc\/results cannot be written: /);
    });

    it("says so on a read-only file system", async function () {
      const mount = join(base, "mount");
      mkdirSync(mount);
      mountOrSkip(this, mount, "size=64k,ro");
      try {
        const error = await failure(create({ base: join(mount, "results") }));
        expect(error.message).to.equal(`${join(mount, "results")} cannot be written: the file system is read-only`);
      } finally {
        execFileSync("umount", [mount]);
      }
    });
  });

  describe("on a full disk", () => {
    const full = () => Promise.reject(Object.assign(new Error("no space"), { code: "ENOSPC" }));

    it("refuses lines after the first that does not fit, takes its torn part back, and needs no catch", async () => {
      let calls = 0;
      const folder = await create({
        writeLine: (file, line, position) => {
          calls += 1;
          return calls === 1
            ? file.write(line, 0, line.length, position)
            : calls === 2
              ? file.write(line, 0, 9, position)
              : full();
        },
      });
      await folder.append(sampleAt(0));
      void folder.append(sampleAt(1));
      const error = await failure(folder.append(sampleAt(2)));
      expect(error).to.include({
        message: `${join(folder.path, "series.ndjson")} cannot be written: the disk is full`,
        code: "ENOSPC",
      });
      expect(calls).to.equal(3);
      expect(readFileSync(join(folder.path, "series.ndjson"), "utf8")).to.equal(`${JSON.stringify(sampleAt(0))}\n`);
      await folder.writeRun(finishedRecord());
      expect(readRun(folder.path).status).to.equal("finished");
    });

    it("still writes run.json and junit.xml, from its reserve, for real", async function () {
      const mount = join(base, "mount");
      mkdirSync(mount);
      mountOrSkip(this, mount, "size=1m");
      try {
        const folder = await create({ base: join(mount, "results") });
        await folder.writeFile("requests.csv", "old");
        await folder.writeRun(runningRecord());
        const ballast = join(mount, "ballast");
        spawnSync("dd", ["if=/dev/zero", `of=${ballast}`, "bs=4k"], { stdio: "ignore" });
        expect((await failure(folder.writeFile("requests.csv", "x".repeat(9000)))).code).to.equal("ENOSPC");
        expect(readFileSync(join(folder.path, "requests.csv"), "utf8")).to.equal("old");
        let refused: ResultsError | undefined;
        for (let t = 0; t < 100 && refused === undefined; t += 1) {
          await folder.append(sampleAt(t)).catch((error) => {
            refused = error;
          });
        }
        expect(refused?.message).to.equal(`${join(folder.path, "series.ndjson")} cannot be written: the disk is full`);
        expect((await failure(folder.writeRun(runningRecord()))).code).to.equal("ENOSPC");
        // Whatever else writes to the disk must not get the reserve before the record does.
        expect(existsSync(join(folder.path, ".reserve"))).to.equal(true);
        await folder.writeRun(finishedRecord([], { endedBy: "results-unwritable" }));
        expect(readRun(folder.path)).to.include({ verdict: "error", exitCode: 4 });
        expect(readFileSync(join(folder.path, "junit.xml"), "utf8")).to.contain("</testsuites>");
        expect(readSeries(join(folder.path, "series.ndjson")).map(({ t }, index) => t - index)).to.satisfy(
          (all: number[]) => all.every((difference) => difference === 0),
        );
        expect((await failure(folder.append(sampleAt(0)))).code).to.equal("ENOSPC");
        await folder.close();
        expect(readdirSync(folder.path).filter((name) => name.startsWith("."))).to.deep.equal([]);
      } finally {
        await folders.at(-1)?.close();
        execFileSync("umount", [mount]);
      }
    });

    it("makes no folder, and leaves none behind", async function () {
      const mount = join(base, "mount");
      mkdirSync(mount);
      mountOrSkip(this, mount, "size=128k");
      try {
        const error = await failure(create({ base: mount }));
        expect(error.message).to.match(/mount\/20261124T111205Z-script1 cannot be written: the disk is full$/);
        expect(readdirSync(mount)).to.deep.equal([]);
      } finally {
        execFileSync("umount", [mount]);
      }
    });
  });
});
