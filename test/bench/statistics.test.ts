import { expect } from "chai";
import { digits, ratios, spreadOf, spreadText } from "../../bench/cluster/statistics";

describe("numbers of several rounds", () => {
  it("are shown as the middle with the least and the most", () => {
    expect(spreadText(spreadOf([1200, 1300, 1234]))).to.equal("1,230 (1,200–1,300)");
    expect(spreadText(spreadOf([3]))).to.equal("3");
    expect(spreadText(spreadOf([]))).to.equal("–");
    expect([0, 0.12345, 98.76, 1_234_567].map(digits)).to.deep.equal(["0", "0.123", "98.8", "1,230,000"]);
  });

  it("are compared within their round only", () => {
    const of = [1, 2, 3, 5].map((round) => ({ round, value: round * 10 }));
    const to = [
      { round: 1, value: 5 },
      { round: 2, value: undefined },
      { round: 3, value: 0 },
      { round: 4, value: 1 },
    ];
    expect(ratios<{ round: number; value: number | undefined }>(of, to, ({ value }) => value)).to.deep.equal([2]);
  });
});
