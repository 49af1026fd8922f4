import { type Command, startCommand, stopCommands } from "./cli";
import { DeployedTest } from "./deployed-test";
import { needs } from "./needs";
import { onlyRun, removeProjects, seriesIn, temporaryFolder } from "./project";

const shared = new DeployedTest(`operate-${process.pid}`);

/**
 * Gives the suite around it the one test that such suites of a Mocha process use in turn, as it takes a minute to
 * deploy: two workers, and no run on its master yet. Whoever changes it makes it as it was. Skips the suite, and says
 * why, where there is no Pulumi CLI or no cluster; ends after its tests what they have started, and removes their
 * projects.
 */
export function sharedTest(): DeployedTest {
  needs("pulumi", "cluster");
  before(() => (shared.isUp ? shared.renew() : shared.up()));
  after(async () => {
    await stopCommands();
    removeProjects();
  });
  return shared;
}

/** The same with a test for this suite alone, which is taken down after it; `files` as `DeployedTest.up` takes them. */
export function ownTest(
  namespace: string,
  config: Readonly<Record<string, string>>,
  files: Readonly<Record<string, string>> = {},
): DeployedTest {
  const test = new DeployedTest(namespace);
  needs("pulumi", "cluster");
  before(() => test.up(config, files));
  after(async () => {
    await stopCommands();
    test.down();
    removeProjects();
  });
  return test;
}

/** A run of 20 s without Pulumi, with a worker more, at its full load and with some samples. */
export async function runAtFullLoad(
  { namespace }: DeployedTest,
  results: string,
  ...args: readonly string[]
): Promise<Command> {
  const load = ["--workers", "3", "--users", "6", "--run-time", "20s"];
  const where = ["--namespace", namespace, "--results", results];
  const command = startCommand(["run", ...where, ...load, ...args], { cwd: temporaryFolder() });
  await command.waitFor(/full load/, 90_000);
  await command.until(() => seriesIn(onlyRun(results)).length > 8, "samples");
  return command;
}

// Behind all suites.
after(function () {
  this.timeout(120_000);
  shared.down();
});
