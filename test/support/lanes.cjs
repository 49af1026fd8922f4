"use strict";
/**
 * Runs test files in several Mocha processes at once: `node lanes.cjs LANES PATTERN`, the pattern one of paths. Files
 * named `*.alone.test.ts` measure time, or need a machine or cluster for themselves: they come last, one after another.
 * Exits with 1 where a test failed.
 */
const { spawn } = require("node:child_process");
const { readdirSync, readFileSync } = require("node:fs");
const { join } = require("node:path");
const { createInterface } = require("node:readline");

/** Tests in these folders wait for processes; the lines of other files cost next to nothing. */
const slow = /^test\/(local|locust|browser|package|cluster|pulumi)\//;

async function main([lanes, pattern]) {
  const files = readdirSync("test", { recursive: true, encoding: "utf8" })
    .map((name) => join("test", name))
    .filter((file) => file.endsWith(".test.ts") && new RegExp(pattern).test(file));
  const alone = files.filter((file) => file.endsWith(".alone.test.ts"));
  const others = files.filter((file) => !alone.includes(file));
  const codes = await Promise.all(shares(others, Number(lanes)).map((share, index) => mocha(share, index + 1)));
  // Each in a process of its own, so that what one has deployed for all of its suites is gone before the next.
  for (const file of alone) codes.push(await mocha([file], "alone"));
  process.exit(codes.every((code) => code === 0) ? 0 : 1);
}

/** Shares of about the same time: the largest file first, each to the lane that has the least. */
function shares(files, count) {
  const all = Array.from({ length: count }, () => ({ weight: 0, files: [] }));
  const weighed = files.map((file) => ({
    file,
    weight: readFileSync(file, "utf8").length * (slow.test(file) ? 20 : 1),
  }));
  for (const { file, weight } of weighed.sort((a, b) => b.weight - a.weight)) {
    const least = all.reduce((a, b) => (b.weight < a.weight ? b : a));
    least.weight += weight;
    least.files.push(file);
  }
  return all.map((share) => share.files.sort());
}

/** Prints each line after its lane's name; gives the exit code. */
async function mocha(files, lane) {
  if (files.length === 0) return 0;
  const env = { ...process.env, LOADTEST_LANE: String(lane) };
  const command = spawn("npx", ["mocha", ...files], { env, stdio: ["ignore", "pipe", "pipe"] });
  for (const output of [command.stdout, command.stderr]) {
    createInterface(output).on("line", (line) => console.log(`[${lane}] ${line}`));
  }
  return new Promise((resolve) => command.once("close", resolve));
}

main(process.argv.slice(2));
