import { execFileSync } from "node:child_process";
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
  let secure: OddTarget;
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
    const [key, cert] = certificate(project.directory);
    [target, secure] = await Promise.all([startOddTarget(), startOddTarget({ key, cert })]);
    slow = await run("requests");
    fast = await run("fast");
  });
  after(async () => {
    await stopCommands();
    await Promise.all([target.close(), secure.close()]);
    removeProjects();
  });

  async function run(client: string): Promise<Ran> {
    const results = temporaryFolder();
    const users = String(classes().length);
    const args = ["run", "--local", "--script", "all.py", "--host", target.url, "--http-client", client];
    const load = ["--users", users, "--spawn-rate", users, "--workers", "1", "--run-time", "6s"];
    const options = { cwd: project.directory, env: environment() };
    for (const one of [target, secure]) one.forget();
    const { stdout, stderr } = await startCommand([...args, ...load, "--results", results], options).ended;
    expect(runsIn(results), stderr).to.have.length(1);
    const folder = onlyRun(results);
    const seen = JSON.parse(withoutBorders(JSON.stringify(seenByAll()))) as Ran["seen"];
    return { ...measuredIn(folder), record: finished(folder), folder, seen, stdout };
  }

  it("send the same, over as many connections, in the same order", () => {
    expect(Object.keys(slow.seen).sort(), "all users have asked").to.deep.equal(classes().sort());
    for (const user of Object.keys(slow.seen)) expect(fast.seen[user], user).to.deep.equal(slow.seen[user]);
  });

  it("count the same, by the same names, with the same texts of failures and exceptions", () => {
    expect(slow.record.totals.requests).to.be.greaterThan(150);
    for (const part of ["requests", "failures", "exceptions"] as const) {
      expect(fast[part], part).to.deep.equal(slow[part]);
    }
    const refused = Object.keys(fast.failures).filter((text) => text.includes("CERTIFICATE_VERIFY_FAILED"));
    expect(refused, "certificates are verified").to.have.length(4);
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

  function environment() {
    return { TARGET: target.url, SECURE: secure.url, AUTHORITY: join(project.directory, "cert.pem") };
  }

  /** What came to both targets, by user; a user asks one of them after the other. */
  function seenByAll(): Readonly<Record<string, readonly SeenRequest[]>> {
    const users = new Set([...Object.keys(target.seen), ...Object.keys(secure.seen)]);
    return Object.fromEntries(
      Array.from(users, (user) => [user, [...(target.seen[user] ?? []), ...(secure.seen[user] ?? [])]]),
    );
  }

  /** Names of the users' classes, one of each. */
  function classes(): string[] {
    const folder = join(project.directory, "scripts");
    const texts = readdirSync(folder)
      .filter((name) => name !== "hello.py")
      .map((name) => readFileSync(join(folder, name), "utf8"));
    return texts.flatMap((text) => Array.from(text.matchAll(/^class (\w+)\(HttpUser\)/gm), ([, name = ""]) => name));
  }
});

/** Key and certificate of an authority for itself, for `localhost` alone, as PEM; the files are in the folder, too. */
function certificate(folder: string): [string, string] {
  const [key, cert] = [join(folder, "key.pem"), join(folder, "cert.pem")];
  const kind = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-keyout", key, "-out", cert];
  const subject = ["-subj", "/CN=target", "-addext", "subjectAltName=DNS:localhost"];
  execFileSync("openssl", ["req", "-x509", ...kind, ...subject], { stdio: "pipe" });
  return [readFileSync(key, "utf8"), readFileSync(cert, "utf8")];
}

/** What lies between the parts of a form is another one each time. */
function withoutBorders(text: string): string {
  return text.replace(/\b[0-9a-f]{32}\b/g, "BORDER");
}
