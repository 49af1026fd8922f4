/** The script and its imports. */
import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { promisify } from "node:util";
import { locustImage } from "../../../../settings/locust";
import { packageRoot } from "../../../../settings/package-root";
import type { Settings } from "../../../../settings/schema";
import { scriptExists } from "../../../../settings/scripts/script";
import { listFiles } from "../../../../settings/scripts/script-files";
import { missingPackages, packagesAreThere } from "../../../../settings/scripts/script-packages";
import { type Check, type Finding, ok, problem, warning } from "../check";

const run = promisify(execFile);

/** Whether the script is there, and what it imports. */
export function scriptCheck(settings: Settings, directory: string, local: boolean): Check {
  return {
    name: "script",
    uses: ["scriptsFolder", "script", "scriptDelivery", "image", "environment", "secretEnvironment"],
    async look(signal) {
      const checked = { valid: settings, wrong: new Set<never>() };
      const [missing] = scriptExists(directory)(checked);
      if (missing !== undefined) {
        return problem(`${missing.key} is ${missing.value}: must be ${missing.allowed}`, `Set ${missing.key}`);
      }
      const broken = await syntaxError(resolve(directory, settings.scriptsFolder, settings.script), signal);
      if (broken !== undefined) return problem(`${settings.script}: ${broken}`, "Python cannot read it");
      return local ? importsHere(settings, directory) : importsInPods(settings, directory);
    },
  };
}

/** What Python says of a file that it cannot read; undefined where it can, and where there is no Python. */
async function syntaxError(file: string, signal: AbortSignal): Promise<string | undefined> {
  const read = "import ast, sys; ast.parse(open(sys.argv[1], 'rb').read(), sys.argv[1])";
  try {
    await run(process.env.LOADTEST_PYTHON || "python3", ["-c", read, file], { signal });
    return undefined;
  } catch (error) {
    const { stderr = "" } = error as { stderr?: string };
    const [, line] = /, line (\d+)\n/.exec(stderr) ?? [];
    const [, what] = /^((?:Syntax|Indentation|Tab)Error: .*)$/m.exec(stderr) ?? [];
    return what === undefined ? undefined : `line ${line}: ${what}`;
  }
}

function importsInPods(settings: Settings, directory: string): Finding {
  const [wrong] = packagesAreThere(directory)({ valid: settings, wrong: new Set<never>() });
  if (wrong !== undefined) return problem(`${settings.script} must be ${wrong.allowed}`);
  return ok(`${settings.script}; ${whoHasImports(settings)}`);
}

function whoHasImports({ image, scriptDelivery }: Settings): string {
  if (image !== undefined) return `${image} must have what it imports`;
  return scriptDelivery === "image"
    ? "locust/requirements.txt must have what it imports"
    : `all that it imports is in ${locustImage.replace(/^docker\.io\//, "")}`;
}

/** What is in `locust/requirements.txt` is installed with Locust. */
function importsHere({ scriptsFolder, script }: Settings, directory: string): Finding {
  const folder = resolve(directory, scriptsFolder);
  const read = (path: string) => readFileSync(join(folder, path), "utf8");
  const missing = missingPackages(script, { paths: new Set(listFiles(folder)), read });
  const wanted = readFileSync(join(packageRoot(), "locust", "requirements.txt"), "utf8").toLowerCase();
  const absent = missing.filter(({ name }) => !wanted.includes(name.toLowerCase()));
  if (absent.length === 0) return ok(`${script}; all that it imports comes with Locust`);
  const names = absent.map(({ name, file, line }) => `${name} (${file}, line ${line})`).join(", ");
  return warning(`${script} imports ${names}, which does not come with Locust`, "Add it to locust/requirements.txt");
}
