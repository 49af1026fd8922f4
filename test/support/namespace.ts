import { apply, deleteNamespace } from "./cluster";
import { needs } from "./needs";

/**
 * Gives the suite around it a namespace of its own, from before its tests to after them; skips the suite, and says why,
 * where no cluster answers.
 *
 * @param purpose part of its name
 * @returns its name
 */
export function ownNamespace(purpose: string, labels: Readonly<Record<string, string>> = {}): string {
  const name = `lt-${purpose}-${process.pid}`;
  let made = false;
  needs("cluster");
  before(() => {
    apply("default", { apiVersion: "v1", kind: "Namespace", metadata: { name, labels } });
    made = true;
  });
  after(() => {
    if (made) deleteNamespace(name);
  });
  return name;
}
