import { existsSync, readdirSync, readFileSync } from "node:fs";
import { basename, dirname, join, relative } from "node:path";
import { expect } from "chai";
import { root } from "../support/cli";

/** Pages that people read in the repository; `docs/cost/template.md` is none, `docs/cost.md` is made from it. */
const pages = [
  ...["README.md", "CONTRIBUTING.md", "CHANGELOG.md"].map((name) => join(root, name)),
  ...["docs", "examples"].flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true, encoding: "utf8" })
      .filter((name) => name.endsWith(".md") && basename(name) !== "template.md" && !name.includes("node_modules"))
      .map((name) => join(root, folder, name)),
  ),
];

/** What a page links in its own repository, without blocks of code. */
function linksOf(text: string): string[] {
  const prose = text.replace(/^```[\s\S]*?^```/gm, "").replace(/`[^`\n]*`/g, "");
  const found = prose.matchAll(/\]\(([^)\s]+)\)|\b(?:src|srcset|href)="([^"\s]+)"/g);
  return [...found].map(([, link, attribute]) => link ?? attribute ?? "").filter((link) => !/^[a-z]+:/i.test(link));
}

/** The anchors that a page's headings have, as GitHub makes them. */
function anchorsOf(text: string): string[] {
  const headings = text.replace(/^```[\s\S]*?^```/gm, "").matchAll(/^#+ +(.+)$/gm);
  return [...headings].map(([, heading = ""]) =>
    heading
      .toLowerCase()
      .replace(/[^\p{L}\p{N}\s_-]/gu, "")
      .trim()
      .replace(/\s/g, "-"),
  );
}

/** What is wrong with the links of a page. */
function brokenIn(page: string, text: string): string[] {
  return linksOf(text).filter((link) => {
    const [path = "", anchor] = decodeURI(link).split("#");
    const target = path === "" ? page : join(dirname(page), path);
    if (!existsSync(target)) return true;
    return anchor !== undefined && target.endsWith(".md") && !anchorsOf(readFileSync(target, "utf8")).includes(anchor);
  });
}

describe("the pages' links to each other", () => {
  it("are told apart from what is no link, and from those that lead nowhere", () => {
    const text =
      '[a](sizing.md) [b](none.md#x) [c](https://x.org) `[d](e.md)` <img src="gone.png">\n```\n[f](g.md)\n```\n';
    const page = join(root, "docs", "any.md");
    expect(linksOf(text)).to.deep.equal(["sizing.md", "none.md#x", "gone.png"]);
    expect(brokenIn(page, text)).to.deep.equal(["none.md#x", "gone.png"]);
    expect(brokenIn(page, "[a](sizing.md#none) [b](sizing.md#when-it-is-no-proof)")).to.deep.equal(["sizing.md#none"]);
  });

  for (const page of pages) {
    const name = relative(root, page);
    it(`lead somewhere: ${name}`, () => {
      expect(brokenIn(page, readFileSync(page, "utf8"))).to.deep.equal([]);
    });
  }
});
