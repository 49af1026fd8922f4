import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "chai";
import { type DemoTarget, startDemoTarget } from "../../runner/demo/target";
import { prepareLocust, startCommand, stopCommands } from "../support/cli";
import { finished, makeProject, onlyRun, removeProjects, temporaryFolder } from "../support/project";

const tenants = `from locust import FastHttpUser, constant, events, task


@events.init_command_line_parser.add_listener
def arguments(parser):
    parser.add_argument("--tenant", env_var="LOCUST_TENANT", default="none")
    parser.set_defaults(headless=True)


class Tenant(FastHttpUser):
    wait_time = constant(0.5)

    @task
    def ask(self):
        self.client.get("/" + self.environment.parsed_options.tenant)

    @task
    def tagged(self):
        self.client.get("/")
`;

const confs: readonly (readonly [name: string, text: string])[] = [
  ["locust.conf", "headless = true\nusers = 1\nrun-time = 1m\nweb-port: 1\nweb-base-path: /x\ntags: [smoke]\n"],
  ["pyproject.toml", '[tool.locust]\nheadless = true\nlocustfile = "/nowhere.py"\nhost = "http://127.0.0.1:1"\n'],
  ["pyproject.toml", "[tool.locust\n"],
];

describe("what lies around a script", function () {
  this.timeout(120_000);
  let target: DemoTarget;

  before(async () => {
    await prepareLocust();
    target = await startDemoTarget({ port: 0 });
  });
  after(async () => {
    await stopCommands();
    await target.close();
    removeProjects();
  });

  for (const [name, text] of confs) {
    it(`changes nothing: ${name} with ${JSON.stringify(text.slice(0, 30))}, and the same at home`, async () => {
      const project = makeProject({ "tenants.py": tenants });
      writeFileSync(join(project.directory, "scripts", name), text);
      const home = temporaryFolder();
      mkdirSync(home, { recursive: true });
      writeFileSync(join(home, ".locust.conf"), text);
      const load = ["--users", "4", "--spawn-rate", "4", "--run-time", "4s", "--workers", "1"];
      const args = ["run", "--local", "--script", "tenants.py", "--host", target.url, ...load];
      const env = { HOME: home, LOCUST_HEADLESS: "true", LOCUST_TAGS: "smoke", LOCUST_TENANT: "simple" };
      const { code, stderr, stdout } = await startCommand([...args, "--results", project.results], {
        ...{ cwd: project.directory, env },
      }).ended;
      expect(code, stderr).to.equal(0);
      expect(stdout).to.include("GET /simple").and.not.include("GET /none");
      const { totals } = finished(onlyRun(project.results));
      expect(totals.requests).to.be.within(16, 40);
    });
  }
});
