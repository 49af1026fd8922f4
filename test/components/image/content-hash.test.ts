import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { expect } from "chai";
import * as fc from "fast-check";
import { type ContextFile, hashContext, hashFiles, readContext } from "../../../components/image/content-hash";

const file: fc.Arbitrary<ContextFile> = fc.record({
  path: fc.string({ minLength: 1, maxLength: 4 }),
  mode: fc.constantFrom("644", "755"),
  content: fc.uint8Array({ maxLength: 4 }),
});
const files = fc.uniqueArray(file, { selector: ({ path }) => path, maxLength: 5 });
const asText = (list: readonly ContextFile[]) =>
  JSON.stringify(list.map(({ path, mode, content }) => [path, mode, [...content]]).sort());

describe("the hash of files", () => {
  it("does not depend on their order", () => {
    const pair = files.chain((list) =>
      fc.tuple(fc.constant(list), fc.shuffledSubarray(list, { minLength: list.length })),
    );
    fc.assert(fc.property(pair, ([list, shuffled]) => hashFiles(list) === hashFiles(shuffled)));
  });

  it("differs where a path, a mode or a content does", () => {
    fc.assert(
      fc.property(files, files, (one, two) => {
        expect(hashFiles(one) === hashFiles(two)).to.equal(asText(one) === asText(two));
      }),
    );
  });

  it("differs where what one file ends with is what the next one begins with", () => {
    const made = (...all: [string, string][]) =>
      hashFiles(all.map(([path, content]) => ({ path, mode: "644", content: Buffer.from(content) })));
    expect(new Set([made(["a", "bc"]), made(["ab", "c"]), made(["a", "b"], ["c", ""]), made(["a", ""])]).size).to.equal(
      4,
    );
  });
});

describe("the hash of a build context", () => {
  let folder: string;
  const write = (path: string, content: string) => {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), content);
  };

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "loadtest-context-"));
    write("Dockerfile", "FROM scratch\n");
    write("scripts/one.py", "1");
    write("notes/todo.md", "much");
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  /** Whether some work changes the hash. */
  function changed(work: () => void): boolean {
    const before = hashContext(folder);
    work();
    return hashContext(folder) !== before;
  }

  it("changes with a file's content, name, permissions, and with one more or less", () => {
    expect(changed(() => write("scripts/one.py", "2"))).to.equal(true);
    expect(changed(() => write("scripts/two.py", "2"))).to.equal(true);
    expect(changed(() => chmodSync(join(folder, "scripts/one.py"), 0o755))).to.equal(true);
    expect(changed(() => rmSync(join(folder, "scripts/two.py")))).to.equal(true);
    expect(changed(() => write("Dockerfile", "FROM other\n"))).to.equal(true);
    expect(changed(() => write("scripts/one.py", "2"))).to.equal(false);
  });

  it("changes with a link, and with what it leads to", () => {
    expect(changed(() => symlinkSync("one.py", join(folder, "scripts/link.py")))).to.equal(true);
    expect(changed(() => symlinkSync("nowhere", join(folder, "scripts/broken.py")))).to.equal(true);
    expect(changed(() => symlinkSync("../notes", join(folder, "scripts/notes")))).to.equal(true);
  });

  it("is the same for what is ignored, but not for the Dockerfile, which the builder gets in any case", () => {
    write(".dockerignore", "*\n!scripts\n**/*.pyc\n");
    expect(readContext(folder).map(({ path }) => path)).to.have.members(["Dockerfile", "scripts/one.py"]);
    expect(changed(() => write("notes/todo.md", "more"))).to.equal(false);
    expect(changed(() => write("scripts/deep/one.pyc", "1"))).to.equal(false);
    expect(changed(() => mkdirSync(join(folder, "scripts/empty")))).to.equal(false);
    expect(changed(() => write("Dockerfile", "FROM other\n"))).to.equal(true);
  });

  it("reads the Dockerfile's own ignore file instead, as Docker does", () => {
    write(".dockerignore", "scripts\n");
    write("Dockerfile.dockerignore", "notes\n");
    expect(changed(() => write("notes/todo.md", "more"))).to.equal(false);
    expect(changed(() => write("scripts/one.py", "2"))).to.equal(true);
  });

  it("covers what the package's own image has in it, and nothing else", () => {
    const paths = readContext(join(__dirname, "..", "..", "..", "locust")).map(({ path }) => path);
    expect(paths).to.include.members(["Dockerfile", "requirements.txt", "constraints.txt", "scripts/script1.py"]);
    for (const path of paths)
      expect(path).to.match(/^(Dockerfile|requirements\.txt|constraints\.txt|scripts\/[^/]+\.py)$/);
  });
});
