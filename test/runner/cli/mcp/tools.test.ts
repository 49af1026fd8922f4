import { expect } from "chai";
import type { Command } from "commander";
import fc from "fast-check";
import {
  leftOutCommands,
  leftOutOptions,
  limitOptions,
  offeredOptions,
  offers,
  placeOptions,
} from "../../../../runner/cli/mcp/offers";
import { type Tool, toolsOf } from "../../../../runner/cli/mcp/tools";
import { createProgram } from "../../../../runner/cli/program/program";

const program = createProgram(() => undefined);
const limits = {
  ...{ allowedHosts: ["a.test"], maxUsers: 50, maxWorkers: 4, maxArrivalRate: 20, maxRunTime: 600, maxCost: 2 },
};

function tool(name: string, fixed: Readonly<Record<string, unknown>> = {}, mayLoad = true): Tool {
  const found = toolsOf(program, fixed, mayLoad).find((one) => one.name === name);
  if (found === undefined) throw new Error(`${name} is not offered`);
  return found;
}

function properties(one: Tool): string[] {
  return Object.keys(one.input.shape);
}

/** What the command line makes of a tool's arguments, without doing it. */
function parsed(args: readonly string[]): { options: Record<string, unknown>; values: unknown[] } {
  const again = createProgram(() => undefined);
  const command = again.commands.find((one) => one.name() === args[0]) as Command;
  let options: Record<string, unknown> = {};
  command.configureOutput({ writeErr: () => undefined }).action(() => {
    options = command.opts();
  });
  again.parse([...args], { from: "user" });
  return { options, values: command.args };
}

