import { cpSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "chai";
import type { FinishedRecord } from "../../runner/results/run-record";
import { prepareLocust, root, startCommand, stopCommands } from "../support/cli";
import { type OddTarget, type SeenRequest, startOddTarget } from "../support/odd-target";
import {
  finished,
  makeProject,
  onlyRun,
  type Project,
  removeProjects,
  runsIn,
  temporaryFolder,
} from "../support/project";
import { measuredIn } from "../support/side-by-side";

const scripts = join(__dirname, "http-client");
/** The guidance's own, as they are written for HttpUser. */
const guidance = ["script1.py", "script2.py"];

/** What came of all scripts with one client. */
interface Ran extends ReturnType<typeof measuredIn> {
  readonly record: FinishedRecord;
  readonly folder: string;
  readonly stdout: string;
  readonly seen: Readonly<Record<string, readonly SeenRequest[]>>;
}

describe("HttpUser on the fast client and on requests", function () {
  this.timeout(120_000);
  let project: Project;
  let target: OddTarget;
  let slow: Ran;
  let fast: Ran;

  before(async () => {
    await prepareLocust();
    project = makeProject();
    const folder = join(project.directory, "scripts");
    cpSync(scripts, folder, { recursive: true });
    cpSync(join(__dirname, "plain", "counted.py"), join(folder, "counted.py"));
    for (const name of guidance) {
      const text = readFileSync(join(root, "locust", "scripts", name), "utf8");
      writeFileSync(join(folder, name), text.replaceAll("FastHttpUser", "HttpUser"));
    }
    target = await startOddTarget();
    slow = await run("requests");
    fast = await run("fast");
  });
  after(async () => {
    await stopCommands();
    await target.close();
    removeProjects();
  });

  async function run(client: string): Promise<Ran> {
    const results = temporaryFolder();
    const users = String(classes().length);
    const args = ["run", "--local", "--script", "all.py", "--host", target.url, "--http-client", client];
    const load = ["--users", users, "--spawn-rate", users, "--workers", "1", "--run-time", "6s"];
    const options = { cwd: project.directory, env: { TARGET: target.url } };
    for (const name of Object.keys(target.seen)) delete (target.seen as Record<string, unknown>)[name];
    const { stdout, stderr } = await startCommand([...args, ...load, "--results", results], options).ended;
    expect(runsIn(results), stderr).to.have.length(1);
    const folder = onlyRun(results);
    const seen = JSON.parse(withoutBorders(JSON.stringify(target.seen))) as Ran["seen"];
    const ran = { ...measuredIn(folder), record: finished(folder), folder, seen, stdout };
    expect(ran.record.totals.requests, `${stderr}\n${ran.text}`).to.be.greaterThan(150);
    return ran;
  }

  it("send the same, over as many connections, in the same order", () => {
    expect(Object.keys(slow.seen).sort(), "all users have asked").to.deep.equal(classes().sort());
    for (const user of Object.keys(slow.seen)) expect(fast.seen[user], user).to.deep.equal(slow.seen[user]);
  });

  it("count the same, by the same names, with the same texts of failures and exceptions", () => {
    for (const part of ["requests", "failures", "exceptions"] as const) {
      expect(fast[part], part).to.deep.equal(slow[part]);
    }
  });

  it("tell scripts and listeners the same", () => {
    expect(slow.said.length).to.be.greaterThan(100);
    const without = (lines: readonly string[], others: readonly string[]) =>
      lines.filter((one) => !others.includes(one));
    expect(without(fast.said, slow.said), "only these differ").to.deep.equal(without(slow.said, fast.said));
    expect(fast.said).to.have.length(slow.said.length);
  });

  it("say which of them it was, and what was left to requests", async () => {
    expect(slow.record.versions).to.include({ httpUser: "requests" }).and.not.have.property("httpUserCause");
    expect(slow.record).to.not.have.property("httpFallbacks");
    expect(fast.record.versions).to.include({ httpUser: "fast" });
    const { httpFallbacks = [] } = fast.record;
    const left = httpFallbacks.reduce((sum, { count }) => sum + count, 0);
    expect(httpFallbacks).to.deep.include({ reason: "stream=True", count: 3 });
    expect(fast.stdout).to.match(new RegExp(`^- HttpUser left ${left} requests to the library requests: `, "m"));
    expect(slow.stdout).to.not.include("HttpUser left");
    expect(left)
      .to.be.greaterThan(10)
      .and.below(fast.record.totals.requests / 3);
    const compare = startCommand(["compare", slow.folder, fast.folder], { cwd: project.directory });
    const { stdout } = await compare.ended;
    expect(stdout.replace(/\s+/g, " ")).to.match(/HttpUser's client: requests \(.*\) before, fast.*\(.*\) after/);
  });

  /** Names of the users' classes, one of each. */
  function classes(): string[] {
    const folder = join(project.directory, "scripts");
    const texts = readdirSync(folder)
      .filter((name) => name !== "hello.py")
      .map((name) => readFileSync(join(folder, name), "utf8"));
    return texts.flatMap((text) => Array.from(text.matchAll(/^class (\w+)\(HttpUser\)/gm), ([, name = ""]) => name));
  }
});

/** What lies between the parts of a form is another one each time. */
function withoutBorders(text: string): string {
  return text.replace(/\b[0-9a-f]{32}\b/g, "BORDER");
}
