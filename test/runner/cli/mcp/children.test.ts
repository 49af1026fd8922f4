import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "chai";
import { Children } from "../../../../runner/cli/mcp/children";
import { removeProjects, temporaryFolder } from "../../../support/project";
import { caught } from "../../places/kubernetes/api/fake-api";

const never = new AbortController().signal;

/** Says `ready`, and each signal that it gets; ends by itself at the first or never. */
const stubborn = `
const patient = process.argv[2] === "patient";
process.on("SIGINT", () => {
  console.error("SIGINT");
  if (!patient) process.exit(130);
});
process.on("disconnect", () => process.exit(9));
console.log(JSON.stringify(process.argv.slice(2)));
console.error("ready");
setInterval(() => undefined, 1000);
`;

describe("the commands of an MCP server", function () {
  this.timeout(30_000);
  after(removeProjects);
  const children = (script: string, patience = 60_000) => {
    const directory = temporaryFolder();
    const entry = join(directory, "entry.js");
    writeFileSync(entry, script);
    return new Children({ directory, entry, patience });
  };

  it("end in good order when their request is cancelled", async () => {
    const stop = new AbortController();
    const end = await children(stubborn).run(["a", "--b=c d"], stop.signal, (line) => {
      if (line === "ready") stop.abort();
    });
    expect(end).to.deep.equal({ code: 130, stdout: '["a","--b=c d"]\n', lines: ["ready", "SIGINT"] });
  });

  it("are told twice and then killed where they do not end", async () => {
    const stop = new AbortController();
    // Long enough for two signals to come as two on a busy machine.
    const end = await children(stubborn, 2000).run(["patient"], stop.signal, (line) => {
      if (line === "ready") stop.abort();
    });
    expect(end.code).to.equal("SIGKILL");
    expect(end.lines).to.deep.equal(["ready", "SIGINT", "SIGINT"]);
  });

  it("end with the server, and none begins after that", async () => {
    const some = children(stubborn);
    let ready = 0;
    let bothReady: () => void = () => undefined;
    const begun = new Promise<void>((resolve) => {
      bothReady = resolve;
    });
    const ends = [1, 2].map(() =>
      some.run([], never, (line) => {
        if (line === "ready" && ++ready === 2) bothReady();
      }),
    );
    await begun;
    await some.close();
    expect((await Promise.all(ends)).map(({ code }) => code)).to.deep.equal([130, 130]);
    expect((await caught(some.run([], never, () => undefined))).message).to.equal("the server ends");
  });

  it("are few at a time", async () => {
    const some = children("setTimeout(() => process.exit(0), 300)");
    const ends = Array.from({ length: 8 }, () => some.run([], never, () => undefined));
    expect((await caught(some.run([], never, () => undefined))).message).to.match(/^8 commands are going on/);
    expect((await Promise.all(ends)).map(({ code }) => code)).to.deep.equal(Array(8).fill(0));
    expect((await some.run([], never, () => undefined)).code).to.equal(0);
  });

  it("keep the last lines of what they say, and tell all", async () => {
    let told = 0;
    const script = "for (let n = 1; n <= 50; n++) console.error(n)";
    const { lines } = await children(script).run([], never, () => told++);
    expect([told, lines.length, lines.at(-1)]).to.deep.equal([50, 20, "50"]);
  });

  it("do not begin for a request that is cancelled already", async () => {
    const run = children("process.exit(1)").run([], AbortSignal.abort(), () => undefined);
    expect((await caught(run)).message).to.equal("it was cancelled before it began");
  });

  it("are refused in a line where they cannot be started", async () => {
    const error = await caught(children("").run(["a\0b"], never, () => undefined));
    expect(error.message).to.match(/null bytes/);
  });
});
