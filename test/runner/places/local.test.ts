import { chmod, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { startLocal } from "../../../runner/places/local/local";

/** Stands in for Python: a master that answers, workers that wait, and a port that is taken the first times. */
const fakeLocust = `#!/usr/bin/env node
const { appendFileSync, readFileSync } = require("node:fs");
const { createServer } = require("node:http");
const master = process.argv.includes("--master");
const value = (name) => process.argv[process.argv.indexOf(name) + 1];
if (master) {
  appendFileSync("starts", value("--web-port") + "\\n");
  if (readFileSync("starts", "utf8").trim().split("\\n").length <= Number(process.env.TAKEN)) {
    console.error("OSError: [Errno 98] Address already in use: ('127.0.0.1', 8089)");
    process.exit(1);
  }
  createServer((_, response) => response.end(JSON.stringify(process.env))).listen(Number(value("--web-port")), "127.0.0.1");
}
setInterval(() => {}, 1000);
`;

describe("starting Locust on this machine", () => {
  let folder: string;
  const never = new AbortController().signal;

  const open = async (taken: number, webPort?: number) => {
    const python = join(folder, "python");
    await writeFile(python, fakeLocust);
    await chmod(python, 0o755);
    const settings = { users: 1, spawnRate: 1, runTime: "5s", workerReplicas: 1, autostart: false };
    return startLocal({
      settings: { ...settings, environment: { TAKEN: String(taken), GREETING: "hello" } },
      python,
      plugin: join(folder, "plugin.py"),
      script: join(folder, "script.py"),
      logs: join(folder, "logs"),
      webPort,
      progress: () => undefined,
      signal: never,
      kill: never,
    });
  };
  const starts = async () => (await readFile(join(folder, "starts"), "utf8")).trim().split("\n");

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "loadtest-local-"));
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  it("tries other ports when somebody took one a moment ago", async () => {
    const session = await open(2);
    const ports = await starts();
    await session.close();
    expect(new Set(ports).size).to.equal(3);
    expect(session.endpoint.url).to.equal(`http://127.0.0.1:${ports.at(-1)}`);
  });

  it("gives up after the third time, and leaves nothing running", async () => {
    const error = await open(3).catch((caught: Error) => caught);
    expect(String(error)).to.include("a port that Locust needs was taken while it started");
    expect(await starts()).to.have.length(3);
  });

  it("keeps this shell's variables of Locust from it, but not a script's own, and gives the master a token", async () => {
    Object.assign(process.env, { LOCUST_HOST: "http://elsewhere.test", LOCUST_TENANT: "acme" });
    try {
      const session = await open(0);
      const env = (await (await fetch(session.endpoint.url)).json()) as Record<string, string>;
      await session.close();
      expect(env).to.not.have.property("LOCUST_HOST");
      expect(env).to.include({ GREETING: "hello", LOCUST_TENANT: "acme", LOADTEST_TOKEN: session.endpoint.token });
      expect(session.endpoint.token).to.have.length(32);
    } finally {
      delete process.env.LOCUST_HOST;
      delete process.env.LOCUST_TENANT;
    }
  });
});
