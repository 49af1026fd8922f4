"use strict";
/**
 * Runs test files in several Mocha processes at once: `node lanes.cjs LANES PATTERN`, the pattern one of paths. Files
 * named `*.alone.test.ts` measure time, or need a machine or cluster for themselves: they come last, one after another.
 * Files that failed get a second try, alone, as many measure time and a machine may be busy: the closing line of CI
 * names what passed only then. Exits with 1 where a test failed for good.
 */
const { spawn } = require("node:child_process");
const { existsSync, mkdtempSync, readdirSync, readFileSync } = require("node:fs");
const { tmpdir } = require("node:os");
const { join } = require("node:path");
const { createInterface } = require("node:readline");

/**
 * Seconds that files took, of those that take long, as `.ci/run` measured them:
 * jq -s 'map(.seconds) | add | with_entries(select(.value >= 5) | .value |= round)' .loadtest/tally
 */
const measured = JSON.parse(readFileSync(join(__dirname, "seconds.json"), "utf8"));
const secondsOfOthers = 1;

/** Where more files fail, it is not for lack of time. */
const mostSecondTries = 3;

const tally = process.env.LOADTEST_TALLY ?? join(mkdtempSync(join(tmpdir(), "loadtest-tally-")), "tally");

async function main([lanes, pattern]) {
  const files = readdirSync("test", { recursive: true, encoding: "utf8" })
    .map((name) => join("test", name))
    .filter((file) => file.endsWith(".test.ts") && new RegExp(pattern).test(file));
  const alone = files.filter((file) => file.endsWith(".alone.test.ts"));
  const others = files.filter((file) => !alone.includes(file));
  const codes = await Promise.all(shares(others, Number(lanes)).map((share, index) => mocha(share, index + 1)));
  // Each in a process of its own, so that what one has deployed for all of its suites is gone before the next.
  for (const file of alone) codes.push(await mocha([file], "alone"));
  const failed = failedOf(files);
  // Mocha's exit code is the number of failed tests: whatever else ended a process gets no second try.
  const isOfTests = codes.reduce((sum, code) => sum + code, 0) === failed.length;
  const again = [...new Set(failed.map(({ file }) => file))];
  if (!isOfTests || again.length > mostSecondTries) process.exit(1);
  const seconds = [];
  for (const file of again) seconds.push(await mocha([file], "second try", { LOADTEST_SECOND_TRY: file }));
  process.exit(seconds.every((code) => code === 0) ? 0 : 1);
}

/** The tests of these files that failed, as the reporter wrote them. */
function failedOf(files) {
  const lines = existsSync(tally) ? readFileSync(tally, "utf8").trim().split("\n") : [];
  return lines.flatMap((line) => JSON.parse(line).failed).filter(({ file }) => files.includes(file));
}

/** Shares of about the same time: the longest file first, each to the lane that has the least. */
function shares(files, count) {
  const all = Array.from({ length: count }, () => ({ seconds: 0, files: [] }));
  const timed = files.map((file) => ({ file, seconds: measured[file] ?? secondsOfOthers }));
  for (const { file, seconds } of timed.sort((a, b) => b.seconds - a.seconds)) {
    const least = all.reduce((a, b) => (b.seconds < a.seconds ? b : a));
    least.seconds += seconds;
    least.files.push(file);
  }
  return all.map((share) => share.files.sort());
}

/** Prints each line after its lane's name; gives the exit code. */
async function mocha(files, lane, more = {}) {
  if (files.length === 0) return 0;
  const env = { ...process.env, LOADTEST_TALLY: tally, LOADTEST_LANE: String(lane), ...more };
  const command = spawn("npx", ["mocha", ...files], { env, stdio: ["ignore", "pipe", "pipe"] });
  for (const output of [command.stdout, command.stderr]) {
    createInterface(output).on("line", (line) => console.log(`[${lane}] ${line}`));
  }
  return new Promise((resolve) => command.once("close", resolve));
}

main(process.argv.slice(2));
