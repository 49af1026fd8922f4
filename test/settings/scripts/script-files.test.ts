import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { expect } from "chai";
import { readDockerignore } from "../../../components/image/dockerignore";
import { configMapKey, configMapPath, listFiles } from "../../../settings/scripts/script-files";
import { root } from "../../support/pulumi-cli";

describe("the files of the scripts' folder", () => {
  let folder: string;
  before(() => {
    folder = mkdtempSync(join(tmpdir(), "loadtest-files-"));
    for (const path of [
      "b.py",
      "a/z.py",
      "a/b/c.csv",
      ".env",
      ".git/config",
      "__pycache__/b.pyc",
      "a/__pycache__/z.pyc",
      "a/.x",
    ]) {
      mkdirSync(dirname(join(folder, path)), { recursive: true });
      writeFileSync(join(folder, path), "");
    }
    symlinkSync("..", join(folder, "a", "back"));
    symlinkSync("a", join(folder, "same"));
    symlinkSync("nowhere", join(folder, "broken.py"));
  });
  after(() => rmSync(folder, { recursive: true, force: true }));

  it("are those of all folders in it, without caches and names with a dot first, and no link twice in itself", () => {
    expect(listFiles(folder)).to.deep.equal(["a/b/c.csv", "a/z.py", "b.py", "same/b/c.csv", "same/z.py"]);
  });

  it("are the same in the image", () => {
    const ignored = readDockerignore(readFileSync(join(root, "locust", ".dockerignore"), "utf8"));
    for (const path of ["b.py", "a/z.py", "a/b/c.csv"]) expect(ignored(`scripts/${path}`), path).to.equal(false);
    for (const path of [".env", ".git/config", "__pycache__/b.pyc", "a/__pycache__/z.pyc", "a/.x"]) {
      expect(ignored(`scripts/${path}`), path).to.equal(true);
    }
  });

  it("have keys in a ConfigMap that stand for one path each", () => {
    for (const path of ["script1.py", "lib/helpers.py", "lib/deep/__init__.py", "a-b.c.d"]) {
      const key = configMapKey(path) ?? "";
      expect(key).to.match(/^[-._A-Za-z0-9]+$/);
      expect(configMapPath(key)).to.equal(path);
    }
    for (const path of ["all users.csv", "lib/ä.py", "a..b", "a./b", `${"x".repeat(200)}/${"y".repeat(60)}`]) {
      expect(configMapKey(path), path).to.equal(undefined);
    }
  });
});
