"use strict";
/**
 * Adds up what the reporter wrote: `node tally.cjs FILE STEP_FAILED` prints the failed tests once more, as they are far
 * above by then, and the closing line, and exits by it.
 */
const { existsSync, readFileSync } = require("node:fs");

const [file, stepFailed] = process.argv.slice(2);
const total = { passes: 0, failures: 0, pending: 0 };
for (const line of existsSync(file) ? readFileSync(file, "utf8").trim().split("\n") : []) {
  const counts = JSON.parse(line);
  for (const key of Object.keys(total)) total[key] += counts[key];
  for (const failed of counts.failed) console.log(`failed: ${failed}`);
}
// A step that failed without a failing test, such as a check of types, is a failure too.
if (stepFailed !== "0" && total.failures === 0) total.failures = 1;
console.log(`${total.passes} passed, ${total.failures} failed${total.pending > 0 ? `, ${total.pending} skipped` : ""}`);
process.exit(total.failures > 0 || total.passes === 0 ? 1 : 0);
