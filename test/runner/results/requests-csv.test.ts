import { expect } from "chai";
import fc from "fast-check";
import { ResultsError } from "../../../runner/results/files";
import { parseRequestsCsv, totalPercentiles, totals } from "../../../runner/results/locust-csv";
import { requestRows, totalRow } from "../../../runner/verdict/requests";

const header =
  "Type,Name,Request Count,Failure Count,Median Response Time,Average Response Time,Min Response Time," +
  "Max Response Time,Average Content Size,Requests/s,Failures/s,50%,66%,75%,80%,90%,95%,98%,99%,99.9%,99.99%,100%";
const home = "GET,/,1000,3,4,4.75,1.5,80.25,120.0,16.5,0.05,4,5,6,7,8,9,10,11,60,80,80";
const total = ",Aggregated,1000,3,4,4.75,1.5,80.25,120.0,16.5,0.05,4,5,6,7,8,9,10,11,60,80,80";
const none = ",Aggregated,0,0,0,0.0,0,0,0,0.0,0.0,N/A,N/A,N/A,N/A,N/A,N/A,N/A,N/A,N/A,N/A,N/A";
const csv = (...lines: string[]) => [header, ...lines, ""].join("\r\n");

function quote(cell: string): string {
  return /[",\r\n]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell;
}

describe("parseRequestsCsv", () => {
  it("reads each row", () => {
    const [row, ...others] = parseRequestsCsv(csv(home, total));
    expect(row).to.deep.equal({
      ...{ method: "GET", name: "/", requests: 1000, failures: 3, rps: 16.5, failuresPerSecond: 0.05 },
      ...{ avg: 4.75, min: 1.5, max: 80.25 },
      percentiles: {
        ...{ p50: 4, p66: 5, p75: 6, p80: 7, p90: 8, p95: 9, p98: 10 },
        ...{ p99: 11, "p99.9": 60, "p99.99": 80, p100: 80 },
      },
    });
    expect(others).to.have.length(1);
    expect(others[0]).to.include({ method: "", name: "Aggregated" });
  });

  it("reads a run without requests", () => {
    const rows = parseRequestsCsv(csv(none));
    expect(rows[0]?.percentiles).to.include({ p50: null, "p99.99": null });
    expect(totals(rows)).to.include({ requests: 0, failRatio: 0, max: 0 });
  });

  it("keeps any name, also that of the row over all requests", () => {
    fc.assert(
      fc.property(
        fc.array(
          fc.string({ unit: "binary-ascii" }).filter((name) => !name.includes("\r")),
          { maxLength: 5 },
        ),
        (names) => {
          const all = ["Aggregated", 'a,"b"\nc', ...names];
          const lines = all.map((name) => home.replace("/", () => quote(name)));
          const rows = parseRequestsCsv(csv(...lines, total));
          expect(requestRows(rows).map(({ name }) => name)).to.deep.equal(all);
          expect(totalRow(rows)?.requests).to.equal(1000);
        },
      ),
    );
  });

  it("takes the percentiles that a script has chosen", () => {
    const rows = parseRequestsCsv(csv(home, total).replace("99.9%", "99.95%"));
    expect(rows[0]?.percentiles).to.include({ "p99.95": 60, p99: 11 });
    expect(rows[0]?.percentiles).to.not.have.property("p99.9");
  });

  it("refuses everything else", () => {
    const others = ["", "<html>busy</html>", "a,b\r\n1,2", csv(), csv(home), csv(home.replace("1000", "many"), total)];
    for (const text of [...others, csv(home, total).slice(0, -30), csv(`${home},1`, total), `${header}\r\n"GET`]) {
      expect(() => parseRequestsCsv(text), text.slice(-40)).to.throw(
        ResultsError,
        /^requests.csv is not what Locust writes: /,
      );
    }
  });

  it("gives the numbers over all requests", () => {
    const rows = parseRequestsCsv(csv(home, total));
    expect(totals(rows)).to.deep.equal({
      ...{
        requests: 1000,
        failures: 3,
        failRatio: 0.003,
        rps: 16.5,
        failuresPerSecond: 0.05,
        avg: 4.75,
        min: 1.5,
        max: 80.25,
      },
    });
    expect(totalPercentiles(rows)).to.include({ p95: 9 });
    expect([totals([]).requests, totalPercentiles([])]).to.deep.equal([0, {}]);
  });
});
