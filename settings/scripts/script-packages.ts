/** Which packages a script imports that pods with Locust's own image do not have. */
import { existsSync, readFileSync } from "node:fs";
import { join, posix, resolve } from "node:path";
import type { Rule } from "../rules";
import { topLevelImports } from "./python-imports";
import { missingPackage } from "./python-modules";
import { listFiles } from "./script-files";

/** The files of the scripts' folder, by their paths in it. */
export interface ScriptFiles {
  readonly paths: ReadonlySet<string>;
  /** The text of one of them. */
  readonly read: (path: string) => string;
}

/** A package that a script, or a helper that it imports, needs in any case. */
export interface MissingPackage {
  /** As it is imported: `grpc`. */
  readonly name: string;
  readonly file: string;
  readonly line: number;
}

/**
 * Follows a script's imports through the folder's own modules. Where it is not sure that a package is needed, or that it
 * is missing, it is left out.
 */
export function missingPackages(script: string, files: ScriptFiles): MissingPackage[] {
  const missing = new Map<string, MissingPackage>();
  const waiting = [script];
  const seen = new Set(waiting);
  for (let file = waiting.shift(); file !== undefined; file = waiting.shift()) {
    const imports = topLevelImports(files.read(file));
    if (imports === undefined) return [];
    for (const { module, names, line } of imports) {
      const own = ownFiles(module, names, file, files.paths);
      for (const next of own ?? []) {
        if (!seen.has(next)) waiting.push(next);
        seen.add(next);
      }
      const name = own === undefined ? missingPackage(module) : undefined;
      if (name !== undefined && !missing.has(name)) missing.set(name, { name, file, line });
    }
  }
  return [...missing.values()];
}

/** The folder's modules that an import runs; undefined where the module is not the folder's. */
function ownFiles(
  module: string,
  names: readonly string[],
  file: string,
  paths: ReadonlySet<string>,
): string[] | undefined {
  const [, dots = "", rest = ""] = /^(\.*)(.*)$/.exec(module) ?? [];
  const start = dots === "" ? "" : posix.dirname(file) + "/..".repeat(dots.length - 1);
  const parts = rest.split(".").filter((part) => part !== "");
  const [top] = parts;
  // A folder, a module, or a compiled one.
  const isOwn = dots !== "" || [...paths].some((path) => path.startsWith(`${top}/`) || path.startsWith(`${top}.`));
  if (!isOwn) return undefined;
  const whole = posix.join(start, ...parts);
  const modules = [...parts.map((_, index) => posix.join(start, ...parts.slice(0, index + 1))), whole];
  const named = names.map((name) => posix.join(whole, name));
  return [...modules, ...named].flatMap((path) =>
    [`${path}.py`, `${path}/__init__.py`].filter((one) => paths.has(one)),
  );
}

/** What the image with OpenTelemetry has beside Locust's. */
const otelModules: ReadonlySet<string> = new Set(["opentelemetry", "google", "grpc", "wrapt"]);

/** What to do about packages that are missing, to be read after "must be". */
export function withoutMissing(missing: readonly MissingPackage[]): string {
  const lacks = missing.map(({ name, file, line }) => `${name} (${file}, line ${line})`).join(", ");
  const [it, has] = missing.length === 1 ? ["it", "that"] : ["them", "those"];
  return (
    `one whose packages Locust's own image has, which lacks ${lacks}: put ${it} into locust/requirements.txt and set ` +
    `scriptDelivery "image", or give LocustDeployment an image of your own with ${has}`
  );
}

/**
 * The rule that an image that is made of `locust/requirements.txt` has OpenTelemetry's packages where they are needed.
 *
 * @param directory the project's folder
 */
export function otelIsThere(directory: string): Rule {
  return ({ valid: { otelEndpoint, scriptDelivery, image } }) => {
    if (otelEndpoint === undefined || scriptDelivery !== "image" || image !== undefined) return [];
    const file = join(directory, "locust", "requirements.txt");
    const text = existsSync(file) ? readFileSync(file, "utf8") : "";
    if (/^(locust\[[^\]#]*\botel\b|opentelemetry-exporter-otlp)/m.test(text)) return [];
    const allowed = 'left out until locust/requirements.txt has locust[otel], which scriptDelivery "image" installs';
    return [{ key: "otelEndpoint", value: otelEndpoint, allowed }];
  };
}

/**
 * The rule that pods with Locust's own image have the packages that the script imports; comes after `scriptExists`.
 *
 * @param directory what a relative folder is relative to
 */
export function packagesAreThere(directory: string): Rule {
  return ({
    valid: { image, scriptDelivery, scriptsFolder, script, environment, secretEnvironment, otelEndpoint },
  }) => {
    // Of another image than Locust's own nothing is known.
    if (image !== undefined) return [];
    if (scriptDelivery !== "configmap" || scriptsFolder === undefined || script === undefined) return [];
    // Modules may come from elsewhere then.
    if ("PYTHONPATH" in { ...environment, ...secretEnvironment }) return [];
    const folder = resolve(directory, scriptsFolder);
    const read = (path: string) => readFileSync(join(folder, path), "utf8");
    const missing = missingPackages(script, { paths: new Set(listFiles(folder)), read }).filter(
      ({ name }) => otelEndpoint === undefined || !otelModules.has(name),
    );
    return missing.length === 0 ? [] : [{ key: "script", value: script, allowed: withoutMissing(missing) }];
  };
}
