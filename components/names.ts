/** Names that an account and Region have once, made of a stack's name so that no two stacks share one. */
import { createHash } from "node:crypto";

/** What AWS takes as a name. */
export interface NameRule {
  readonly pattern: RegExp;
  readonly longest: number;
  /** Replaces what the pattern does not take. */
  readonly clean: (name: string) => string;
}

export const clusterNameRule: NameRule = {
  pattern: /^[0-9A-Za-z][-_0-9A-Za-z]{0,99}$/,
  longest: 100,
  clean: (name) => name.replace(/[^-\w]/g, "-"),
};

export const repositoryNameRule: NameRule = {
  pattern: /^(?=.{2,256}$)[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*(\/[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*)*$/,
  longest: 256,
  clean: (name) => name.toLowerCase().replace(/[^a-z0-9]+/g, "-"),
};

const hashLength = 8;
const hashed = new RegExp(`-[0-9a-f]{${hashLength}}$`);

/**
 * The name `NAME-STACK`, or, where AWS would not take that, what it takes of it and a hash. A name that looks as if it
 * had a hash gets one too, so that different stacks never come to the same name.
 */
export function nameInStack(name: string, stack: string, { pattern, longest, clean }: NameRule): string {
  const wanted = `${name}-${stack}`;
  if (pattern.test(wanted) && !hashed.test(wanted)) return wanted;
  const hash = createHash("sha256").update(wanted).digest("hex").slice(0, hashLength);
  return `${clean(wanted).slice(0, longest - hashLength - 1)}-${hash}`;
}
