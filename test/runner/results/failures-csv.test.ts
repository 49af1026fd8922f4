import { expect } from "chai";
import { ResultsError } from "../../../runner/results/files";
import { parseFailuresCsv } from "../../../runner/results/locust-csv";

const head = "Method,Name,Error,Occurrences,First Seen,Last Seen\r\n";

describe("failures.csv", () => {
  it("gives the most frequent failures first, and ten at most", () => {
    const rows = Array.from(
      { length: 12 },
      (_, index) => `GET,/${index},"a ""text"",\r\nof two lines",${index + 1},x,y\r\n`,
    );
    const found = parseFailuresCsv(head + rows.join(""));
    expect(found).to.have.length(10);
    expect(found[0]).to.deep.equal({ method: "GET", name: "/11", error: 'a "text",\r\nof two lines', count: 12 });
  });

  it("has none where there are none, or where the text is another", () => {
    expect(parseFailuresCsv(head)).to.deep.equal([]);
    expect(parseFailuresCsv("head\r\n")).to.deep.equal([]);
  });

  it("is no text that is torn", () => {
    expect(() => parseFailuresCsv(`${head}GET,/,"torn`)).to.throw(ResultsError, /torn or damaged/);
  });
});
