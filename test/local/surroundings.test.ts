import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "chai";
import { type DemoTarget, startDemoTarget } from "../../runner/demo/target";
import { prepareLocust, startCommand, stopCommands } from "../support/cli";
import { finished, makeProject, onlyRun, removeProjects, temporaryFolder } from "../support/project";
import { together } from "../support/together";

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

const given = `from locust import FastHttpUser, constant, events, task


@events.init_command_line_parser.add_listener
def arguments(parser):
    parser.add_argument("--product", type=int, required=True)
    parser.add_argument("--verbose", action="store_true")
    parser.add_argument("--password", is_secret=True)


@events.init.add_listener
def see(environment, **_):
    options = environment.parsed_options
    assert (options.product, options.verbose, options.password) == (7, True, "-hunter2"), options


class Shopper(FastHttpUser):
    wait_time = constant(0.5)

    @task
    def look(self):
        self.client.get(f"/products/{self.environment.parsed_options.product}")
`;

const publisher = `from locust import HttpUser, User, constant, task


class Publisher(User):
    wait_time = constant(0.5)

    @task
    def publish(self):
        self.environment.events.request.fire(
            request_type="PUB", name="topic", response_time=None, response_length=0, exception=None, context={}
        )


class Broker(Publisher):
    host = "mqtt://nowhere.invalid:1883"
`;

const items = `from locust import FastHttpUser, HttpUser, constant, task


class Fast(FastHttpUser):
    wait_time = constant(0.5)

    @task
    def item(self):
        self.client.get("/7")


class Plain(HttpUser):
    wait_time = constant(0.5)

    @task
    def item(self):
        self.client.get("/8")
`;

const load = ["--users", "4", "--spawn-rate", "4", "--run-time", "4s", "--workers", "1"];

const confs: readonly (readonly [name: string, text: string])[] = [
  ["locust.conf", "headless = true\nusers = 1\nrun-time = 1m\nweb-port: 1\nweb-base-path: /x\ntags: [smoke]\n"],
  ["pyproject.toml", '[tool.locust]\nheadless = true\nlocustfile = "/nowhere.py"\nhost = "http://127.0.0.1:1"\n'],
  ["pyproject.toml", "[tool.locust\n"],
];

describe("what lies around a script", function () {
  this.timeout(120_000);
  let target: DemoTarget;
  /** Asked by one test alone, which compares what it has counted. */
  let catalogue: DemoTarget;

  before(async () => {
    await prepareLocust();
    target = await startDemoTarget({ port: 0 });
    catalogue = await startDemoTarget({ port: 0 });
  });
  after(async () => {
    await stopCommands();
    await target.close();
    await catalogue.close();
    removeProjects();
  });

  const test = together();

  for (const [name, text] of confs) {
    test(`changes nothing: ${name} with ${JSON.stringify(text.slice(0, 30))}, and the same at home`, async () => {
      const project = makeProject({ "tenants.py": tenants });
      writeFileSync(join(project.directory, "scripts", name), text);
      const home = temporaryFolder();
      mkdirSync(home, { recursive: true });
      writeFileSync(join(home, ".locust.conf"), text);
      const args = ["run", "--local", "--script", "tenants.py", "--host", target.url, ...load];
      const env = { HOME: home, LOCUST_HEADLESS: "true", LOCUST_TAGS: "smoke", LOCUST_TENANT: "products" };
      const { code, stderr, stdout } = await startCommand([...args, "--results", project.results], {
        ...{ cwd: project.directory, env },
      }).ended;
      expect(code, stderr).to.equal(0);
      expect(stdout).to.include("GET /products").and.not.include("GET /none");
      const { totals } = finished(onlyRun(project.results));
      expect(totals.requests).to.be.within(16, 40);
    });
  }

  test("need not be a target for users that have none, or one of another kind", async () => {
    const project = makeProject({ "publisher.py": publisher });
    const args = ["run", "--local", "--script", "publisher.py", ...load, "--results", project.results];
    const { code, stderr, stdout } = await startCommand(args, { cwd: project.directory }).ended;
    expect(code, stderr).to.equal(0);
    expect(stdout).to.match(/PUB topic +\d+ +0/);
  });

  test("may be its own arguments, from the stack and from the command line, and a secret one is not kept", async () => {
    const project = makeProject({ "hello.py": given }, ["scriptArguments: {product: 8, verbose: true}"]);
    const args = ["run", "--local", "--host", target.url, ...load, "--script-arg", "product=7"];
    const { code, stderr } = await startCommand(
      [...args, "--script-arg", "password=-hunter2", "--results", project.results],
      { cwd: project.directory },
    ).ended;
    expect(code, stderr).to.equal(0);
    const { settings, totals } = finished(onlyRun(project.results));
    expect(settings.scriptArguments).to.deep.equal({ product: "7", verbose: "true", password: "[secret]" });
    expect(totals.failures).to.equal(0);
  });

  test("may be a target with a base path", async () => {
    const project = makeProject({ "items.py": items });
    const args = ["run", "--local", "--script", "items.py", "--host", `${catalogue.url}/products/`, ...load];
    const { code, stderr } = await startCommand([...args, "--results", project.results], {
      cwd: project.directory,
    }).ended;
    expect(code, stderr).to.equal(0);
    const { totals, target: recorded } = finished(onlyRun(project.results));
    expect(recorded).to.equal(`${catalogue.url}/products`);
    expect(totals).to.include({ failures: 0 });
    expect(catalogue.counts().byRoute["GET /products/:id"]?.requests).to.equal(totals.requests);
  });
});
