"use strict";
/**
 * Adds up what the reporter wrote: `node tally.cjs FILE STEP_FAILED` names the failed tests once more, as they are far
 * above by then, prints the closing line, and exits by it. A test that failed counts as passed where its file passed
 * whole in a second try, and is named, too.
 */
const { existsSync, readFileSync } = require("node:fs");

const [file, stepFailed] = process.argv.slice(2);
const text = existsSync(file) ? readFileSync(file, "utf8").trim() : "";
const all = text === "" ? [] : text.split("\n").map((line) => JSON.parse(line));
const cleared = new Set(all.filter((one) => one.secondTry && one.failures === 0).map((one) => one.secondTry));
const total = { passes: 0, failures: 0, pending: 0 };
for (const one of all.filter((one) => !one.secondTry)) {
  for (const key of Object.keys(total)) total[key] += one[key];
  for (const { file, title, message } of one.failed) {
    if (cleared.has(file)) {
      total.failures -= 1;
      total.passes += 1;
    }
    console.log(`${cleared.has(file) ? "passed in a second try only" : "failed"}: ${title}: ${message}`);
  }
}
// A step that failed without a failing test, such as a check of types, is a failure too.
if (stepFailed !== "0" && total.failures === 0) total.failures = 1;
const skipped = total.pending > 0 ? `, ${total.pending} skipped` : "";
console.log(`${total.passes} passed, ${total.failures} failed${skipped}`);
process.exit(total.failures > 0 || total.passes === 0 ? 1 : 0);
