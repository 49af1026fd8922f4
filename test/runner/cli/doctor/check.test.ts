import { stripVTControlCharacters } from "node:util";
import { expect } from "chai";
import { explainAwsError } from "../../../../runner/aws/errors";
import {
  type Check,
  exitCodeOf,
  failed,
  ok,
  problem,
  runChecks,
  skipped,
  warning,
} from "../../../../runner/cli/doctor/check";
import { doctorText } from "../../../../runner/cli/doctor/print";

const none: ReadonlySet<string> = new Set();
const named = (name: string, look: Check["look"], uses: Check["uses"] = []): Check => ({ name, look, uses });

describe("the checks of loadtest doctor", () => {
  it("run side by side, and are told in their order", async () => {
    const slow = (text: string, ms: number) =>
      named(text, async () => {
        await new Promise((resolve) => setTimeout(resolve, ms));
        return ok(text);
      });
    const began = performance.now();
    const results = await runChecks([slow("a", 150), slow("b", 150), slow("c", 10)], none, 1000);
    expect(results.map(({ name }) => name)).to.deep.equal(["a", "b", "c"]);
    expect(performance.now() - began).to.be.below(290);
  });

  it("that have no answer in time are warnings, and are ended", async () => {
    let ended = false;
    const hangs = named("hangs", (signal) => {
      signal.addEventListener("abort", () => {
        ended = true;
      });
      return new Promise(() => undefined);
    });
    const results = await runChecks([hangs, named("b", () => ok("fine"))], none, 100);
    expect(results[0]).to.deep.equal({ name: "hangs", ...warning("no answer within 0.1 s", "Try again") });
    expect(results[1]?.state).to.equal("ok");
    expect(ended).to.equal(true);
  });

  it("that fail themselves are problems, in one line", async () => {
    const fails = named("fails", () => {
      throw new Error("first\n  second");
    });
    const [result] = await runChecks([fails], none, 100);
    expect(result).to.deep.equal({ name: "fails", ...problem("first second") });
  });

  it("are left out where a setting that they use is wrong", async () => {
    const [left, done] = await runChecks(
      [named("a", () => ok("never"), ["users"]), named("b", () => ok("done"), ["script"])],
      new Set(["users"]),
      100,
    );
    expect(left).to.deep.equal({ name: "a", ...skipped("not looked at, as users must be right first") });
    expect(done?.state).to.equal("ok");
  });

  it("say what AWS said, what it means, and what to do", () => {
    const error = Object.assign(new Error("Rate exceeded"), { name: "Throttling" });
    expect(failed(explainAwsError(error, "VPCs"), "warning")).to.deep.equal({
      state: "warning",
      text: "AWS gets too many requests from this account (Throttling: Rate exceeded)",
      todo: "Wait a minute, then try again",
    });
  });

  it("exit with 2 where there is a problem, and with 0 for warnings", () => {
    expect(
      exitCodeOf([
        { name: "a", ...warning("w") },
        { name: "b", ...skipped("s") },
      ]),
    ).to.equal(0);
    expect(exitCodeOf([{ name: "a", ...problem("p") }])).to.equal(2);
  });
});

describe("what loadtest doctor prints", () => {
  const results = [
    { name: "Node", ...ok("22.1.0") },
    { name: "Fargate vCPU", ...problem("6 vCPU of Fargate, 12.75 asked for", `Ask for 13: aws ${"long ".repeat(20)}`) },
    { name: "stack", ...skipped("dev is not deployed yet") },
  ];

  it("is a line a check in a pipe", () => {
    const lines = doctorText(results).split("\n");
    expect(lines[0]).to.equal("ok       Node: 22.1.0");
    expect(lines[1]).to.match(/^problem {2}Fargate vCPU: 6 vCPU of Fargate, 12\.75 asked for\. Ask for 13: aws/);
    expect(lines.slice(3)).to.deep.equal(["", "1 problem to solve first.", ""]);
  });

  it("fits a terminal of 80 columns, with what to do below", () => {
    const lines = stripVTControlCharacters(doctorText(results, 80)).split("\n");
    expect(Math.max(...lines.map(({ length }) => length))).to.be.at.most(80);
    expect(lines[0]).to.equal("✔ Node          22.1.0");
    expect(lines[2]).to.match(/^ {16}→ Ask for 13/);
  });

  it("ends with what stands in the way", () => {
    expect(doctorText([{ name: "a", ...ok("fine") }])).to.match(/\nNothing stands in the way\.\n$/);
    const both = [
      { name: "a", ...problem("p") },
      { name: "b", ...problem("q") },
      { name: "c", ...warning("w") },
    ];
    expect(doctorText(both)).to.match(/\n2 problems to solve first; 1 warning\.\n$/);
  });
});
