/**
 * `npm run bench`: how long the Pulumi program takes to be compiled, and to be previewed. Prints a line a number, with
 * its spread, and exits 1 over a limit. The preview needs the Pulumi CLI, and is left out where that is missing.
 */
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { hasPulumi, PulumiProject } from "../test/support/pulumi";
import { measure, printMachine, report, since } from "./measure";

const rounds = 3;
const root = join(__dirname, "..");

const compile = measure("tsc of index.ts with all that it imports", 10);
const preview = measure("pulumi preview of dev, on an empty stack", 15);

/** What a command takes; throws where it fails, as its time would say nothing then. */
function timeOf(work: () => { code: number | null; output: string }, what: string): number {
  const begun = performance.now();
  const { code, output } = work();
  if (code !== 0) throw new Error(`${what} ends with ${code}:\n${output}`);
  return since(begun);
}

/** In this folder, where the packages and their types are; tests and the command line are not part of the program. */
function measureCompile(): void {
  const folder = mkdtempSync(join(root, "node_modules", ".bench-"));
  try {
    const project = join(folder, "tsconfig.json");
    const own = { types: ["node"], typeRoots: [join(root, "node_modules", "@types")], incremental: false };
    const files = [join(root, "index.ts")];
    writeFileSync(
      project,
      JSON.stringify({ extends: join(root, "tsconfig.json"), compilerOptions: own, files, include: [] }),
    );
    const tsc = join(root, "node_modules", "typescript", "bin", "tsc");
    for (let round = 0; round < rounds; round++) {
      compile.seconds.push(
        timeOf(() => {
          const command = [tsc, "--noEmit", "-p", project];
          const { status, stdout, stderr } = spawnSync(process.execPath, command, { encoding: "utf8" });
          return { code: status, output: `${stdout}${stderr}` };
        }, "tsc"),
      );
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function measurePreview(): void {
  const project = new PulumiProject();
  try {
    project.mustRun("stack", "init", "dev");
    for (let round = 0; round < rounds; round++) {
      preview.seconds.push(timeOf(() => project.run("preview", "--stack", "dev"), "pulumi preview"));
    }
  } finally {
    project.remove();
  }
}

printMachine(rounds);
measureCompile();
if (hasPulumi()) measurePreview();
else console.log(`skipped: ${preview.what}: the Pulumi CLI is not on the PATH`);
report([compile, preview].filter(({ seconds }) => seconds.length > 0));
