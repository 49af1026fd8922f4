import { expect } from "chai";
import fc from "fast-check";
import { InvalidValueError } from "../../../settings/errors";
import {
  addressCount,
  type Cidr,
  containsCidr,
  formatCidr,
  isPrivateCidr,
  parseCidr,
  parsePublicCidr,
  prefixForParts,
} from "../../../settings/values/cidr";

/** Any range whose first address has only zeros behind the prefix. */
const ranges: fc.Arbitrary<Cidr> = fc
  .tuple(fc.nat(2 ** 32 - 1), fc.nat(32))
  .map(([bits, prefix]) => ({ address: bits - (bits % addressCount(prefix)), prefix }));

describe("cidr", () => {
  it("reads address and prefix", () => {
    expect(parseCidr("10.0.0.0/16")).to.deep.equal({ address: 10 * 2 ** 24, prefix: 16 });
    expect(parseCidr("0.0.0.0/0")).to.deep.equal({ address: 0, prefix: 0 });
    expect(parseCidr("255.255.255.255/32")).to.deep.equal({ address: 2 ** 32 - 1, prefix: 32 });
  });

  const wrong = [
    "",
    "10.0.0.0",
    "10.0.0.0/33",
    "10.0.0/8",
    "256.0.0.0/8",
    "10.0.0.1/16",
    "010.0.0.0/8",
    "::/0",
    "10.0.0.0/8 ",
  ];
  for (const text of wrong) {
    it(`refuses ${JSON.stringify(text)}`, () => {
      expect(() => parseCidr(text)).to.throw(InvalidValueError, "an IPv4 range that starts at its first address");
    });
  }

  const reserved = [
    ...["10.0.0.0/8", "10.1.2.3/32", "172.31.0.0/16", "192.168.1.0/24", "100.64.0.0/10", "127.0.0.1/32"],
    ...["169.254.169.254/32", "198.18.0.0/15", "224.0.0.0/4", "255.255.255.255/32", "0.0.0.0/8"],
    // With such ranges inside.
    ...["8.0.0.0/5", "128.0.0.0/1"],
  ];
  for (const text of reserved) {
    it(`refuses ${text} as a range of the internet`, () => {
      expect(() => parsePublicCidr(text)).to.throw(InvalidValueError, "without private or other reserved addresses");
    });
  }

  it("takes the internet, and its ranges beside those that are reserved", () => {
    for (const text of ["0.0.0.0/0", "8.8.8.0/24", "11.0.0.0/8", "172.32.0.0/11", "203.0.113.5/32"]) {
      expect(parsePublicCidr(text)).to.deep.equal(parseCidr(text));
    }
  });

  it("writes what it reads, and reads what it writes", () => {
    fc.assert(
      fc.property(ranges, (range) => {
        expect(parseCidr(formatCidr(range))).to.deep.equal(range);
      }),
    );
  });

  it("refuses a range that starts at any other address", () => {
    fc.assert(
      fc.property(ranges, fc.nat(), (range, seed) => {
        fc.pre(range.prefix < 32);
        const inside = 1 + (seed % (addressCount(range.prefix) - 1));
        expect(() => parseCidr(formatCidr({ ...range, address: range.address + inside }))).to.throw(InvalidValueError);
      }),
    );
  });

  it("has a range in another exactly when its first and its last address are", () => {
    fc.assert(
      fc.property(ranges, ranges, (outer, inner) => {
        const has = (address: number) =>
          Math.floor(address / addressCount(outer.prefix)) === outer.address / addressCount(outer.prefix);
        const both = has(inner.address) && has(inner.address + addressCount(inner.prefix) - 1);
        expect(containsCidr(outer, inner)).to.equal(both);
      }),
    );
  });

  it("knows the private ranges", () => {
    for (const text of ["10.0.0.0/8", "10.255.0.0/16", "172.16.0.0/12", "172.31.240.0/20", "192.168.0.0/16"]) {
      expect(isPrivateCidr(parseCidr(text)), text).to.equal(true);
    }
    for (const text of ["0.0.0.0/0", "8.0.0.0/7", "172.0.0.0/8", "172.32.0.0/16", "192.169.0.0/16", "100.64.0.0/16"]) {
      expect(isPrivateCidr(parseCidr(text)), text).to.equal(false);
    }
  });

  it("finds the shortest prefix that divides a range into enough parts", () => {
    fc.assert(
      fc.property(fc.nat(32), fc.integer({ min: 1, max: 64 }), (outer, count) => {
        const prefix = prefixForParts(outer, count);
        expect(2 ** (prefix - outer)).to.be.at.least(count);
        expect(2 ** (prefix - 1 - outer)).to.be.below(count);
      }),
    );
  });
});
