import { expect } from "chai";
import { InvalidValueError } from "../../../settings/errors";
import { parseTarget } from "../../../settings/values/target";

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
});
