import { expect } from "chai";
import fc from "fast-check";
import {
  describeRun,
  hasNotBegun,
  isOver,
  type RunNote,
  readNote,
  writeNote,
} from "../../../../../runner/places/kubernetes/lock/note";
import { holderOf, whoRuns } from "../../../../../runner/places/kubernetes/lock/who";
import type { LocustStatus } from "../../../../../runner/types";
import { note } from "./notes";

describe("the note of a run", () => {
  it("is read back as it was written, and without settings where they are too long", () => {
    const full = note({ masterId: "m", run: 3, results: "/r", settings: { environment: { A: "1" } } });
    for (const each of [note(), full])
      expect(readNote(writeNote(each))).to.deep.equal({ note: each, problem: undefined });
    const long = note({ settings: { environment: { A: "ü".repeat(150_000) } } });
    expect(writeNote(long).length).to.be.below(1000);
    expect(readNote(writeNote(long)).note).to.deep.equal(note());
  });

  it("is no reason to fail where it is damaged, of a newer version, or missing", () => {
    const newer = { ...note(), schemaVersion: 2, more: true };
    expect(readNote(JSON.stringify(newer)).problem).to.equal(
      "the note of the run was written by a newer loadtest (version 2 of the note)",
    );
    expect(readNote(undefined).problem).to.equal("the note of the run is missing");
    expect(readNote("{").problem).to.equal("the note of the run is damaged: it is no JSON");
    expect(readNote(JSON.stringify({ ...note(), users: "many" })).problem).to.match(
      /^the note of the run is damaged: users: /,
    );
    expect(readNote(JSON.stringify({ ...note(), more: "of the same version" })).note).to.deep.equal(note());
    fc.assert(
      fc.property(fc.oneof(fc.json(), fc.string()), (text) => {
        const { note, problem } = readNote(text);
        expect(note).to.equal(undefined);
        expect(problem).to.match(/^the note of the run [^\n]+$/);
      }),
    );
  });

  describe("is told in one sentence", () => {
    const told = (parts: Partial<RunNote>, now: string) =>
      describeRun(note({ host: "laptop", ...parts }), new Date(now));

    it("with who, what, since when and until when", () => {
      expect(told({}, "2026-11-24T10:15:44.500Z")).to.equal(
        "sam@laptop runs script1.py with 20 users since 10:15:02 UTC (42 s); it ends at 10:16:02 UTC",
      );
      expect(told({ mode: "start", users: 1, runTime: 5400 }, "2026-11-24T11:20:02Z")).to.equal(
        "sam@laptop started script1.py with 1 user at 10:15:02 UTC (1 h 5 min ago); it ends at 11:45:02 UTC",
      );
    });

    it("where it has no end, is late, or is of another day", () => {
      expect(told({ runTime: null }, "2026-11-24T12:15:02Z")).to.equal(
        "sam@laptop runs script1.py with 20 users since 10:15:02 UTC (2 h); it runs until it is stopped",
      );
      expect(told({}, "2026-11-26T12:15:02Z")).to.equal(
        "sam@laptop runs script1.py with 20 users since 2026-11-24 10:15:02 UTC (2 d 2 h); " +
          "it should have ended at 2026-11-24 10:16:02 UTC",
      );
    });

    it("where the clock of its host is ahead of ours", () => {
      expect(told({}, "2026-11-24T10:14:00Z")).to.include("since 10:15:02 UTC (0 s); it ends at 10:16:02 UTC");
    });
  });

  describe("tells of a run that is over", () => {
    const status = (state: LocustStatus["state"], run = 3, id = "m") => ({
      ...{ state, run },
      master: { id, cpu: 0, cpuLimit: 1, memory: 0 },
    });
    const known = note({ masterId: "m", run: 3 });

    it("when the master is idle", () => {
      expect(isOver(known, status("stopped"))).to.equal(true);
      for (const state of ["spawning", "running", "stopping", "cleanup"] as const) {
        expect(isOver(known, status(state)), state).to.equal(false);
      }
    });

    it("when the master is in another run, or is another one", () => {
      expect(isOver(known, status("running", 4))).to.equal(true);
      expect(isOver(known, status("running", 3, "another"))).to.equal(true);
    });

    it("or has not begun: not of an older run that was kept already, nor of one that came later", () => {
      const seen = (run: number, kept = true, id = "m") => ({ ...status("stopped", run, id), kept });
      expect(hasNotBegun(note(), seen(0, false)), "the master's first").to.equal(true);
      expect(hasNotBegun(note(), seen(2)), "behind a kept one").to.equal(true);
      expect(hasNotBegun(note(), seen(3, false)), "of the page").to.equal(false);
      expect([2, 3, 4].map((run) => hasNotBegun(known, seen(run)))).to.deep.equal([true, false, false]);
      expect(hasNotBegun(known, seen(1, true, "another")), "of a master that is gone").to.equal(false);
    });

    it("when it never began, as far as can be told", () => {
      expect(isOver(note(), status("ready", 0))).to.equal(true);
      expect(isOver(note(), status("running", 1)), "it may be this one").to.equal(false);
    });
  });
});

describe("who runs a command", () => {
  const nobody = () => {
    throw new Error("ENOENT: no such file or directory, uv_os_get_passwd");
  };

  it("is a user, on a host, in a process", () => {
    const who = whoRuns(() => "sam");
    expect(who).to.include({ by: "sam", pid: process.pid });
    expect(holderOf(who)).to.equal(`sam@${who.host}, process ${process.pid}`);
  });

  it("is known also where the user has no name", () => {
    expect(whoRuns(nobody, { LOGNAME: "sam" }).by).to.equal("sam");
    expect(whoRuns(nobody, {}).by).to.match(/^user (\d+|unknown)$/);
  });
});
