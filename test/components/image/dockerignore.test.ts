import { expect } from "chai";
import * as fc from "fast-check";
import { readDockerignore } from "../../../components/image/dockerignore";

/** What Docker does with these is in the reference of the Dockerfile and in BuildKit's tests of its patterns. */
const cases: readonly [pattern: string, path: string, ignored: boolean][] = [
  ["", "a", false],
  ["# a", "# a", false],
  ["a", "a", true],
  ["a", "b/a", false],
  ["/a/", "a", true],
  ["./a", "a", true],
  ["a/../b", "b", true],
  ["a", "a/b/c", true],
  ["a.c", "abc", false],
  ["*.pyc", "a.pyc", true],
  ["*.pyc", "a/b.pyc", false],
  ["*/*.pyc", "a/b.pyc", true],
  ["**/*.pyc", "b.pyc", true],
  ["**/*.pyc", "a/b/c.pyc", true],
  ["**/__pycache__", "a/__pycache__/b", true],
  ["a/**", "a/b/c", true],
  ["a/**/c", "a/c", true],
  ["a?c", "abc", true],
  ["a?c", "a/c", false],
  ["*", "a/b", true],
  ["*\n!a", "a/b", false],
  ["*\n!a\na/b", "a/b", true],
  ["a\r\n", "a", true],
  ["!a", "a", false],
  // Not understood, so nothing is left out.
  ["[ab]", "a", false],
  ["*\n![ab]", "c", false],
];

describe("a .dockerignore", () => {
  for (const [pattern, path, ignored] of cases) {
    it(`${JSON.stringify(pattern)} ${ignored ? "leaves out" : "keeps"} ${path}`, () => {
      expect(readDockerignore(pattern)(path)).to.equal(ignored);
    });
  }

  const name = fc.stringMatching(/^[a-z][a-z.+()-]{0,6}$/);
  const path = fc.array(name, { minLength: 1, maxLength: 4 }).map((parts) => parts.join("/"));

  it("leaves out whatever it names, and all below", () => {
    fc.assert(
      fc.property(path, path, (named, below) => {
        const ignored = readDockerignore(`${named}\n`);
        expect([named, `${named}/${below}`].map(ignored)).to.deep.equal([true, true]);
      }),
    );
  });

  it("is decided by its last line that matches", () => {
    fc.assert(
      fc.property(path, fc.array(fc.boolean(), { minLength: 1 }), (named, lines) => {
        const text = lines.map((back) => (back ? `!${named}` : named)).join("\n");
        expect(readDockerignore(text)(named)).to.equal(!lines.at(-1));
      }),
    );
  });
});
