import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { RunnerError } from "../../errors";

const run = promisify(execFile);

/** The oldest Python that the pinned Locust runs on. */
export const oldestPython = [3, 11] as const;

/** Names that a Python may have on the PATH, the usual one first. */
const names = ["python3", "python3.13", "python3.12", "python3.11", "python3.14", "python"];

/**
 * Finds a Python that Locust runs on: `LOADTEST_PYTHON` when it is set, else the first on the PATH that is new enough.
 * The answer is a command; rejects with one line that says what was found instead.
 */
export async function findPython(env: NodeJS.ProcessEnv = process.env): Promise<string> {
  const wanted = env.LOADTEST_PYTHON;
  const found: string[] = [];
  for (const name of wanted === undefined || wanted === "" ? names : [wanted]) {
    const version = await versionOf(name, env);
    if (version === undefined) continue;
    if (isNewEnough(version)) return name;
    found.push(`${name} is ${version}`);
  }
  const needed = `Locust needs Python ${oldestPython.join(".")} or newer`;
  if (found.length > 0) throw new RunnerError(`${needed}; ${found.join(", ")}. LOADTEST_PYTHON may name another one.`);
  throw new RunnerError(
    wanted === undefined || wanted === ""
      ? `${needed}, and there is no Python on the PATH. LOADTEST_PYTHON may name one.`
      : `${needed}, and LOADTEST_PYTHON=${wanted} does not run.`,
  );
}

async function versionOf(command: string, env: NodeJS.ProcessEnv): Promise<string | undefined> {
  try {
    const program = "import sys; print('%d.%d.%d' % sys.version_info[:3])";
    const { stdout } = await run(command, ["-c", program], { env, timeout: 10_000 });
    return stdout.trim();
  } catch {
    return undefined;
  }
}

function isNewEnough(version: string): boolean {
  const [major = 0, minor = 0] = version.split(".").map(Number);
  return major > oldestPython[0] || (major === oldestPython[0] && minor >= oldestPython[1]);
}