describe("what is offered to MCP clients", () => {
  it("is decided for every command", () => {
    const known = [...Object.keys(offers), ...Object.keys(leftOutCommands)].sort();
    expect(known).to.deep.equal(program.commands.map((command) => command.name()).sort());
  });

  it("is decided for every option of an offered command", () => {
    const offered = program.commands.filter((command) => command.name() in offers);
    const names = new Set(offered.flatMap(({ options }) => options.map((option) => option.attributeName())));
    const both = [...names].filter((name) => offeredOptions.has(name) === name in leftOutOptions);
    expect(both, "offered and left out, or neither").to.deep.equal([]);
    const unknown = [...offeredOptions, ...Object.keys(leftOutOptions)].filter((name) => !names.has(name));
    expect(unknown, "of no command").to.deep.equal([]);
  });

  it("does not start, change or end load, unless that is allowed", () => {
    const names = (mayLoad: boolean) => toolsOf(program, {}, mayLoad).map(({ name }) => name);
    const looking = ["doctor", "status", "logs", "report", "history", "compare", "cost"];
    expect(names(false)).to.have.members(looking);
    expect(names(true)).to.have.members([...looking, "run", "capacity", "size", "start", "scale", "stop"]);
    expect(properties(tool("report", {}, false))).to.deep.equal(["run"]);
    expect(tool("report", {}, false).input.safeParse({}).success).to.equal(false);
    expect(tool("report").input.safeParse({}).success).to.equal(true);
  });

  it("has a limit of every kind wherever load is started", () => {
    const loading = program.commands.filter(({ options }) => options.some(({ long }) => long === "--host"));
    const names = loading.map((command) => command.name()).filter((name) => name in offers);
    expect(names).to.include.members(["run", "capacity", "size", "start"]);
    for (const name of names) {
      const args = tool(name, limits).args({});
      const most = { maxUsers: 50, maxArrivalRate: 20, maxRunTime: 600, maxCost: 2 };
      // A sample has one worker.
      expect(parsed(args).options, name).to.include(name === "size" ? most : { ...most, maxWorkers: 4 });
      expect(parsed(args).options.allowedHosts, name).to.deep.equal(["a.test"]);
    }
    expect(tool("scale", limits).input.safeParse({ workers: 5 }).success).to.equal(false);
    expect(tool("scale", limits).input.safeParse({ workers: 4 }).success).to.equal(true);
    expect(tool("run", limits).input.safeParse({ users: 51 }).success).to.equal(false);
    // An estimate loads nothing, and a size only reckons with what it is asked for.
    expect(tool("size", limits).input.safeParse({ users: 1_000_000, arrivalRate: 5000 }).success).to.equal(true);
    expect(tool("cost", limits).input.safeParse({ users: 1_000_000 }).success).to.equal(true);
    expect(parsed(tool("run", limits).args({ local: true })).options).to.not.have.property("maxCost");
  });

  it("lets a client narrow what a run may cost, and not widen it", () => {
    for (const name of ["run", "start", "capacity", "size"]) {
      const takes = (maxCost: number, fixed = {}) => tool(name, fixed).input.safeParse({ maxCost }).success;
      expect([takes(1, limits), takes(3, limits), takes(3)], name).to.deep.equal([true, false, true]);
      expect(parsed(tool(name, limits).args({ maxCost: 1 })).options, name).to.include({ maxCost: 1 });
    }
  });

  it("lets a client narrow how far a search goes, and not widen it", () => {
    for (const key of ["maxUsers", "maxWorkers", "maxArrivalRate"] as const) {
      const takes = (value: number) => tool("capacity", limits).input.safeParse({ [key]: value }).success;
      expect([takes(1), takes(limits[key]), takes(limits[key] + 1)], key).to.deep.equal([true, true, false]);
      const { options } = parsed(tool("capacity", limits).args({ [key]: 1 }));
      expect(options).to.include({ ...limits, allowedHosts: options.allowedHosts, [key]: 1 });
      expect(properties(tool("run", limits)), key).to.not.include(key);
    }
    expect(properties(tool("capacity", limits))).to.not.include.members(["maxRunTime", "allowedHosts"]);
  });

  it("takes nothing of what the server holds", () => {
    for (const one of toolsOf(program, {}, true)) {
      const own = limitOptions.filter((name) => one.offer.narrows?.includes(name) !== true);
      const held = [...own, "results", "html", "kubeconfig", "context", "namespace", "scriptsFolder", "json"];
      expect(
        held.filter((name) => properties(one).includes(name)),
        one.name,
      ).to.deep.equal([]);
      for (const name of held) {
        const { error } = one.input.safeParse({ [name]: "x" });
        expect(
          error?.issues.map(({ code }) => code),
          `${one.name} ${name}`,
        ).to.include("unrecognized_keys");
      }
    }
  });

  it("leaves a stack, a context or a namespace to the client only where the server has none", () => {
    expect(properties(tool("status"))).to.deep.equal(["stack"]);
    for (const place of placeOptions) {
      const fixed = { [place]: "mine" };
      expect(properties(tool("status", fixed)), place).to.deep.equal([]);
      expect(parsed(tool("status", fixed).args({})).options).to.include(fixed);
    }
    // Nor do they stand in the way of what has no place.
    const local = parsed(tool("run", { context: "mine", namespace: "n" }).args({ local: true })).options;
    expect(local).to.include({ local: true }).and.not.have.any.keys("context", "namespace");
    expect(parsed(tool("cost", { stack: "dev" }).args({ scenario: "guidance" })).options).to.not.have.property("stack");
    expect(parsed(tool("run", { stack: "dev" }).args({ local: true })).options).to.include({ stack: "dev" });
  });

  it("takes names where things have names, and no paths", () => {
    for (const [name, key] of [
      ["report", "run"],
      ["compare", "a"],
      ["run", "baseline"],
      ["run", "script"],
      ["run", "stack"],
      ["size", "from"],
      ["logs", "worker"],
    ] as const) {
      const others = name === "compare" ? { a: "x", b: "y" } : {};
      const takes = (value: string) => tool(name).input.safeParse({ ...others, [key]: value }).success;
      for (const plain of ["20261124T111205Z-a.py", "latest"]) expect(takes(plain), plain).to.equal(true);
      for (const path of ["../x", "/etc", "a/b", "a\\b", ".", "..", "-x", ""])
        expect(takes(path), path).to.equal(false);
    }
  });

  it("takes times and shares as numbers, too", () => {
    const run = tool("run");
    expect(parsed(run.args(run.input.parse({ arrivalRate: 5 }))).options).to.include({ arrivalRate: "5" });
    const capacity = tool("capacity");
    const asked = capacity.input.parse({ by: "arrivals", from: 5, maxRps: 50, atLeast: "12.5/s", precision: 0.1 });
    const wanted = { by: "arrivals", from: 5, maxRps: 50, atLeast: 12.5, precision: "0.1" };
    expect(parsed(capacity.args(asked)).options).to.include(wanted);
    expect(capacity.input.safeParse({ by: "requests" }).success).to.equal(false);
    const input = run.input.parse({ runTime: 90, maxRegression: 0.1, abortAfter: "10s" });
    expect(parsed(run.args(input)).options).to.include({ runTime: "90", maxRegression: "0.1", abortAfter: 10 });
    expect(parsed(run.args(run.input.parse({}))).options).to.not.have.property("runTime");
  });

  it("asks for logs of an end, and for no more than what is there", () => {
    expect(parsed(tool("logs").args({})).options).to.deep.equal({ tail: 200, json: true });
    expect(parsed(tool("logs").args({ worker: true, tail: 5 })).options).to.include({ worker: true, tail: 5 });
    expect(parsed(tool("logs").args({ worker: "abc" })).options).to.include({ worker: "abc" });
  });

  it("reads no value as another option, whatever it is", () => {
    const text = fc.oneof(fc.string(), fc.constantFrom("--results=/tmp/x", "-", "--", "--html=/tmp/x", "=", "a=b"));
    fc.assert(
      fc.property(text, fc.array(text), text, (host, threshold, script) => {
        const { options, values } = parsed(
          tool("run", { results: "/r" }).args({ host, threshold, script, demo: false }),
        );
        const { threshold: thresholds = [], ...others } = options;
        const common = { json: true, results: "/r", maxRegression: "5%", readyTimeout: 300 };
        expect(others).to.deep.equal({ ...common, host, script });
        expect([thresholds, values]).to.deep.equal([threshold, []]);
      }),
    );
    fc.assert(
      fc.property(text, text, (a, b) => {
        expect(parsed(tool("compare").args({ a, b })).values).to.deep.equal([a, b]);
      }),
    );
  });
});
