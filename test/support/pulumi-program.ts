import { cpSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { PulumiFolder, root } from "./pulumi-cli";

export type { StateResource } from "./pulumi-cli";

/** A small program that imports the components, with a state of its own, for the real Pulumi CLI. */
export class PulumiProgram extends PulumiFolder {
  /** @param source of `index.ts`, which finds `./components/…` beside it */
  constructor(source: string) {
    super({ checkTypes: false });
    const files = {
      "Pulumi.yaml": "name: program\nruntime:\n  name: nodejs\nmain: index.ts\n",
      "Pulumi.test.yaml": "config:\n  aws:region: us-east-2\n",
      "package.json": '{ "name": "program", "version": "0.0.0", "private": true }\n',
      "index.ts": source,
    };
    for (const [name, text] of Object.entries(files)) writeFileSync(join(this.folder, name), text);
    // Copies, as TypeScript wants all that a program compiles in one folder.
    for (const part of ["components", "settings", "tsconfig.json"]) {
      cpSync(join(root, part), join(this.folder, part), { recursive: true });
    }
    this.mustRun("stack", "init", "test");
  }
}
