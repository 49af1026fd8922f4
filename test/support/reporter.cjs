"use strict";
/**
 * Mocha's usual output, plus a line of counts, failed tests and seconds by file in the file that LOADTEST_TALLY names. A
 * process that is held open after its last test (a timer, a socket that a test forgot) fails, and says by what, instead of
 * hanging for ever.
 */
const { appendFileSync } = require("node:fs");
const { relative } = require("node:path");
const { reporters, Runner } = require("mocha");

const patience = 30_000;

function failWhenHeldOpen() {
  const held = () => {
    console.error(`the tests have ended, but hold the process open: ${process.getActiveResourcesInfo().join(", ")}`);
    // Mocha sets its own exit code as the process ends; this comes after it.
    process.once("exit", () => {
      process.exitCode = 1;
    });
    process.exit();
  };
  setTimeout(held, patience).unref();
}

module.exports = class extends reporters.Spec {
  constructor(runner, options) {
    super(runner, options);
    const failed = [];
    const seconds = {};
    let last = Date.now();
    const count = ({ file }) => {
      const now = Date.now();
      const name = relative("", file ?? "");
      seconds[name] = (seconds[name] ?? 0) + (now - last) / 1000;
      last = now;
    };
    runner.on(Runner.constants.EVENT_TEST_END, count);
    runner.on(Runner.constants.EVENT_HOOK_END, count);
    runner.on(Runner.constants.EVENT_TEST_FAIL, (test, { message }) =>
      failed.push({ file: relative("", test.file ?? ""), title: test.titlePath().join(" › "), message }),
    );
    runner.once(Runner.constants.EVENT_RUN_END, () => {
      const file = process.env.LOADTEST_TALLY;
      const { passes, failures, pending } = this.stats;
      const secondTry = process.env.LOADTEST_SECOND_TRY;
      if (file) appendFileSync(file, `${JSON.stringify({ passes, failures, pending, failed, seconds, secondTry })}\n`);
      failWhenHeldOpen();
    });
  }
};
