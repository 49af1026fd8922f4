import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { expect } from "chai";

export const root = join(__dirname, "..", "..");

/** What a command in `docs/` prints. */
export function printed(name: string, ...args: readonly string[]): string {
  const command = ["--import", "tsx", join("docs", name), ...args];
  const { status, stdout, stderr } = spawnSync(process.execPath, command, { cwd: root, encoding: "utf8" });
  expect(status, stderr).to.equal(0);
  return stdout;
}
