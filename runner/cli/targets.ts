import { UsageError } from "../errors";
import { requireReachable } from "../places/network";
import type { LocustStatus } from "../types";

/** Every HTTP user needs a target, and those that can be asked answer. */
export async function requireLocalTargets(status: LocustStatus): Promise<void> {
  requireTargets(status, ", or --demo");
  const hosts = Object.values(status.hosts).filter((host) => host !== null);
  // Other hosts are for the script's own clients.
  for (const host of new Set(hosts)) if (/^https?:/i.test(host) && URL.canParse(host)) await requireReachable(host);
}

/** @param more further ways to say a target */
export function requireTargets(status: LocustStatus, more = ""): void {
  const without = Object.entries(status.hosts).filter(([, host]) => host === null);
  if (without.length === 0) return;
  throw new UsageError(
    `nothing says what ${without.map(([name]) => name).join(", ")} should load: --host URL, targetHost in the stack's ` +
      `config, ${more === "" ? "or " : ""}host in the script${more}`,
  );
}
