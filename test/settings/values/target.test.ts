import { expect } from "chai";
import { InvalidValueError } from "../../../settings/errors";
import { parseTarget } from "../../../settings/values/target";

describe("parseTarget", () => {
  for (const text of ["http://example.com", "https://example.com:8443", "http://10.0.0.1", "http://[::1]:8080"]) {
    it(`takes ${text}, also with a slash at its end`, () => {
      expect(parseTarget(text)).to.equal(text);
      expect(parseTarget(`${text}/`)).to.equal(text);
    });
  }

  const wrong = [
    ...["", "example.com", "ftp://example.com", "http://", "http:example.com", "http:///example.com"],
    ...["http://example.com/path", "http://example.com//", "http://example.com?q", "http://example.com/?q=1"],
    ...["http://example.com#top", "http://me:pw@example.com", "http://me@example.com", "http://example.com:99999"],
    ...["http://exa mple.com", " http://example.com", "http://example.com\n", "http://example.com\\a"],
  ];
  for (const text of wrong) {
    it(`refuses ${JSON.stringify(text)}`, () => {
      expect(() => parseTarget(text)).to.throw(InvalidValueError, "URL without a path");
    });
  }
});
