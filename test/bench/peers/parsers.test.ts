import { expect } from "chai";
import { parseArtillery } from "../../../bench/peers/commands/artillery";
import { parseVegeta } from "../../../bench/peers/commands/vegeta";
import { parseWrk } from "../../../bench/peers/commands/wrk";
import { handshakesASecond } from "../../../bench/peers/locust";
import { parseMachine, parseUsed } from "../../../bench/peers/processes";
import { parseStatus } from "../../../bench/peers/target";
import { toLocustWindow } from "../../../bench/peers/window";

describe("what other tools say of their requests", () => {
  const wrk = (p99: string, ...more: string[]) =>
    [
      "Running 9s test @ http://127.0.0.1:29487/wait",
      "  1 threads and 100 connections",
      "  Thread Stats   Avg      Stdev     Max   +/- Stdev",
      "    Latency    21.01ms  408.21us  23.02ms   81.33%",
      "  Latency Distribution",
      "     50%   20.90ms",
      `     99%  ${p99}`,
      "  439 requests in 9.01s, 65.17KB read",
      ...more,
      "Requests/sec:     48.72",
    ].join("\n");

  it("is read from wrk's text, in all its units", () => {
    expect(parseWrk(wrk(" 22.77ms"))).to.deep.equal({ p99: 22.77, failures: 0 });
    expect(parseWrk(wrk("850.00us")).p99).to.be.closeTo(0.85, 1e-9);
    expect(parseWrk(wrk("  1.20s")).p99).to.equal(1200);
  });

  it("counts what went wrong in wrk", () => {
    const errors = ["  Socket errors: connect 1, read 2, write 3, timeout 4", "  Non-2xx or 3xx responses: 5"];
    expect(parseWrk(wrk("22.77ms", ...errors)).failures).to.equal(15);
    expect(() => parseWrk("unable to connect to 127.0.0.1:1 Connection refused")).to.throw("Connection refused");
  });

  it("is made of vegeta's lines without its first seconds, and in whatever order they come", () => {
    const line = (second: number, status: number, ms: number) =>
      `${BigInt(Math.round(second * 1000)) * 1_000_000n},${status},${Math.round(ms * 1e6)},0,5,"",aGVsbG8=,,0,GET,http://127.0.0.1/,`;
    const settled = Array.from({ length: 200 }, (_, index) => line(14 + index / 100, 200, 20 + index / 1000));
    const csv = [...settled, line(10, 0, 900), line(13.9, 200, 800), line(15, 503, 30), line(15, 200, 40), ""].join(
      "\n",
    );
    expect(parseVegeta(csv, 4)).to.deep.equal({ p99: 20.199, failures: 1 });
    expect(() => parseVegeta("", 4)).to.throw("no requests");
  });

  it("is Artillery's p99 of what was asked for when all users were there", () => {
    const report = (counters: object, path = "/wait/measured") =>
      JSON.stringify({
        aggregate: {
          counters: { "http.codes.200": 90, "vusers.failed": 0, ...counters },
          summaries: {
            "http.response_time": { p99: 99 },
            [`plugins.metrics-by-endpoint.response_time.${path}`]: { p99: 25.8 },
          },
        },
      });
    expect(parseArtillery(report({}))).to.deep.equal({ p99: 25.8, failures: 0 });
    const bad = { "http.codes.503": 2, "errors.ETIMEDOUT": 3, "vusers.failed": 3 };
    expect(parseArtillery(report(bad)).failures).to.equal(8);
    expect(() => parseArtillery(report({}, "/wait"))).to.throw("did not come");
  });
});

describe("what is looked at while a tool is at work", () => {
  it("is the CPU and the memory of its process, whatever its name is", () => {
    const fields = Array.from({ length: 50 }, (_, index) => String(index + 3));
    fields[0] = "S";
    const stat = `77 (node (a) b) ${fields.join(" ")}`;
    // utime and stime are the 14th and 15th field, rss the 24th.
    expect(parseUsed(stat)).to.deep.equal({ cpu: 0.29, memory: 24 * 4096 });
  });

  it("is what all the machine does, with what its host keeps from it, and not what it waits for", () => {
    const stat = "cpu  100 20 30 9000 700 4 6 50 0 0\ncpu0 1 1 1 1 1 1 1 1 0 0\n";
    expect(parseMachine(stat)).to.equal(2.1);
  });

  it("is what nginx has answered", () => {
    const text =
      "Active connections: 91 \nserver accepts handled requests\n 1200 1200 34567 \nReading: 0 Writing: 1 Waiting: 90 \n";
    expect(parseStatus(text)).to.deep.equal({ connections: 91, requests: 34567 });
    expect(() => parseStatus("404 Not Found")).to.throw("404");
  });

  it("counts answers at the target between two samples, and Locust's times by its worker", () => {
    const sample = (at: number, requests: number, cpu: number, memory: number) => ({
      ...{ at, requests, targetCpu: cpu / 2, cpu, memory, machine: cpu * 2 },
    });
    const target = [sample(100, 1000, 10, 5e7), sample(104, 3001, 13, 6e7)] as const;
    const parts = [{ failures: 2, times: { "20": 980, "30": 20 } }];
    expect(toLocustWindow({ kind: "calm", users: 1000, seconds: 3 }, { arrived: 999, parts, target })).to.deep.equal({
      ...{ users: 1000, arrived: 999, seconds: 4, rps: 500, p99: 30, failures: 2 },
      ...{ cpu: 0.75, targetCpu: 0.375, others: 0.375, memory: 6e7 },
    });
    expect(() => toLocustWindow({ kind: "calm", users: 1, seconds: 3 }, { arrived: 0, parts: [], target })).to.throw(
      "nothing",
    );
  });

  it("tells how many users a worker can connect a second, within bounds", () => {
    expect([0.3, 3, 60, 0].map((cpu) => handshakesASecond(100, cpu))).to.deep.equal([267, 27, 15, 400]);
  });
});
