import { cpSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { PulumiFolder, root } from "./pulumi-cli";

export { hasPulumi } from "./pulumi-cli";

/** A change that a preview announces. */
export interface Step {
  /** create, update, delete, replace, same … */
  readonly op: string;
  readonly urn: string;
}

/** A copy of this repository's project, for the real Pulumi CLI. */
export class PulumiProject extends PulumiFolder {
  /** The types of the program are checked by `npm run typecheck` too. */
  constructor({ checkTypes = false } = {}) {
    super({ checkTypes });
    const stackFiles = readdirSync(root).filter((name) => /^Pulumi\.([\w-]+\.)?yaml$/.test(name));
    const parts = ["index.ts", "components", "settings", "locust", "package.json", "tsconfig.json"];
    for (const part of [...stackFiles, ...parts]) {
      cpSync(join(root, part), join(this.folder, part), { recursive: true });
    }
  }

  /** What a preview of the selected stack announces, without what stays as it is and without the stack itself. */
  changes(): Step[] {
    const { steps } = JSON.parse(this.mustRun("preview", "--json", "--suppress-progress")) as { steps?: Step[] };
    return (steps ?? []).filter(
      ({ op, urn }) => op !== "same" && op !== "read" && !urn.includes("pulumi:pulumi:Stack"),
    );
  }
}
