import { stripVTControlCharacters } from "node:util";
import { expect } from "chai";
import { type CommandEnd, prepareLocust, root, startCommand, stopCommands } from "../support/cli";
import { finished, onlyRun, removeProjects, temporaryFolder } from "../support/project";

/** Runs its arguments on a pseudo terminal of 80 columns, copies what they write and exits as they do. */
const onTerminal = `
import fcntl, os, pty, struct, sys, termios
pid, terminal = pty.fork()
if pid == 0:
    fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
    os.execv(sys.argv[1], sys.argv[1:])
while True:
    try:
        data = os.read(terminal, 65536)
    except OSError:
        break
    if not data:
        break
    os.write(1, data)
sys.exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
`;

describe("a terminal", function () {
  this.timeout(90_000);
  let end: CommandEnd;
  let results: string;

  // The command that `npm start` ends in, on the stack of this repository.
  before(async () => {
    const python = await prepareLocust();
    results = temporaryFolder();
    end = await startCommand(["run", "--local", "--demo", "--results", results], {
      cwd: root,
      through: [python, "-c", onTerminal],
      env: { TERM: "xterm-256color", NO_COLOR: undefined, FORCE_COLOR: undefined, CI: undefined },
    }).ended;
  });
  after(async () => {
    await stopCommands();
    removeProjects();
  });

  it("sees the demo pass on the repository's own stack", () => {
    expect(end.code, end.stdout).to.equal(0);
    expect(finished(onlyRun(results))).to.deep.include({ verdict: "passed", stack: "dev", script: "script1.py" });
  });

  it("shows progress in place, with the time that is left", () => {
    // To take a line back, the cursor goes up and the line is erased.
    expect(end.stdout).to.include("\u001b[2K").and.to.include("\u001b[1A");
    const plain = stripVTControlCharacters(end.stdout);
    const left = [...plain.matchAll(/(\d\d):(\d\d) left/g)].map(
      ([, minutes, seconds]) => Number(minutes) * 60 + Number(seconds),
    );
    expect(left.length).to.be.greaterThan(5);
    expect(left).to.deep.equal([...left].sort((one, other) => other - one));
    expect(left[0]).to.be.within(8, 10);
    expect(plain).to.match(/full load .*\s+20\/20 users {2}2\/2 workers/);
  });

  it("gets a final table that fits 80 columns", () => {
    const lines = stripVTControlCharacters(end.stdout).split(/\r?\n/);
    const from = lines.findLastIndex((line) => /^Request \(times in ms\) +reqs/.test(line));
    expect(from).to.be.greaterThan(0);
    const table = lines.slice(from);
    expect(table.join("\n")).to.match(/PASSED \(exit code 0\)/);
    const shown = table.filter((line) => !line.startsWith("Results: "));
    for (const line of shown) expect(line.length, line).to.be.at.most(80);
  });
});
