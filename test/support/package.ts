import { execFileSync } from "node:child_process";
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { root } from "./pulumi-cli";

/** The package's name. */
export const packageName = "serverless-load-testing";

/**
 * Packs this repository and installs it into a folder, as npm would: the files of the tarball below `node_modules`,
 * its commands in `.bin`. All other packages are links to this repository's, so that it takes seconds and no network.
 *
 * What is packed is what is built: run `npm run build` first.
 *
 * @returns the installed package's folder
 */
export function installPackage(folder: string): string {
  const modules = join(folder, "node_modules");
  linkPackages(join(root, "node_modules"), modules);
  const packed = join(modules, packageName);
  mkdirSync(packed);
  // Without scripts: they would build anew what other tests are using.
  const args = ["pack", "--ignore-scripts", "--json", "--pack-destination", packed];
  execFileSync("npm", args, { cwd: root, stdio: "pipe", timeout: 60_000 });
  const tarball = readdirSync(packed).find((name) => name.endsWith(".tgz"));
  if (tarball === undefined) throw new Error("npm pack has made no tarball");
  execFileSync("tar", ["-xzf", tarball, "--strip-components=1"], { cwd: packed });
  execFileSync("rm", [tarball], { cwd: packed });
  const { bin } = JSON.parse(readFileSync(join(packed, "package.json"), "utf8")) as { bin: Record<string, string> };
  for (const [command, file] of Object.entries(bin)) {
    chmodSync(join(packed, file), 0o755);
    symlinkSync(join("..", packageName, file), join(modules, ".bin", command));
  }
  return packed;
}

/** Links each package, and each of a scope, so that there is room for one more. */
function linkPackages(from: string, to: string): void {
  mkdirSync(join(to, ".bin"), { recursive: true });
  for (const name of readdirSync(from)) {
    if (!name.startsWith(".") && !existsSync(join(to, name))) symlinkSync(join(from, name), join(to, name));
  }
  for (const command of ["tsc"]) symlinkSync(join(from, ".bin", command), join(to, ".bin", command));
}
