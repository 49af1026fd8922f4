import { expect } from "chai";
import { withAcquiredTest } from "../../../runner/cli/deployed-test/acquire";
import { clusterSetup } from "../../../runner/cli/deployed-test/cluster-setup";
import { type LimitOptions, requireSettledLoad } from "../../../runner/cli/limits";
import { readCommandSettings, type SettingsOptions } from "../../../runner/cli/settings";
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
