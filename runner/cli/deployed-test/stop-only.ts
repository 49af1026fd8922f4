import { LocustRefused } from "../../engine/client";
import { pause } from "../../engine/timing";
import { RunnerError } from "../../errors";
import type { MasterLink } from "../../places/kubernetes/master";
import { exitCodes, type LocustStatus } from "../../types";
import type { Signals } from "../signals";
import { isGoing } from "./master-run";

/** How long users may take to end, in ms. */
const patience = 30_000;

/** Ends a run whose results another command keeps. */
export async function stopOnly({ client }: MasterLink, { run }: LocustStatus, { interrupt }: Signals): Promise<void> {
  const deadline = performance.now() + patience;
  let refused: LocustRefused | undefined;
  void client.stop(patience, interrupt).catch((error: unknown) => {
    // Anything else is a connection that was cut; the status tells whether the stop arrived.
    if (error instanceof LocustRefused) refused = error;
  });
  while (!interrupt.aborted) {
    const status = await client.status(interrupt).catch(() => undefined);
    if (status !== undefined && (status.run !== run || !isGoing(status))) return;
    if (refused !== undefined) throw new RunnerError(refused.message, undefined, { cause: refused });
    if (performance.now() > deadline) throw new RunnerError("the run does not end; loadtest logs may say why");
    await pause(200, interrupt);
  }
  throw new RunnerError("interrupted while the run was ending", exitCodes.aborted);
}
