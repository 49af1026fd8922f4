import { expect } from "chai";
import { type CapacityOptions, searchPlan } from "../../../runner/cli/capacity/capacity";
import { withAcquiredTest } from "../../../runner/cli/deployed-test/acquire";
import { clusterSetup } from "../../../runner/cli/deployed-test/cluster-setup";
import { type LimitOptions, withoutOwnLimits } from "../../../runner/cli/limits";
import { readCommandSettings, type SettingsOptions } from "../../../runner/cli/settings";
import { planOf, requireSettledLoad } from "../../../runner/cli/setup";
import { UsageError } from "../../../runner/errors";
import type { LocustStatus } from "../../../runner/types";
import { makeProject, type Project, removeProjects } from "../../support/project";
import { caught } from "../places/kubernetes/api/fake-api";
import { TestContext } from "./deployed-test/context";
import { clusterTest, deployed } from "./deployed-test/tests";

const limits: LimitOptions = { allowedHosts: ["*.a.test"], maxUsers: 10, maxWorkers: 2, maxRunTime: 60 };
const within: SettingsOptions = { host: "http://x.a.test", users: "10", workers: "2", runTime: "1m" };
const beyond: SettingsOptions = { host: "http://b.test", users: "11", workers: "3", runTime: "61s" };
const problems = [
  /targetHost is "http:\/\/b\.test", .*must be on one of --allowed-hosts: \*\.a\.test/,
  /users is 11, .*must be at most 10 \(--max-users\)/,
  /workerReplicas is 3, .*must be at most 2 \(--max-workers\)/,
  /runTime is "61s", .*must be at most 60 s \(--max-run-time\)/,
];

