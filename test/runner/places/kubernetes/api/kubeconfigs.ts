import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** The token in kubeconfigs of tests, which no message may show. */
export const secret = "do-not-tell";

/** A folder for kubeconfigs and what they refer to. */
export interface KubeconfigFolder {
  readonly path: () => string;
  /** Writes a file in it; gives its path. */
  readonly file: (name: string, text: string) => string;
}

/** Has the folder made before the suite around it, and removed after. */
export function kubeconfigFolder(): KubeconfigFolder {
  let folder: string;
  before(() => {
    folder = mkdtempSync(join(tmpdir(), "kubeconfig-"));
  });
  after(() => rmSync(folder, { recursive: true, force: true }));
  return {
    path: () => folder,
    file: (name, text) => {
      const path = join(folder, name);
      writeFileSync(path, text);
      return path;
    },
  };
}
