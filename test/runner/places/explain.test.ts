import { expect } from "chai";
import { explainBoot, explainEnd } from "../../../runner/places/explain";

const context = {
  process: "Locust's master",
  how: "exit code 1",
  script: "/x/scripts/shop.py",
  log: "logs/master.log",
};
const explain = (output: string) => {
  const error = explainBoot(output, context);
  return { message: error.message, exitCode: error.exitCode };
};

describe("why Locust did not start", () => {
  it("names the line of a syntax error", () => {
    const output = [
      "Traceback (most recent call last):",
      '  File "<frozen runpy>", line 198, in _run_module_as_main',
      '  File "/v/lib/python3.11/site-packages/locust/main.py", line 130, in main',
      '  File "/x/scripts/shop.py", line 7',
      "    def broken(",
      "              ^",
      "SyntaxError: '(' was never closed",
      "",
    ].join("\n");
    expect(explain(output)).to.deep.equal({
      message: "shop.py, line 7: SyntaxError: '(' was never closed",
      exitCode: 2,
    });
  });

  it("names the script's line, not a library's, of an error in the script", () => {
    const output = [
      "Traceback (most recent call last):",
      '  File "/v/lib/python3.11/site-packages/locust/main.py", line 130, in main',
      '  File "/x/scripts/shop.py", line 3, in <module>',
      "    import pandas",
      '  File "/v/lib/python3.11/site-packages/pandas/__init__.py", line 1, in <module>',
      "ModuleNotFoundError: No module named 'numpy'",
    ].join("\n");
    expect(explain(output).message).to.equal("shop.py, line 3: ModuleNotFoundError: No module named 'numpy'");
  });

  it("takes the last of several tracebacks", () => {
    const one = 'Traceback (most recent call last):\n  File "/x/a.py", line 1, in <module>\nKeyError: 1\n';
    const two = 'Traceback (most recent call last):\n  File "/x/b.py", line 2, in <module>\nValueError: 2\n';
    expect(
      explain(`${one}\nDuring handling of the above exception, another exception occurred:\n\n${two}`),
    ).to.deep.equal({
      message: "b.py, line 2: ValueError: 2",
      exitCode: 2,
    });
  });

  const at = (file: string, line: number) => `  File "/x/scripts/${file}", line ${line}, in <module>`;
  const library = '  File "/v/lib/python3.11/site-packages/grpc/__init__.py", line 1, in <module>';
  const trace = (...lines: readonly string[]) => `Traceback (most recent call last):\n${lines.join("\n")}\n`;

  for (const [what, output, message] of [
    [
      "an error whose name has no common end",
      trace(at("shop.py", 4), "    check()", "grpc._channel.InactiveRpc: none"),
      "shop.py, line 4: grpc._channel.InactiveRpc: none",
    ],
    ["an error without a message", trace(at("shop.py", 4), "Oops"), "shop.py, line 4: Oops"],
    [
      "a message of several lines",
      trace(at("shop.py", 4), "ValueError: one", "two: three", "Exception: four"),
      "shop.py, line 4: ValueError: one …",
    ],
    [
      "a package's file, whose message is one line before something else",
      `${trace(at("lib/helpers.py", 4), "KeyError: 1")}2026-11-24T10:00:00Z <Greenlet at 0x7f> failed with KeyError\n`,
      "lib/helpers.py, line 4: KeyError: 1",
    ],
    [
      "a sys.exit",
      trace(at("shop.py", 4), "    sys.exit(3)", "SystemExit: 3"),
      "shop.py, line 4: sys.exit(3) in the script",
    ],
    [
      "a sys.exit with a text",
      trace(at("shop.py", 4), '    sys.exit("no accounts")', "SystemExit: no accounts", "no accounts"),
      'shop.py, line 4: sys.exit("no accounts") in the script',
    ],
    [
      "an error through the script rather than one that comes after it, of a library alone",
      `${trace(at("shop.py", 4), "KeyError: 1")}Exception ignored in: <function x>\n${trace(library, "TypeError: 2")}`,
      "shop.py, line 4: KeyError: 1",
    ],
    [
      "an error raised from another one",
      `${trace(at("lib.py", 4), "KeyError: 1")}\nThe above exception was the direct cause of the following exception:\n\n${trace(at("shop.py", 9), "RuntimeError: no accounts")}`,
      "shop.py, line 9: RuntimeError: no accounts",
    ],
    [
      "an error in the plugin's care",
      trace(at("shop.py", 9), '  File "/p/locust/plugin/loadtest/script.py", line 150, in call', "KeyError: 1"),
      "shop.py, line 9: KeyError: 1",
    ],
    [
      "an exception group",
      [
        "  + Exception Group Traceback (most recent call last):",
        `  | ${at("shop.py", 3)}`,
        '  |     raise ExceptionGroup("seeding", errors)',
        "  | ExceptionGroup: seeding (2 sub-exceptions)",
        "  +-+---------------- 1 ----------------",
        "    | Traceback (most recent call last):",
        `    | ${at("lib.py", 1)}`,
        "    | ValueError: a",
        "    +---------------- 2 ----------------",
        "    | TypeError: b",
        "    +------------------------------------",
        "",
      ].join("\n"),
      "shop.py, line 3: ExceptionGroup: seeding (2 sub-exceptions), the first: ValueError: a",
    ],
  ] as const) {
    it(`names ${what}`, () => {
      expect(explain(output)).to.deep.equal({ message, exitCode: 2 });
    });
  }

  it("tells what ended a process in a run: an error only where nothing came after it", () => {
    const error = trace(at("shop.py", 4), "KeyError: 1");
    const later = "[2026-11-24 11:12:05,000] host/INFO/locust.main: Shutting down\n";
    expect(explainEnd(error, "exit code 1")).to.equal("exit code 1: shop.py, line 4: KeyError: 1");
    expect(explainEnd(error + later, "exit code 1")).to.equal("exit code 1");
    expect(explainEnd(error, "SIGSEGV")).to.equal("SIGSEGV");
    expect(explainEnd(error, "SIGKILL")).to.match(/^SIGKILL, of somebody or of the system/);
  });

  it("says that a script has no user class", () => {
    expect(explain("[2026-11-24 11:12:05,000] host/ERROR/locust.main: No User class found!\n")).to.deep.equal({
      message:
        "shop.py has no User class to run: it needs one that inherits from HttpUser, FastHttpUser or User, and is not abstract",
      exitCode: 2,
    });
  });

  it("says why HttpUser cannot be fast where it must be", () => {
    const why = "the fast client was not tested with requests 9.9";
    const output = `HttpUser cannot run on the fast client, as httpClient asks: ${why}\n`;
    expect(explain(output)).to.deep.equal({
      message: `shop.py cannot have httpClient fast: ${why}`,
      exitCode: 2,
    });
  });

  it("says that a port was taken", () => {
    const output = "The Locust master port (127.0.0.1:5557) was busy. Close any applications using that port";
    expect(explain(output)).to.deep.equal({
      message: "a port that Locust needs was taken while it started (logs/master.log)",
      exitCode: 4,
    });
  });

  it("says which argument of the script is missing, unknown or wrong", () => {
    const said = (line: string) => {
      const { message, exitCode } = explain(`[2026-11-24 11:12:05] INFO\nlocust: error: ${line}\n`);
      expect(exitCode).to.equal(2);
      return message;
    };
    expect(said("the following arguments are required: --tenant, --size")).to.match(
      /^shop\.py needs --tenant, --size: --script-arg NAME=VALUE, or scriptArguments in the stack's config$/,
    );
    expect(said("unrecognized arguments: --tennant\nDid you mean '--tenant'?")).to.equal(
      "shop.py has no argument --tennant; did you mean --tenant?",
    );
    expect(said("unrecognized arguments: --other")).to.equal("shop.py has no argument --other");
    expect(said("argument --size: invalid int value: 'x'")).to.equal(
      "shop.py does not take what it was given: argument --size: invalid int value: 'x'",
    );
  });

  it("tells an end that is not Locust's from one that is: by its exit code, or as nothing says why", () => {
    const log = "[2026-11-24 11:12:05,000] host/INFO/locust.main: Starting Locust\n";
    const said = (output: string, how: string) => explainBoot(output, { ...context, how });
    for (const [output, how] of [
      [log, "exit code 3"],
      [log, "exit code 0"],
      [`${log}seeding\n`, "exit code 3"],
    ] as const) {
      expect(said(output, how)).to.include({
        message: `shop.py ended Locust's master before it was ready: ${how} and no error, as with os._exit`,
        exitCode: 2,
      });
    }
    expect(said(`${log}seeding\n`, "exit code 1").exitCode).to.equal(4);
    expect(said(log, "SIGKILL").exitCode).to.equal(4);
  });

  it("gives the last words of any other end", () => {
    const output = "[2026-11-24 11:12:05,000] host/INFO/locust.main: Starting Locust\nKilled by the weather\n";
    expect(explain(output)).to.deep.equal({
      message: "Locust's master ended before it was ready (exit code 1): Killed by the weather (logs/master.log)",
      exitCode: 4,
    });
  });
});
