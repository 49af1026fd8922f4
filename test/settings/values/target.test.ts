import { expect } from "chai";
import fc from "fast-check";
import { InvalidValueError } from "../../../settings/errors";
import { commonHosts, isAllowedTarget, parseTarget } from "../../../settings/values/target";

describe("parseTarget", () => {
  const right = [
    ...["http://example.com", "https://example.com:8443", "http://10.0.0.1", "http://[::1]:8080"],
    ...["https://api.example.com/v1", "http://example.com/a/b.c/~d", "http://example.com:8080/%C3%A9/@me"],
  ];
  for (const text of right) {
    it(`takes ${text}, also with a slash at its end`, () => {
      expect(parseTarget(text)).to.equal(text);
      expect(parseTarget(`${text}/`)).to.equal(text);
    });
  }

  const wrong = [
    ...["", "example.com", "ftp://example.com", "http://", "http:example.com", "http:///example.com"],
    ...["http://example.com/path?q", "http://example.com/a#b", "http://example.com?q", "http://example.com/?q=1"],
    ...["mqtt://example.com", "example.com:1883", "http://me:pw@example.com/v1", "http://example.com/<v1>"],
    ...["http://example.com#top", "http://me:pw@example.com", "http://me@example.com", "http://example.com:99999"],
    ...["http://exa mple.com", " http://example.com", "http://example.com\n", "http://example.com\\a"],
  ];
  for (const text of wrong) {
    it(`refuses ${JSON.stringify(text)}`, () => {
      expect(() => parseTarget(text)).to.throw(InvalidValueError, "URL without query");
    });
  }

  it("repeats no password", () => {
    for (const text of ["http://me:pw@example.com", "http://me:p@pw@example.com/v1"]) {
      expect(() => parseTarget(text)).to.throw(InvalidValueError, /^"http:\/\/…@example\.com/);
    }
  });
});

describe("isAllowedTarget", () => {
  const cases: readonly (readonly [string, string, boolean])[] = [
    ["https://shop.example.com/v1", "shop.example.com", true],
    ["https://SHOP.example.com:8443", "Shop.Example.com", true],
    ["https://shop.example.com.", "shop.example.com", true],
    ["https://a.b.example.com", "*.example.com", true],
    ["https://example.com", "*.example.com", false],
    ["https://badexample.com", "*.example.com", false],
    ["https://shop.example.com.evil.test", "shop.example.com", false],
    ["http://[::1]:8080", "::1", true],
    ["http://127.0.0.1:8080", "127.0.0.1", true],
  ];
  for (const [target, host, allowed] of cases) {
    it(`${allowed ? "takes" : "refuses"} ${target} where ${host} is allowed`, () => {
      expect(isAllowedTarget(target, ["other.test", host])).to.equal(allowed);
    });
  }
});

describe("commonHosts", () => {
  const label = fc.constantFrom("a", "b", "C");
  const host = fc.array(label, { minLength: 1, maxLength: 3 }).map((labels) => labels.join("."));
  const pattern = fc.oneof(
    host,
    host.map((name) => `*.${name}`),
  );
  const list = fc.option(fc.array(pattern, { maxLength: 3 }), { nil: undefined });

  it("allows what both lists allow", () => {
    const allows = (hosts: readonly string[] | undefined, target: string) =>
      hosts === undefined || isAllowedTarget(target, hosts);
    fc.assert(
      fc.property(list, list, host, (a, b, name) => {
        const target = `http://${name}`;
        expect(allows(commonHosts(a, b), target)).to.equal(allows(a, target) && allows(b, target));
      }),
    );
  });

  it("says so in few names", () => {
    expect(
      commonHosts(["*.example.com", "::1"], ["shop.example.com", "example.com", "*.a.EXAMPLE.com", "::1"]),
    ).to.deep.equal(["::1", "shop.example.com", "*.a.example.com"]);
    expect(commonHosts(["a.test"], ["b.test"])).to.deep.equal([]);
  });
});
