import { expect } from "chai";
import type { Capacity } from "../../../bench/peers/capacity";
import { all, nameOf, quick, type Tool } from "../../../bench/peers/configurations";
import { parseOptions } from "../../../bench/peers/options";
import { figuresOf } from "../../../bench/peers/page/figures";
import { peersPage } from "../../../bench/peers/page/page";
import { missing, type Results, without } from "../../../bench/peers/results";
import type { Window } from "../../../bench/peers/window";

function window(users: number, rps: number, memory = 0, targetCpu = 0.2): Window {
  return { ...{ users, arrived: users, seconds: 4, rps, p99: 22, failures: 0, cpu: 1, targetCpu, others: 0 }, memory };
}

interface Made {
  readonly tls?: boolean;
  readonly rps?: number;
  readonly users?: number | null;
  readonly targetCpu?: number;
}

function measured(
  round: number,
  tool: Tool,
  { tls = false, rps = 1000, users = 600, targetCpu = 0.2 }: Made,
): Capacity {
  const fullest = users === null ? null : window(users, users / 2, (50 + users / 10 - 10) * 2 ** 20);
  return {
    ...{ round, configuration: { tool, tls }, at: "2026-01-31T00:00:00.000Z", loadAverage: 1, seconds: 30 },
    ...{ busiest: window(8, rps, 0, targetCpu), unloaded: window(100, 50, 50 * 2 ** 20), fullest },
    steps: { busy: [], calm: fullest === null ? [] : [fullest] },
  };
}

const results: Results = {
  ...{
    machine: "2 cores of a CPU, 8 GiB",
    versions: { wrk: "4.1.0", vegeta: "12.12.0" },
    date: "2026-01-31",
  },
  capacity: [
    measured(1, "wrk", { rps: 80_000, users: 18_000, targetCpu: 0.95 }),
    measured(1, "vegeta", { rps: 20_000 }),
    measured(1, "Locust, HttpUser", { users: null }),
    measured(1, "loadtest, FastHttpUser", { rps: 10_000, users: 12_000 }),
    measured(2, "loadtest, FastHttpUser", { rps: 12_000, users: 12_000 }),
    measured(2, "vegeta", { rps: 18_000 }),
    measured(1, "vegeta", { tls: true }),
  ],
};

describe("the page beside other tools", () => {
  it("compares within a round, and plain with plain", () => {
    const figures = figuresOf(results.capacity);
    const one = (name: string) => figures.find(({ configuration }) => nameOf(configuration) === name);
    expect(one("wrk")?.productRps).to.deep.include({ median: 0.125, rounds: 1 });
    expect(one("vegeta")?.productRps).to.deep.include({ least: 0.5, most: 12 / 18, rounds: 2 });
    expect(one("vegeta, TLS")?.productRps).to.equal(undefined);
    expect(one("Locust, HttpUser")).to.include({ users: undefined, productUsers: undefined, memory: undefined });
    expect(one("loadtest, FastHttpUser")?.memory?.median).to.be.closeTo(0.1, 1e-9);
  });

  it("has a row for each tool, and says what a number leaves out", () => {
    const page = peersPage(results);
    expect(page).to.include(" on 2 cores of a CPU, 8 GiB, with ");
    expect(page).to.include("| wrk | 80,000 ¹ | ≤ 0.125 | 18,000 ² | 1 | ≤ 0.667 | 22 → 22 | 0.1 |");
    expect(page).to.include("| vegeta | 19,000 (18,000–20,000) |").and.include("| no users ³ |");
    expect(page).to.include("| Locust, HttpUser | 1,000 | 10 | – | – | – | 22 → – | – |");
    expect(page).to.include("¹ The target used").and.include("² Nothing is asked").and.include("³ A fixed rate");
    expect(page).to.include("wrk 4.1.0, vegeta 12.12.0").and.include("Rounds: 1,");
    expect(page).to.not.include("{{");
  });

  it("says nothing of limits that nothing met", () => {
    const page = peersPage({ ...results, capacity: [measured(1, "Artillery", {})] });
    expect(page).to.include("| Artillery |").and.not.match(/[¹²]/);
  });
});

describe("npm run bench:peers", () => {
  it("measures all that is missing of five rounds, one round after the other", () => {
    expect(parseOptions([])).to.deep.equal({
      ...{ rounds: 5, only: undefined, quick: false, anew: false, page: false, help: false },
    });
    const wanted = all.filter(({ tool }) => tool === "vegeta");
    const left = missing(results.capacity, wanted, 3).map(
      ({ round, configuration }) => `${round} ${nameOf(configuration)}`,
    );
    expect(left).to.deep.equal(["2 vegeta, TLS", "3 vegeta", "3 vegeta, TLS"]);
    expect(quick.map(nameOf).some((name) => name.includes("TLS"))).to.equal(false);
  });

  it("measures anew the rounds that are wanted, and keeps the rest", () => {
    const kept = without(results.capacity, quick, 1);
    expect(kept.map(({ configuration }) => nameOf(configuration))).to.deep.equal([
      ...["loadtest, FastHttpUser", "vegeta", "vegeta, TLS"],
    ]);
  });

  it("takes some of the tools alone", () => {
    const { only, rounds } = parseOptions(["--only", "^loadtest", "--rounds", "2"]);
    expect(rounds).to.equal(2);
    expect(all.map(nameOf).filter((name) => only?.test(name))).to.have.length(4);
  });

  for (const args of [["--rounds", "0"], ["--rounds", "many"], ["--fast"], ["--only", "["]]) {
    it(`refuses ${args.join(" ")}`, () => {
      expect(() => parseOptions(args)).to.throw(new RegExp(args[0] ?? ""));
    });
  }
});
