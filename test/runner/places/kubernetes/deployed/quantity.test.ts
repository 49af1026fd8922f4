import { expect } from "chai";
import fc from "fast-check";
import { parseQuantity } from "../../../../../runner/places/kubernetes/deployed/quantity";

describe("an amount of Kubernetes", () => {
  it("is read in every way of writing it", () => {
    const amounts = {
      ...{ "250m": 0.25, "1": 1, "0.1": 0.1, "1500u": 0.0015, ".5": 0.5, "2.": 2 },
      ...{
        "256Mi": 268435456,
        "1Gi": 1073741824,
        "512M": 512000000,
        "1e3": 1000,
        "1.5E-1": 0.15,
        "2k": 2000,
        "1E": 1e18,
      },
      ...{ "-1": -1, "128974848000m": 128974848 },
    };
    for (const [text, amount] of Object.entries(amounts)) expect(parseQuantity(text), text).to.equal(amount);
  });

  it("is nothing in any other text", () => {
    for (const text of ["", "m", "1 Gi", "1gi", "1K", "1e", "0x10", "1mm", "Infinity"]) {
      expect(parseQuantity(text), text).to.equal(undefined);
    }
  });

  it("is exact in thousandths of a core", () => {
    fc.assert(fc.property(fc.nat(100_000), (milli) => parseQuantity(`${milli}m`) === milli / 1000));
  });
});
