import { expect } from "chai";
import { ownTest } from "../support/deployed";
import { finished, onlyRun, temporaryFolder, textIn } from "../support/project";
import { countsOf } from "../support/target";

const script = `from locust import FastHttpUser, constant, task

from lib.deep.paths import FRONT


class Visitor(FastHttpUser):
    wait_time = constant(0.5)

    @task
    def visit(self):
        self.client.get(FRONT)
`;

const files = {
  "visit.py": script,
  "lib/__init__.py": "",
  "lib/deep/paths.py": 'FRONT = "/"\n',
  "locust.conf": "headless = true\nrun-time = 1m\nusers = 1\ntags = smoke\nweb-base-path = /elsewhere\n",
  "pyproject.toml": '[tool.locust]\nheadless = true\nlocustfile = "nowhere.py"\nhost = "http://127.0.0.1:1"\n',
  "tenants.py": `from locust import events
${script.replace("FRONT)", 'f"/{self.environment.parsed_options.tenant}")')}

@events.init_command_line_parser.add_listener
def arguments(parser):
    parser.add_argument("--tenant", required=True)
`,
  "lacking.py": `import package_that_is_not_there\n${script}`,
  "part.py": `${script.replace(
    "\n\nclass",
    `
from locust import events
from locust.runners import WorkerRunner


@events.init.add_listener
def read(environment, **_):
    if isinstance(environment.runner, WorkerRunner):
        open("accounts-part.csv")


class`,
  )}`,
};

describe("what lies around a script, in a cluster", function () {
  this.timeout(180_000);
  const test = ownTest("operate-around", { script: "visit.py", ...{ workerCpu: "0.1", controlCpu: "0.2" } }, files);

  it("is found in its folders, and Locust's files of options change nothing", async () => {
    const results = temporaryFolder();
    const before = await countsOf(test.namespace);
    const load = ["--users", "6", "--spawn-rate", "6", "--run-time", "8s", "--results", results];
    const { code, stdout, stderr } = await test.run("run", ...load);
    expect(code, `${stdout}\n${stderr}`).to.equal(0);
    const { totals, asked } = finished(onlyRun(results));
    expect(asked).to.include({ users: 6, workers: 2 });
    // Six users for eight seconds, twice a second, less what a busy node takes.
    expect(totals.requests).to.be.within(60, 102);
    const after = await countsOf(test.namespace);
    expect(after.requests - before.requests).to.equal(totals.requests);
  });

  it("is its arguments: each pod has what is given", async () => {
    const results = temporaryFolder();
    const load = ["--users", "2", "--run-time", "5s", "--results", results];
    const given = ["--script-arg", "tenant=products"];
    const { code, stdout, stderr } = await test.run("run", "--script", "tenants.py", ...given, ...load);
    expect(code, `${stdout}\n${stderr}`).to.equal(0);
    expect(textIn(onlyRun(results), "requests.csv")).to.match(/GET,\/products,/);
  });

  for (const [name, says] of [
    ["tenants.py", /^loadtest: .*the script needs --tenant: --script-arg/m],
    ["lacking.py", /^loadtest: .*lacking\.py.*package_that_is_not_there/m],
    ["part.py", /^loadtest: .*part\.py, line \d+: FileNotFoundError: .*accounts-part\.csv/m],
  ] as const) {
    it(`is told where it is missing: exit code 2 for ${name}, one line, and all is as before`, async () => {
      const load = ["--users", "2", "--run-time", "5s", "--results", temporaryFolder()];
      const { code, stdout, stderr } = await test.run("run", "--script", name, ...load);
      expect(code, `${stdout}\n${stderr}`).to.equal(2);
      expect(stderr)
        .to.match(says)
        .and.not.match(/Traceback/);
      await test.untilWorkers(2);
    });
  }
});