describe("limits of the command line", () => {
  const projects: Record<string, Project> = {};
  before(() => {
    projects.plain = makeProject();
    projects.strict = makeProject({}, ['allowedHosts: ["x.a.test", "b.test"]']);
    projects.others = makeProject({}, ['allowedHosts: ["b.test"]']);
    projects.open = makeProject({}, ["arrivalRate: 50/s:1m 500/s:1m"]);
    projects.large = makeProject({}, ["users: 11", "targetHost: http://b.test"]);
  });
  after(removeProjects);
  const read = (options: SettingsOptions, project = "plain") =>
    readCommandSettings(options, projects[project]?.directory).settings;
  const refused = (options: SettingsOptions, project?: string) => {
    try {
      read(options, project);
    } catch (error) {
      return (error as Error).message;
    }
    throw new Error("nothing was refused");
  };

  it("hold on this machine, with all that is beyond them told at once", () => {
    expect(read({ ...limits, ...within })).to.deep.include({ users: 10, allowedHosts: ["*.a.test"] });
    for (const problem of problems) expect(refused({ ...limits, ...beyond })).to.match(problem);
    expect(read(beyond), "without limits").to.include({ users: 11 }).and.not.have.property("allowedHosts");
  });

  it("hold for what the stack says, too", () => {
    expect(refused(limits, "large"))
      .to.match(/users is 11: .*--max-users/)
      .and.match(/targetHost is "http:\/\/b\.test"/);
  });

  it("hold for iterations started a second, at the peak of stages, and for the time of these", () => {
    const most: LimitOptions = { maxArrivalRate: 100 };
    expect(read({ ...most, arrivalRate: "100" })).to.include({ arrivalRate: "100" });
    expect(read(most), "without a rate").to.not.have.property("arrivalRate");
    const problem = /must be at most 100 iterations a second \(--max-arrival-rate\)/;
    expect(refused({ ...most, arrivalRate: "101/s" }))
      .to.match(/arrivalRate is "101\/s"/)
      .and.match(problem);
    expect(refused({ ...most, arrivalRate: "50/s:1m 100.5/s:1m" })).to.match(problem);
    expect(refused(most, "open"), "the stack's").to.match(problem);
    // The run time is not used then.
    const staged = { users: "10", spawnRate: "10", runTime: "5s", arrivalRate: "1/s:30s 2/s:30s" };
    expect(refused({ ...staged, maxRunTime: 60 })).to.match(/arrivalRate is .*must be at most 60 s \(--max-run-time\)/);
    expect(read({ ...staged, maxRunTime: 61, runTime: "1h" })).to.include({ runTime: "1h" });
  });

  describe("of a search", () => {
    const usual = { by: "users", stepTime: 20, holds: 3, precision: 0.05 } as const;
    const plan = (options: Partial<CapacityOptions>, project = "plain", more: SettingsOptions = {}) => {
      const all = { ...usual, ...options };
      const settings = read({ ...withoutOwnLimits(all), ...more }, project);
      return planOf(settings, { search: searchPlan(all) });
    };

    it("are its own: the stack's users, rate and workers are not refused, and not exceeded", () => {
      const found = plan({ maxUsers: 5, maxWorkers: 1, maxRunTime: 600 }, "large", { host: "http://b.test" });
      expect(found).to.include({ users: 5, workers: 1 });
      expect(plan({ maxArrivalRate: 100 }, "open").arrivals).to.equal(undefined);
      const open = plan({ by: "arrivals", maxArrivalRate: 4, maxUsers: 6 }, "open", { arrivalRate: "4" });
      expect(open).to.deep.include({ users: 6, arrivals: { rate: "4", spacing: "even" } });
      expect(plan({}, "large").workers, "without limits").to.equal(read({}, "large").workerReplicas);
    });

    it("are hosts, too", () => {
      expect(() => plan({ allowedHosts: ["a.test"] }, "large")).to.throw(/targetHost .*--allowed-hosts: a\.test/);
    });

    for (const [options, message] of [
      [{ from: 11, maxUsers: 10 }, /--from 11 is more than --max-users 10/],
      [{ by: "arrivals", from: 2.5, maxArrivalRate: 2 }, /--from 2\.5 is more than --max-arrival-rate 2/],
      [{ workers: "3", maxWorkers: 2 }, /--workers 3 is more than --max-workers 2/],
      [{ maxRunTime: 30 }, /--max-run-time 30: a step may take 46 s, of which --step-time is 20 s/],
    ] as const) {
      it(`refuse ${JSON.stringify(options)}`, () => {
        expect(() => searchPlan({ ...usual, ...options })).to.throw(UsageError, message);
      });
    }
  });

  it("narrow the stack's hosts, and never widen them", () => {
    expect(read({ ...limits, ...within }, "strict").allowedHosts).to.deep.equal(["x.a.test"]);
    const other = { ...limits, ...within, host: "http://y.a.test" };
    expect(refused(other, "strict")).to.match(/must be on one of allowedHosts: x\.a\.test, b\.test/);
    expect(refused(limits, "others")).to.match(
      /allowedHosts is \["b\.test"\].*with one of --allowed-hosts: \*\.a\.test/,
    );
  });

  it("hold in a cluster", async () => {
    const test = (more: Parameters<typeof deployed>[0] = {}) => clusterTest({ deployed: deployed(more) });
    const { plan } = await clusterSetup(test(), { ...limits, ...within });
    expect(plan).to.include({ users: 10, workers: 2, host: "http://x.a.test" });
    const { message } = await caught(clusterSetup(test(), { ...limits, ...beyond }));
    for (const problem of problems) expect(message).to.match(problem);
    const narrow = await caught(clusterSetup(test({ allowedHosts: ["b.test"] }), { ...limits, users: "1" }));
    expect(narrow.message).to.match(/allowedHosts .*with one of --allowed-hosts/);
  });

  it("hold for a script's own target, and its load shape, in a cluster", async () => {
    const there = await TestContext.open();
    try {
      // The scripted master's.
      const own = "http://127.0.0.1:1";
      const begin = (options: LimitOptions, status: Partial<LocustStatus> = {}) =>
        withAcquiredTest(there.context, { readyTimeout: 5, ...options }, (held) =>
          held.begin({ ...there.locust.status, ...status }),
        );
      await begin({ allowedHosts: ["127.0.0.1"], maxUsers: 10 });
      const elsewhere = await caught(begin({ allowedHosts: ["a.test"] }));
      expect(elsewhere).to.be.instanceOf(UsageError);
      expect(elsewhere.message).to.equal(`the script's target ${own} is on none of allowedHosts: a.test`);
      expect((await caught(begin({ maxUsers: 10 }, { shape: "Steps" }))).message).to.match(
        /^the script's load shape Steps /,
      );
    } finally {
      await there.close();
    }
  });

  it("refuse a load shape, which decides about users and time itself", () => {
    const shaped = { shape: "Steps" } as LocustStatus;
    for (const limit of [{ maxUsers: 1 }, { maxRunTime: 1 }]) {
      expect(() => requireSettledLoad(shaped, limit)).to.throw(UsageError, /load shape Steps decides users and time/);
      requireSettledLoad({ shape: null } as LocustStatus, limit);
    }
    requireSettledLoad(shaped, { allowedHosts: ["a.test"], maxWorkers: 1 });
  });
});
