/** A copy of the project for one stack: its scripts change, and the stack's file is its own. */
import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";

export const root = join(__dirname, "..", "..");

/** Results are kept like those of any other run. */
export const results = join(root, "results");

/** Tells which version of it has run: the name of its requests changes. */
const script = (name: string) => `from locust import FastHttpUser, between, task


class Visitor(FastHttpUser):
    wait_time = between(0.5, 1)

    @task
    def visit(self) -> None:
        self.client.get("/", name="${name}")
`;

/**
 * @param stack whose settings it has: `dev`
 * @param name of the new stack
 */
export function makeProject(folder: string, stack: string, name: string, region: string): void {
  mkdirSync(folder, { recursive: true });
  const parts = ["index.ts", "components", "settings", "locust", "package.json", "tsconfig.json", "Pulumi.yaml"];
  for (const part of parts) cpSync(join(root, part), join(folder, part), { recursive: true });
  rmSync(join(folder, "node_modules"), { force: true });
  symlinkSync(join(root, "node_modules"), join(folder, "node_modules"));
  const config = readFileSync(join(root, `Pulumi.${stack}.yaml`), "utf8");
  writeFileSync(join(folder, `Pulumi.${name}.yaml`), config.replace(/aws:region: .*/, `aws:region: ${region}`));
  writeScript(folder, "before");
}

/** @param name of the script's request */
export function writeScript(folder: string, name: string): void {
  writeFileSync(join(folder, "locust", "scripts", "acceptance.py"), script(name));
}

/** `requests.csv` of the latest run. */
export function latestRequests(): string {
  const latest = readdirSync(results).sort().at(-1) ?? "";
  return readFileSync(join(results, latest, "requests.csv"), "utf8");
}
